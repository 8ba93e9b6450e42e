/** What plugins keep about one Pod from one extension point to the next. Source: KEP-624, "CycleState" */

/** A place in cycle states for values of one type. A plugin makes it once, and reads back what it wrote. */
export class StateKey<T> {
  private readonly values = new WeakMap<CycleState, T>();

  /** `clone`: where a value is changed in place, how a copy of it is made. */
  constructor(private readonly clone: (value: T) => T = (value) => value) {}

  get(state: CycleState): T | undefined {
    return this.values.get(state);
  }

  set(state: CycleState, value: T): void {
    this.values.set(state, value);
    state.written.add(this);
  }

  copy(from: CycleState, to: CycleState): void {
    const value = this.values.get(from);
    if (value !== undefined) this.set(to, this.clone(value));
  }
}

export class CycleState {
  /** Plugins whose preFilter said Skip: they are not asked in filter. */
  readonly skipFilter = new Set<string>();
  /** The same of preScore and score. */
  readonly skipScore = new Set<string>();
  /** What `clone` copies. */
  readonly written = new Set<{ copy(from: CycleState, to: CycleState): void }>();

  write<T>(key: StateKey<T>, value: T): void {
    key.set(this, value);
  }

  read<T>(key: StateKey<T>): T | undefined {
    return key.get(this);
  }

  /** Another state that says the same: for trying what would be if. */
  clone(): CycleState {
    const copy = new CycleState();
    for (const name of this.skipFilter) copy.skipFilter.add(name);
    for (const name of this.skipScore) copy.skipScore.add(name);
    for (const key of this.written) key.copy(this, copy);
    return copy;
  }
}
