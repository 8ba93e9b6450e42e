import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openEmbeddedStore } from '../../src/store/embedded/open.js';
import { openMemoryStore } from '../../src/store/memory.js';
import { realClock } from '../../src/util/clock.js';
import { silentLogger } from '../../src/util/logger.js';
import { realRandom } from '../../src/util/random.js';
import { describeLinearizable, play, violations } from './linearizable.js';

const env = { clock: realClock, random: realRandom, log: silentLogger };

describeLinearizable(
  'memory',
  async () => {
    const store = openMemoryStore({ env });
    return { stores: [store], close: () => store.close() };
  },
  20,
);

describeLinearizable(
  'embedded, on a disk',
  async () => {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-linear-'));
    const store = await openEmbeddedStore({ dir, env });
    return {
      stores: [store],
      async close() {
        await store.close();
        fs.rmSync(dir, { recursive: true });
      },
    };
  },
  20,
);

describe('the check itself', () => {
  const recorded = async () => {
    const store = openMemoryStore({ env });
    const run = await play([store], 1);
    await store.close();
    return run;
  };

  it('finds a read that is stale', async () => {
    const { history, first } = await recorded();
    const late = Math.max(...history.map((h) => h.ended));
    const stale = { what: 'stale read', began: late + 1, ended: late + 2, revision: first + 1, wrote: false, apply: <T>(s: T) => s };
    expect(violations([...history, stale], first).join()).toMatch(/stale read at revision \d+ began after/);
  });

  it('finds a write that is lost, and an answer that is wrong', async () => {
    const { history, first } = await recorded();
    const put = history.findIndex((h) => h.what.includes('put'));
    expect(violations(history.toSpliced(put, 1), first)).not.toEqual([]);
    const get = history.find((h) => h.what.includes('get'))!;
    const lie = {
      ...get,
      apply: () => {
        throw new Error('wrong value');
      },
    };
    expect(violations(history.with(history.indexOf(get), lie), first).join()).toContain('wrong value');
  });
});
