/** Appends lists of any length. (`push(...list)` hands each item over on the stack, which a hundred thousand overflow.) */
export function addAll<T>(to: T[], ...lists: readonly (readonly T[])[]): void {
  for (const list of lists) for (const item of list) to.push(item);
}
