/** A binary heap: the smallest first. */
export class MinHeap<T> {
  private items: T[] = [];

  constructor(private readonly less: (a: T, b: T) => boolean) {}

  get size(): number {
    return this.items.length;
  }

  /** Drops the others. */
  keep(wanted: (item: T) => boolean): void {
    const left = this.items.filter(wanted);
    this.items = [];
    for (const item of left) this.push(item);
  }

  peek(): T | undefined {
    return this.items[0];
  }

  push(item: T): void {
    const { items, less } = this;
    let i = items.push(item) - 1;
    while (i > 0) {
      const up = (i - 1) >> 1;
      if (!less(item, items[up]!)) break;
      items[i] = items[up]!;
      i = up;
    }
    items[i] = item;
  }

  pop(): T | undefined {
    const { items, less } = this;
    const top = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) return top;
    let i = 0;
    for (;;) {
      let down = 2 * i + 1;
      if (down >= items.length) break;
      if (down + 1 < items.length && less(items[down + 1]!, items[down]!)) down++;
      if (!less(items[down]!, last)) break;
      items[i] = items[down]!;
      i = down;
    }
    items[i] = last;
    return top;
  }
}
