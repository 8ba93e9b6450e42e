import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { realClock } from '../../util/clock.js';
import { silentLogger } from '../../util/logger.js';
import { seededRandom } from '../../util/random.js';
import { StoreLockedError } from './file-lock.js';
import { openLogDirectory } from './file-log.js';
import { openEmbeddedStore } from './open.js';
import type { LocalStore } from './store.js';

let dir: string;
beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-log-'));
});
afterEach(() => fs.rmSync(dir, { recursive: true }));

it('a rewrite whose old files cannot be taken away keeps the new one, and its place among the open files', async () => {
  const env = { clock: realClock, random: seededRandom(1), log: silentLogger };
  const files = openLogDirectory(dir);
  let fails = true;
  const syncNamesLater = async () => {
    if (fails) throw Object.assign(new Error('EIO: the disk says no'), { code: 'EIO' });
    await files.syncNamesLater();
  };
  const store = await openEmbeddedStore({ dir, files: { ...files, syncNamesLater }, env, valueMemory: 10 });
  const put = (key: string) => {
    const value = new TextEncoder().encode(`${key} has a value`);
    return store.txn({ compare: [], success: [{ put: { key, value } }], failure: [] });
  };
  for (const key of ['a', 'b', 'c']) await put(key);
  await expect(store.defragment()).rejects.toThrow('EIO');
  fails = false;
  // Takes the number of a file that was closed by mistake.
  fs.writeFileSync(path.join(dir, 'other'), 'x'.repeat(1000));
  const other = fs.openSync(path.join(dir, 'other'), 'r');
  await put('d');
  const values = async (s: LocalStore) => (await s.range({ key: '\0', end: '\0' })).kvs.map((kv) => new TextDecoder().decode(kv.value));
  const wanted = ['a', 'b', 'c', 'd'].map((key) => `${key} has a value`);
  expect(await values(store)).toEqual(wanted);
  await store.close();
  fs.closeSync(other);
  const again = await openEmbeddedStore({ dir, env });
  expect(await values(again)).toEqual(wanted);
  await again.close();
});

it('lets one process at a time into a data directory', () => {
  const first = openLogDirectory(dir);
  expect(() => openLogDirectory(dir)).toThrow(StoreLockedError);
  expect(() => openLogDirectory(dir)).toThrow(`in use by process ${process.pid}`);
  first.close();
  openLogDirectory(dir).close();
});

it('takes over the lock of a process that is gone, or whose id another has now', () => {
  for (const stale of ['4194305 123\n', `${process.pid} 1\n`, 'nonsense']) {
    fs.writeFileSync(path.join(dir, 'lock'), stale);
    openLogDirectory(dir).close();
    expect(fs.readdirSync(dir)).toEqual([]);
  }
});

it('writes, reads and syncs; the file is longer than what was written, with zeros', async () => {
  const files = openLogDirectory(dir);
  const file = files.create('a', true);
  file.write(Uint8Array.of(1, 2, 3), 0);
  await file.sync();
  await file.syncLater();
  expect(file.size).toBeGreaterThan(3);
  expect([...file.read(1, 4)]).toEqual([2, 3, 0, 0]);
  file.truncate(2);
  expect([...file.read(0, 9)]).toEqual([1, 2]);
  file.close();
  files.rename('a', 'b');
  files.syncNames();
  expect(files.list()).toContain('b');
  files.close();
});
