import { expect, it } from 'vitest';
import { AtMost } from './at-most.js';

it('runs so many at once, all of them, in their order, and goes on after failures', async () => {
  const limit = new AtMost(3);
  let now = 0;
  let most = 0;
  const order: number[] = [];
  const work = (i: number) =>
    limit.run(async () => {
      order.push(i);
      most = Math.max(most, ++now);
      await new Promise((r) => setTimeout(r, 0));
      now--;
      if (i % 7 === 0) throw new Error('no');
    });
  const done = await Promise.allSettled(Array.from({ length: 2500 }, (_, i) => work(i)));
  expect([most, now, done.filter((d) => d.status === 'rejected').length]).toEqual([3, 0, 358]);
  expect(order).toEqual(Array.from({ length: 2500 }, (_, i) => i));
  await limit.run(async () => undefined);
});
