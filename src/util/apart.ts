/** Does `work` for each, one after another; one that fails does not keep it from the others. Throws the first error at the end. */
export async function eachApart<T>(items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const errors: unknown[] = [];
  for (const item of items) await work(item).catch((e) => errors.push(e));
  if (errors.length > 0) throw errors[0];
}
