import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../util/random.js';
import { KeyIndex } from './key-index.js';
import { Version } from './version.js';

const version = (key: string, deleted = false) => new Version(key, 1, 0, 1, 1, 0n, deleted, undefined, 0, undefined);

describe('KeyIndex', () => {
  it('agrees with a sorted array through random inserts, deaths and removals', () => {
    const random = seededRandom(7);
    const index = new KeyIndex();
    const model = new Map<string, boolean>();
    for (let i = 0; i < 20_000; i++) {
      const key = `k${Math.floor(random.float() * 5000)}`;
      const entry = index.get(key);
      if (!entry) {
        index.insert(key, version(key));
        model.set(key, true);
      } else if (random.float() < 0.3) {
        if (!entry.head.deleted) index.countLive(entry, -1);
        entry.head = version(key, true);
        index.remove(entry);
        model.delete(key);
      } else {
        const deleted = random.float() < 0.5;
        if (entry.head.deleted !== deleted) index.countLive(entry, deleted ? -1 : 1);
        entry.head = version(key, deleted);
        model.set(key, !deleted);
      }
    }
    const keys = [...model.keys()].sort();
    const seen: string[] = [];
    index.scan('', undefined, (e) => seen.push(e.key) > 0);
    expect(seen).toEqual(keys);
    expect(index.size).toBe(model.size);
    for (let i = 0; i < 200; i++) {
      const [a, b] = [`k${Math.floor(random.float() * 6000)}`, `k${Math.floor(random.float() * 6000)}`];
      expect(index.countRange(a, b)).toBe(keys.filter((k) => k >= a && k < b && model.get(k)).length);
      expect(index.countRange(a, undefined)).toBe(keys.filter((k) => k >= a && model.get(k)).length);
      const part: string[] = [];
      index.scan(a, b, (e) => part.push(e.key) < 10);
      expect(part).toEqual(keys.filter((k) => k >= a && k < b).slice(0, 10));
    }
  });
});
