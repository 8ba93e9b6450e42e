import { expect, it } from 'vitest';
import type { LogFile } from './files.js';
import { ValueCache } from './value-cache.js';
import { Version } from './version.js';

const file = { name: 'f', read: (_: number, length: number) => new Uint8Array(length).fill(7) } as unknown as LogFile;

function version(length: number): Version {
  const v = new Version('k', 1, 0, 1, 1, 0n, false, new Uint8Array(length), length, undefined);
  v.file = file;
  return v;
}

it.each([0, 10, 1000])('keeps few versions of a key that is written over and over (%i bytes each)', (length) => {
  const cache = new ValueCache();
  let last: Version | undefined;
  for (let i = 0; i < 100_000; i++) {
    const v = version(length);
    if (last) cache.superseded(last);
    cache.added(v);
    last = v;
  }
  expect(cache.held).toBeLessThan(40_000);
  expect(cache.value(last!).length).toBe(length);
});

it('lets go of the values not read for longest, and reads them again', () => {
  const cache = new ValueCache(1000, 1000);
  const versions = Array.from({ length: 30 }, () => version(100));
  for (const v of versions) {
    cache.added(v);
    cache.value(versions[0]!);
  }
  expect(versions.filter((v) => v.value !== undefined)).toHaveLength(10);
  expect(versions[0]!.value).toBeDefined();
  expect(cache.value(versions[1]!)[0]).toBe(7);
  expect(versions.filter((v) => v.value !== undefined)).toHaveLength(10);
});
