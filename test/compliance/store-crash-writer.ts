/** The process that `store-crash.test.ts` kills: writes under load and prints what was acknowledged, one line each. */
import fs from 'node:fs';
import { openEmbeddedStore } from '../../src/store/embedded/open.js';
import { realClock } from '../../src/util/clock.js';
import { silentLogger } from '../../src/util/logger.js';
import { realRandom } from '../../src/util/random.js';

const [dir = '', first = '0'] = process.argv.slice(2);
const store = await openEmbeddedStore({ dir, env: { clock: realClock, random: realRandom, log: silentLogger } });
const WRITERS = 32;
let n = Number(first);
await Promise.all(
  Array.from({ length: WRITERS }, async (_, w) => {
    for (;;) {
      const i = ++n;
      const value = new TextEncoder().encode(`${i} ${'v'.repeat(Math.floor(Math.random() * 2000))}`);
      const { revision } = await store.txn({
        compare: [],
        success: [{ put: { key: `a${w}`, value } }, { put: { key: `b${i % 500}`, value } }],
        failure: [],
      });
      // A write of its own, synchronous: what is printed was acknowledged before the process can be killed.
      fs.writeSync(1, `${w} ${i} ${revision}\n`);
      if (i % 700 === 0) await store.compact(revision - 1, false).catch(() => {});
      if (i % 1500 === 0) await store.defragment();
    }
  }),
);
