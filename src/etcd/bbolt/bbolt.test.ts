import { describe, expect, it } from 'vitest';
import { checkDatabase } from './check.js';
import { PAGE_SIZE } from './format.js';
import type { BucketSource } from './layout.js';
import { bytesSource, CorruptDatabaseError, Database } from './reader.js';
import { planDatabase } from './writer.js';

type Pair = readonly [Uint8Array, Uint8Array];

/** Numbers that are the same in each run. */
function numbers(seed: number): (below: number) => number {
  let s = seed;
  return (below) => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return Math.floor((s / 2 ** 32) * below);
  };
}

const source = (name: string, pairs: readonly Pair[]): BucketSource => ({
  name,
  rows: () => pairs.map(([key, value]) => ({ key, size: value.length, value: () => value })),
});

function randomPairs(next: (below: number) => number, count: number, keyLimit: number, valueLimit: number): Pair[] {
  const byKey = new Map<string, Pair>();
  for (let i = 0; i < count; i++) {
    const key = Uint8Array.from({ length: 1 + next(keyLimit) }, () => next(256));
    const value = new Uint8Array(next(valueLimit)).fill(next(256));
    byKey.set(Buffer.from(key).toString('hex'), [key, value]);
  }
  return [...byKey.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, pair]) => pair);
}

async function write(buckets: readonly BucketSource[]): Promise<Uint8Array> {
  const image = await planDatabase(buckets);
  const bytes = Buffer.concat([...image.pages()]);
  expect(bytes.length).toBe(image.size);
  return new Uint8Array(bytes);
}

const hex = (pairs: Iterable<Pair>) => [...pairs].map(([k, v]) => `${Buffer.from(k).toString('hex')}=${Buffer.from(v).toString('hex')}`);

function read(bytes: Uint8Array): Record<string, string[]> {
  const db = new Database(bytesSource(bytes));
  expect(checkDatabase(db)).toEqual([]);
  const root = db.root();
  return Object.fromEntries(
    [...root.entries()].map((entry) => {
      expect(entry.isBucket).toBe(true);
      return [new TextDecoder().decode(entry.key), hex([...root.open(entry).entries()].map(({ key, value }) => [key, value] as const))];
    }),
  );
}

describe('a bbolt database', () => {
  it.each([
    ['without buckets', 0, 0, 1, 1],
    ['of empty buckets', 3, 0, 1, 1],
    ['of small rows', 4, 300, 20, 40],
    ['of many levels', 1, 3000, 1500, 10],
    ['of keys larger than a page', 2, 60, 9000, 10],
    ['of values that span pages', 3, 60, 20, 40_000],
    ['of very many buckets', 200, 5, 20, 20],
  ])('%s is read as it was written', async (_what, buckets, rows, keys, values) => {
    for (let seed = 1; seed <= 5; seed++) {
      const next = numbers(seed);
      const made = Array.from({ length: buckets }, (_, i) => ({
        name: `bucket-${String(i).padStart(4, '0')}`,
        pairs: randomPairs(next, rows, keys, values),
      }));
      const bytes = await write(made.map(({ name, pairs }) => source(name, pairs)));
      expect(read(bytes)).toEqual(Object.fromEntries(made.map(({ name, pairs }) => [name, hex(pairs)])));
    }
  });

  it('never has a branch with one child', async () => {
    for (let rows = 1; rows < 90; rows++) {
      const pairs = Array.from(
        { length: rows },
        (_, i): Pair => [new TextEncoder().encode(String(i).padStart(1800, '0')), new Uint8Array(900)],
      );
      const bytes = await write([source('b', pairs)]);
      const view = new DataView(bytes.buffer);
      for (let page = 2 * PAGE_SIZE; page < bytes.length; ) {
        if (view.getUint16(page + 8, true) === 1) expect(view.getUint16(page + 10, true)).toBeGreaterThan(1);
        page += PAGE_SIZE * (1 + view.getUint32(page + 12, true));
      }
    }
  });

  it('refuses keys out of order, empty keys, and values of another size', async () => {
    const pair = (key: string): Pair => [new TextEncoder().encode(key), new Uint8Array(1)];
    await expect(planDatabase([source('b', [pair('b'), pair('a')])])).rejects.toThrow('the keys of a bucket must ascend');
    await expect(planDatabase([source('b', [pair('a'), pair('a')])])).rejects.toThrow('the keys of a bucket must ascend');
    await expect(planDatabase([source('b', [pair('')])])).rejects.toThrow('a key must have 1 to 32768 bytes, not 0');
    const lying = { name: 'b', rows: () => [{ key: pair('a')[0], size: 2, value: () => new Uint8Array(1) }] };
    const image = await planDatabase([lying]);
    expect(() => [...image.pages()]).toThrow('a value has 1 bytes, 2 were laid out');
  });

  it('reads inline buckets', () => {
    const inline = new Uint8Array(16 + 16 + 16 + 3);
    const v = new DataView(inline.buffer);
    v.setUint16(16 + 8, 2, true);
    v.setUint16(16 + 10, 1, true);
    v.setUint32(32 + 4, 16, true);
    v.setUint32(32 + 8, 1, true);
    v.setUint32(32 + 12, 2, true);
    inline.set([97, 98, 99], 48);
    const db = new Database(bytesSource(MINIMAL));
    const entries = [
      ...db
        .root()
        .open({ key: new Uint8Array(1), value: inline, isBucket: true })
        .entries(),
    ];
    expect(hex(entries.map(({ key, value }) => [key, value] as const))).toEqual(['61=6263']);
  });

  it('says what is broken, and never reads past the end', async () => {
    const next = numbers(7);
    const whole = await write([source('key', randomPairs(next, 400, 30, 60)), source('meta', randomPairs(next, 3, 30, 60))]);
    const original = JSON.stringify(read(whole));
    const broken = (change: (bytes: Uint8Array) => Uint8Array | undefined) => {
      const copy = whole.slice();
      return checkDatabase(new Database(bytesSource(change(copy) ?? copy)));
    };
    expect(() => broken((b) => b.subarray(0, 50))).toThrow(/invalid database/);
    expect(() => broken((b) => b.subarray(0, b.length - PAGE_SIZE))).toThrow(/the file is too short/);
    expect(() => broken((b) => void b.fill(0, 0, 2 * PAGE_SIZE))).toThrow(/no meta page is whole \(invalid database\)/);
    // One meta page is enough.
    expect(broken((b) => void b.fill(0, 0, 64))).toEqual([]);
    expect(broken((b) => void b.fill(0, PAGE_SIZE, PAGE_SIZE + 64))).toEqual([]);
    expect(broken((b) => void b.fill(0, 3 * PAGE_SIZE, 4 * PAGE_SIZE))).toEqual(['page 3: the page found there says it is page 0']);
    expect(broken((b) => void new DataView(b.buffer).setUint32(3 * PAGE_SIZE + 16 + 8, 1e9, true))).toEqual([
      'page 3: element 0 reaches past the end of the page',
    ]);
    // Any byte changed: read as it was, read as other data, or refused in so many words, but nothing else.
    let refused = 0;
    for (let i = 0; i < 3000; i++) {
      const at = next(whole.length);
      try {
        if (broken((b) => void (b[at] = next(256))).length > 0) refused++;
      } catch (e) {
        expect(e).toBeInstanceOf(CorruptDatabaseError);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(0);
    expect(JSON.stringify(read(whole))).toBe(original);
  });
});

const MINIMAL = new Uint8Array(Buffer.concat([...(await planDatabase([])).pages()]));
