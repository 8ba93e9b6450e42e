/** Durable puts of 1 kB into the embedded store, as the API server makes them: `DIR SECONDS IN_FLIGHT...`; a rate per line. */
import { openEmbeddedStore } from '../../src/store/embedded/open.js';
import { realClock } from '../../src/util/clock.js';
import { silentLogger } from '../../src/util/logger.js';
import { realRandom } from '../../src/util/random.js';

const [dir = '', seconds = '3', ...widths] = process.argv.slice(2);
const store = await openEmbeddedStore({ dir, env: { clock: realClock, random: realRandom, log: silentLogger } });
const value = new Uint8Array(1024).fill(120);
for (const width of widths.map(Number)) {
  let puts = 0;
  const start = performance.now();
  const end = start + Number(seconds) * 1000;
  await Promise.all(
    Array.from({ length: width }, async () => {
      while (performance.now() < end) {
        await store.txn({ compare: [], success: [{ put: { key: 'bench/key1', value } }], failure: [] });
        puts++;
      }
    }),
  );
  console.log(puts / ((performance.now() - start) / 1000));
}
await store.close();
