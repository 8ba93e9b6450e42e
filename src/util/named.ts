/** The first of a name in a list that stays as it is. Lists of users may be long: those are read once, by however many that ask. */
const LONG = 16;
const read = new WeakMap<readonly object[], ReadonlyMap<string, object>>();

export function named<T extends { readonly name: string }>(list: readonly T[], name: string): T | undefined {
  if (list.length < LONG) return list.find((x) => x.name === name);
  let byName = read.get(list);
  // From the last to the first: the first stays.
  if (!byName) read.set(list, (byName = new Map(list.map((_, i) => list[list.length - 1 - i]!).map((x) => [x.name, x]))));
  return byName.get(name) as T | undefined;
}
