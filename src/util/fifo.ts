/** First in, first out, at a constant cost for each however many wait: what was taken is let go of in one piece, now and then. */
const TRIM = 1024;

export class Fifo<T> {
  private items: (T | undefined)[] = [];
  private head = 0;

  get length(): number {
    return this.items.length - this.head;
  }

  push(item: T): void {
    this.items.push(item);
  }

  /** The item at a place, counted from the oldest. */
  at(i: number): T | undefined {
    return this.items[this.head + i];
  }

  shift(): T | undefined {
    if (!this.length) return undefined;
    const item = this.items[this.head];
    this.items[this.head++] = undefined;
    if (this.head >= TRIM && this.head * 2 >= this.items.length) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
    return item;
  }

  /** All of it, oldest first; nothing is left. */
  drain(): T[] {
    const all = (this.head ? this.items.slice(this.head) : this.items) as T[];
    this.items = [];
    this.head = 0;
    return all;
  }
}
