/** Runs pieces of work one after another, in the order in which they were given. */
export class OneAtATime {
  private last: Promise<unknown> = Promise.resolve();

  /** What `work` gives or throws, once all before it are over. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.last.then(work);
    this.last = result.catch(() => {});
    return result;
  }
}
