/** Objects that are used as maps of keys which people choose: no such key may reach the prototype. */

/** Sets an own property, whatever its name: by assignment `__proto__` would be lost, or become the prototype. */
export function setOwn<V>(object: Record<string, V>, key: string, value: NoInfer<V>): void {
  if (key === '__proto__') Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  else object[key] = value;
}

/** The own property of that name, or undefined: `constructor` and its like are no entries of a table. */
export const getOwn = <V>(object: Readonly<Record<string, V>>, key: string): V | undefined =>
  Object.hasOwn(object, key) ? object[key] : undefined;

/** A table that is looked up by texts from outside: it has its own entries and nothing else. */
export const table = <T extends object>(entries: T): T => Object.freeze(Object.assign(Object.create(null) as T, entries));
