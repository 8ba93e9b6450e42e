import { expect, it } from 'vitest';
import { seededRandom } from '../../util/random.js';
import type { KeyRange } from '../store.js';
import { RangeIndex } from './range-index.js';

const holds = (r: KeyRange, key: string) => (r.end === undefined ? r.key === key : key >= r.key && (r.end === '\0' || key < r.end));

it('finds exactly the ranges that hold a key, while ranges come and go', () => {
  const random = seededRandom(3);
  const pick = () =>
    Math.floor(random.float() * 300)
      .toString()
      .padStart(3, '0');
  const index = new RangeIndex<number>();
  const live = new Map<number, KeyRange>();
  for (let i = 0; i < 3000; i++) {
    if (random.float() < 0.4 && live.size > 0) {
      const [id, range] = [...live][Math.floor(random.float() * live.size)]!;
      index.remove(range, id);
      live.delete(id);
    } else {
      const kind = random.float();
      const range: KeyRange = kind < 0.3 ? { key: pick() } : kind < 0.4 ? { key: pick(), end: '\0' } : { key: pick(), end: pick() };
      index.add(range, i);
      live.set(i, range);
    }
    const key = pick();
    const found: number[] = [];
    index.find(key, (group) => found.push(...group.members));
    expect(found.sort()).toEqual(
      [...live]
        .filter(([, r]) => holds(r, key))
        .map(([id]) => id)
        .sort(),
    );
  }
});
