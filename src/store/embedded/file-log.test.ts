import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { StoreLockedError } from './file-lock.js';
import { openLogDirectory } from './file-log.js';

let dir: string;
beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-log-'));
});
afterEach(() => fs.rmSync(dir, { recursive: true }));

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
