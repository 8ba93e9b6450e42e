/** Objects by key, by namespace, and by the keys of indexes. */

export interface Lister<T> {
  /** `namespace` '' for cluster-scoped kinds. */
  get(namespace: string, name: string): T | undefined;
  list(namespace?: string): T[];
  /** Objects under a key of an index that was added before the start. */
  byIndex(index: string, key: string): T[];
  /** How many there are. */
  count(index: string, key: string): number;
}

interface Named {
  readonly metadata: { readonly namespace?: string; readonly name: string };
}

export const keyOf = (o: Named): string => `${o.metadata.namespace ?? ''}/${o.metadata.name}`;

class Index<T> {
  private readonly byKey = new Map<string, Map<string, T>>();

  constructor(private readonly keys: (object: T) => readonly string[]) {}

  under(key: string): ReadonlyMap<string, T> | undefined {
    return this.byKey.get(key);
  }

  put(id: string, object: T): void {
    for (const k of this.keys(object)) {
      let m = this.byKey.get(k);
      if (!m) this.byKey.set(k, (m = new Map()));
      m.set(id, object);
    }
  }

  drop(id: string, object: T): void {
    for (const k of this.keys(object)) {
      const m = this.byKey.get(k);
      m?.delete(id);
      if (m?.size === 0) this.byKey.delete(k);
    }
  }
}

export class Indexer<T extends Named> implements Lister<T> {
  private readonly objects = new Map<string, T>();
  private readonly namespaces = new Index<T>((o) => [o.metadata.namespace ?? '']);
  private readonly indexes = new Map<string, Index<T>>();

  /** `kind`: for errors. */
  constructor(private readonly kind: string) {}

  get(namespace: string, name: string): T | undefined {
    return this.objects.get(`${namespace}/${name}`);
  }

  list(namespace?: string): T[] {
    return [...(namespace ? (this.namespaces.under(namespace)?.values() ?? []) : this.objects.values())];
  }

  byIndex(index: string, key: string): T[] {
    return [...(this.under(index, key)?.values() ?? [])];
  }

  count(index: string, key: string): number {
    return this.under(index, key)?.size ?? 0;
  }

  /** The keys under which an object is found; the first of a name counts. */
  index(name: string, keys: (object: T) => readonly string[]): void {
    if (this.indexes.has(name)) return;
    const index = new Index<T>(keys);
    for (const [id, o] of this.objects) index.put(id, o);
    this.indexes.set(name, index);
  }

  put(object: T): void {
    const id = keyOf(object);
    const old = this.objects.get(id);
    this.objects.set(id, object);
    for (const i of [this.namespaces, ...this.indexes.values()]) {
      if (old) i.drop(id, old);
      i.put(id, object);
    }
  }

  drop(object: T): void {
    const id = keyOf(object);
    this.objects.delete(id);
    for (const i of [this.namespaces, ...this.indexes.values()]) i.drop(id, object);
  }

  private under(index: string, key: string): ReadonlyMap<string, T> | undefined {
    const found = this.indexes.get(index);
    if (!found) throw new Error(`no index ${index} on ${this.kind}`);
    return found.under(key);
  }
}
