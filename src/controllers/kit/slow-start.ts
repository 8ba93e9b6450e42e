/** Many calls of one kind, carefully: where the API refuses one it refuses the others, too. */

/**
 * Runs `work` for `count` items in batches of 1, 2, 4, …; a batch in which one fails is the last. How many succeeded, and the first error.
 * Source: slowStartBatch of kube-controller-manager
 */
export async function slowStart(
  count: number,
  work: (index: number) => Promise<unknown>,
): Promise<{ readonly done: number; readonly error?: unknown }> {
  let done = 0;
  for (let batch = 1; done < count; batch *= 2) {
    const size = Math.min(batch, count - done);
    const first = done;
    const results = await Promise.allSettled(Array.from({ length: size }, (_, i) => work(first + i)));
    done += results.filter((r) => r.status === 'fulfilled').length;
    const failed = results.find((r) => r.status === 'rejected');
    if (failed) return { done, error: failed.reason };
  }
  return { done };
}
