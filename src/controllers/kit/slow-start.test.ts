import { describe, expect, it } from 'vitest';
import { slowStart } from './slow-start.js';

describe('slowStart', () => {
  it('goes in growing batches', async () => {
    const batches: number[][] = [];
    let open: number[] | undefined;
    const done = await slowStart(10, async (i) => {
      if (!open) {
        batches.push((open = []));
        queueMicrotask(() => (open = undefined));
      }
      open.push(i);
    });
    expect(done).toEqual({ done: 10 });
    expect(batches.map((b) => b.length)).toEqual([1, 2, 4, 3]);
  });

  it('ends with the batch that failed', async () => {
    const tried: number[] = [];
    const work = slowStart(100, async (i) => {
      tried.push(i);
      if (i === 1) throw new Error('quota');
    });
    expect(await work).toEqual({ done: 2, error: new Error('quota') });
    expect(tried).toEqual([0, 1, 2]);
  });
});
