import { describe, expect, it } from 'vitest';
import { outside, realClock, type Timer } from './clock.js';
import { seededRandom } from './random.js';
import { nextTurn } from './turn.js';
import { VirtualClock } from './virtual-clock.js';

const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('virtual clock', () => {
  it('fires what falls due in order of time, then of arming, and nothing that was cancelled', async () => {
    const random = seededRandom(1);
    const clock = new VirtualClock(0);
    const fired: [number, number][] = [];
    const want: [number, number][] = [];
    const all: Timer[] = [];
    for (let i = 0; i < 5000; i++) {
      const at = Math.floor(random.float() * 1000);
      const timer = clock.after(at, () => fired.push([clock.now(), i]));
      if (random.float() < 0.7) timer.cancel();
      else want.push([at, i]);
      all.push(timer);
    }
    expect(clock.pending).toBe(want.length);
    want.sort(([a, i], [b, j]) => a - b || i - j);
    await clock.advance(499);
    expect(fired).toEqual(want.filter(([at]) => at <= 499));
    await clock.advance(1000);
    // To cancel what has fired does nothing.
    for (const timer of all) timer.cancel();
    expect([fired, clock.pending, clock.now()]).toEqual([want, 0, 1499]);
  });

  it('does not go on before what a timer set going has come to rest', async () => {
    const clock = new VirtualClock(0);
    const seen: string[] = [];
    clock.after(10, async () => {
      for (let i = 0; i < 50; i++) await Promise.resolve();
      await new Promise<void>((resolve) => nextTurn(() => nextTurn(resolve)));
      await outside(clock, later(20));
      seen.push(`done at ${clock.now()}`);
      clock.after(5, () => seen.push(`next at ${clock.now()}`));
    });
    clock.after(12, () => seen.push('12'));
    await clock.advance(20);
    expect(seen).toEqual(['done at 10', '12', 'next at 15']);
  });

  it('lets works from outside go on in the order in which they left, each to its rest before the next', async () => {
    const clock = new VirtualClock(0);
    const seen: string[] = [];
    const work = async (name: string, ms: number, fails = false) => {
      try {
        await outside(clock, fails ? later(ms).then(() => Promise.reject(new Error('no'))) : later(ms));
      } catch (e) {
        seen.push(`${name}: ${(e as Error).message}`);
      }
      for (let i = 0; i < 20; i++) await Promise.resolve();
      seen.push(name);
    };
    const all = [work('a', 30), work('b', 1, true), work('c', 10)];
    await Promise.all(all);
    expect(seen).toEqual(['a', 'b: no', 'b', 'c']);
  });

  it('a real clock holds nothing up', async () => {
    const work = later(1);
    expect(outside(realClock, work)).toBe(work);
  });
});
