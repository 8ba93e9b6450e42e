/** Runs so many pieces of work at once and no more; the others wait in their order. */
import { Fifo } from './fifo.js';

/** Runs so many pieces of work at once and no more; the others wait in their order. */
export class AtMost {
  private readonly waiting = new Fifo<() => void>();
  private running = 0;

  constructor(private readonly limit: number) {}

  /** What `work` gives or throws, once it was its turn. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.running >= this.limit) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.running++;
    try {
      return await work();
    } finally {
      // Whoever waits takes the place of the one that is over.
      const next = this.waiting.shift();
      if (next) next();
      else this.running--;
    }
  }
}
