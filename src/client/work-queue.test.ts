import { describe, expect, it } from 'vitest';
import { silentLogger } from '../util/logger.js';
import { seededRandom } from '../util/random.js';
import { VirtualClock } from '../util/virtual-clock.js';
import { WorkQueue } from './work-queue.js';

const environment = () => {
  const clock = new VirtualClock();
  return { clock, env: { clock, random: seededRandom(1), log: silentLogger } };
};

describe('work queue', () => {
  it('a key waits once, and is worked on by one at a time, again if it came up meanwhile', async () => {
    const { clock, env } = environment();
    const q = new WorkQueue(env);
    for (let i = 0; i < 5; i++) q.add('a');
    expect(q.length).toBe(1);
    let runs = 0;
    let open = 0;
    const done = q.run(
      3,
      async () => {
        expect(++open).toBe(1);
        if (++runs === 1) for (let i = 0; i < 5; i++) q.add('a');
        await Promise.resolve();
        open--;
      },
      'test',
    );
    await clock.advance(0);
    expect(runs).toBe(2);
    q.stop();
    await done;
  });

  it('an error brings the key back later and later; success forgets', async () => {
    const { clock, env } = environment();
    const q = new WorkQueue(env);
    const at: number[] = [];
    const start = clock.now();
    const done = q.run(
      1,
      async () => {
        at.push(clock.now() - start);
        if (at.length < 5) throw new Error('no');
      },
      'test',
    );
    q.add('a');
    await clock.advance('1m');
    expect(at).toEqual([0, 5, 15, 35, 75]);
    expect(q.failuresOf('a')).toBe(0);
    q.stop();
    await done;
  });

  it('of several delays the shortest counts; stopping leaves no timer', async () => {
    const { clock, env } = environment();
    const q = new WorkQueue(env);
    q.addAfter('a', 100);
    q.addAfter('a', 10);
    q.addAfter('a', 50);
    expect(clock.pending).toBe(1);
    await clock.advance(10);
    expect(q.length).toBe(1);
    q.addAfter('b', 5);
    q.stop();
    expect(clock.pending).toBe(0);
  });

  it('gives out keys in the order in which they came, and its work to whoever has waited longest', async () => {
    const { clock, env } = environment();
    const q = new WorkQueue(env);
    for (const key of ['c', 'a', 'b', 'a']) q.add(key);
    const order: string[] = [];
    const done = q.run(1, async (key) => void order.push(key), 'test');
    await clock.advance(0);
    for (const key of ['b', 'a']) q.add(key);
    await clock.advance(0);
    expect(order).toEqual(['c', 'a', 'b', 'b', 'a']);
    q.stop();
    await done;
  });

  it('200,000 keys cost no more each than 2,000 do', async () => {
    const { env } = environment();
    const q = new WorkQueue(env);
    const count = 200_000;
    for (let i = 0; i < count; i++) q.add(`ns/pod-${i}`);
    let seen = 0;
    const began = performance.now();
    const done = q.run(5, async () => void seen++, 'test');
    await q.whenIdle();
    expect(seen).toBe(count);
    expect(performance.now() - began).toBeLessThan(6000);
    q.stop();
    await done;
  });

  it('so do 20,000 workers that wait', async () => {
    const { env } = environment();
    const q = new WorkQueue(env);
    let seen = 0;
    const done = q.run(20_000, async () => void seen++, 'test');
    await Promise.resolve();
    for (let i = 0; i < 20_000; i++) q.add(`k-${i}`);
    await q.whenIdle();
    expect(seen).toBe(20_000);
    q.stop();
    await done;
  });

  it('very many failures come back at ten a second once a hundred are through', async () => {
    const { clock, env } = environment();
    const q = new WorkQueue(env);
    const start = clock.now();
    const second: number[] = [];
    const tried = new Set<string>();
    const done = q.run(
      5,
      async (key) => {
        if (tried.has(key)) return void second.push(clock.now() - start);
        tried.add(key);
        throw new Error('no');
      },
      'test',
    );
    for (let i = 0; i < 150; i++) q.add(`k-${i}`);
    await clock.advance('10ms');
    expect(second).toHaveLength(100);
    await clock.advance('1s');
    expect(second).toHaveLength(110);
    await clock.advance('1m');
    expect(second).toHaveLength(150);
    expect(second.at(-1)).toBe(5000);
    q.stop();
    await done;
  });

  it('a key that keeps failing comes back after 1000 seconds at the latest', async () => {
    const { clock, env } = environment();
    const q = new WorkQueue(env);
    const at: number[] = [];
    const done = q.run(
      1,
      async () => {
        at.push(clock.now());
        throw new Error('no');
      },
      'test',
    );
    q.add('a');
    await clock.advance('3h');
    const gaps = at.map((t, i) => t - (at[i - 1] ?? t)).slice(1);
    expect(gaps.slice(0, 4)).toEqual([5, 10, 20, 40]);
    expect(Math.max(...gaps)).toBe(1_000_000);
    q.stop();
    await done;
  });
});
