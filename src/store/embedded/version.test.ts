import { expect, it } from 'vitest';
import { seededRandom } from '../../util/random.js';
import { byRevision, sortByRevision, Version } from './version.js';

const version = (mod: number, sub: number) => new Version(`k${mod}/${sub}`, mod, sub, 1, 1, 0n, false, undefined, 0, undefined);

it.each([0, 2 ** 52])('sorts by revision and by place in it (revisions from %d)', (first) => {
  const random = seededRandom(3);
  for (let round = 0; round < 50; round++) {
    const versions = Array.from({ length: round * 7 }, (_, i) => version(first + Math.floor(random.float() * 40), i)).sort(
      () => random.float() - 0.5,
    );
    const wanted = [...versions].sort(byRevision);
    expect(sortByRevision(versions).map((v) => v.key)).toEqual(wanted.map((v) => v.key));
  }
});
