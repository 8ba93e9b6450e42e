import { describe, expect, it } from 'vitest';
import { seededRandom } from './random.js';
import { SortedMap, type SortedView } from './sorted-map.js';

const rows = (m: SortedView<number>, start = '', end?: string): [string, number][] => {
  const out: [string, number][] = [];
  m.scan(start, end, (v, k) => void out.push([k, v]));
  return out;
};

describe('sorted map', () => {
  it('is at every step what a plain sorted list is, and so is each snapshot for good', () => {
    const random = seededRandom(7);
    const map = new SortedMap<number>();
    const plain = new Map<string, number>();
    const sorted = () => [...plain].sort(([a], [b]) => (a < b ? -1 : 1));
    const taken: { view: SortedView<number>; state: [string, number][] }[] = [];
    for (let step = 0; step < 20_000; step++) {
      const key = `k${Math.floor(random.float() * 3000)}`;
      if (random.float() < 0.35) {
        expect(map.delete(key)).toBe(plain.get(key));
        plain.delete(key);
      } else {
        expect(map.set(key, step)).toBe(plain.get(key));
        plain.set(key, step);
      }
      expect(map.size).toBe(plain.size);
      expect(map.get(key)).toBe(plain.get(key));
      if (step % 2500 === 0) taken.push({ view: map.snapshot(), state: sorted() });
    }
    expect(rows(map)).toEqual(sorted());
    for (const { view, state } of taken) expect([view.size, rows(view)]).toEqual([state.length, state]);
  });

  it('counts and visits a range of keys as a filter would', () => {
    const map = new SortedMap<number>();
    for (let i = 0; i < 2000; i++) map.set(String(i).padStart(5, '0'), i);
    for (const [start, end] of [
      ['', undefined],
      ['00100', '00500'],
      ['00100x', '00101'],
      ['01999', undefined],
      ['9', undefined],
      ['00500', '00100'],
      ['', ''],
    ] as const) {
      const want = [...Array(2000).keys()].filter((i) => {
        const k = String(i).padStart(5, '0');
        return k >= start && (end === undefined || k < end);
      });
      expect(map.count(start, end)).toBe(want.length);
      expect(rows(map, start, end).map(([, v]) => v)).toEqual(want);
    }
  });

  it('ends a visit where it is told to', () => {
    const map = new SortedMap<number>();
    for (let i = 0; i < 600; i++) map.set(String(i).padStart(4, '0'), i);
    const seen: number[] = [];
    map.scan('0298', undefined, (v) => {
      seen.push(v);
      return v < 301;
    });
    expect(seen).toEqual([298, 299, 300, 301]);
  });
});
