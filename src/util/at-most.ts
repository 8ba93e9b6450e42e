/** Places in the queue that were served are let go of together. */
const TRIM = 1000;

/** Runs so many pieces of work at once and no more; the others wait in their order. */
export class AtMost {
  private readonly waiting: (() => void)[] = [];
  private first = 0;
  private running = 0;

  constructor(private readonly limit: number) {}

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.running >= this.limit) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.running++;
    try {
      return await work();
    } finally {
      // Whoever waits takes the place of the one that is over.
      const next = this.waiting[this.first];
      if (next) {
        if (++this.first > TRIM) {
          this.waiting.splice(0, this.first);
          this.first = 0;
        }
        next();
      } else {
        this.waiting.length = 0;
        this.first = 0;
        this.running--;
      }
    }
  }
}
