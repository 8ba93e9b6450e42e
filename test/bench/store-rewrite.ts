/**
 * How long the log's rewriting holds others up: a store of DIR with MB megabytes of live data, half of it written twice, is compacted and
 * rewritten while puts go on. Prints the longest pause of the event loop, the slowest put, and the memory.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { openEmbeddedStore } from '../../src/store/embedded/open.js';
import { realClock } from '../../src/util/clock.js';
import { silentLogger } from '../../src/util/logger.js';
import { realRandom } from '../../src/util/random.js';

const [dir = '', megabytes = '1000'] = process.argv.slice(2);
const env = { clock: realClock, random: realRandom, log: silentLogger };
const KEYS = Number(megabytes) * 100;
const value = new Uint8Array(10_000).fill(118);
const rss = () => `${Math.round(process.memoryUsage().rss / 1e6)} MB`;
const say = (what: string, text: string) => console.log(`${what.padEnd(44)} ${text}`);

let store = await openEmbeddedStore({ dir, env });
const put = (key: string) => store.txn({ compare: [], success: [{ put: { key, value } }], failure: [] });
const fill = async (count: number) => {
  for (let i = 0; i < count; i += 64)
    await Promise.all(Array.from({ length: Math.min(64, count - i) }, (_, j) => put(`fill/${String(i + j).padStart(8, '0')}`)));
};
await fill(KEYS);
await fill(KEYS / 2);
say(`${megabytes} MB live, half of it written twice`, `memory ${rss()}`);

const delay = monitorEventLoopDelay({ resolution: 1 });
let slowest = 0;
let puts = 0;
let going = true;
const writer = (async () => {
  while (going) {
    const start = performance.now();
    await put(`beside/${puts++ % 100}`);
    slowest = Math.max(slowest, performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
})();
delay.enable();
const start = performance.now();
await store.compact(store.revision, true);
await store.defragment();
const took = performance.now() - start;
delay.disable();
going = false;
await writer;
say('compaction and rewriting', `${(took / 1000).toFixed(1)} s, ${puts} puts beside it`);
say('longest pause of the event loop', `${(delay.max / 1e6).toFixed(0)} ms (99 %: ${(delay.percentile(99) / 1e6).toFixed(1)} ms)`);
say('slowest put', `${slowest.toFixed(0)} ms`);
say('memory', rss());
await store.close();
const again = performance.now();
store = await openEmbeddedStore({ dir, env });
say('start again', `${((performance.now() - again) / 1000).toFixed(2)} s, memory ${rss()}`);
await store.close();
