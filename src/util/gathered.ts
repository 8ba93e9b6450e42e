/**
 * Bytes that come in pieces. However small the pieces and however long what is waited for, a byte is copied a few times at most. Parts that
 * were given out stay as they are: nothing is written over.
 */
export class Gathered {
  private bytes = new Uint8Array(0);
  private from = 0;
  private to = 0;

  get length(): number {
    return this.to - this.from;
  }

  push(piece: Uint8Array): void {
    if (this.to + piece.length > this.bytes.length) {
      const held = this.held();
      // Without room to spare where nothing waits: most pieces hold whole messages.
      this.bytes = new Uint8Array(held.length === 0 ? piece.length : 2 * (held.length + piece.length));
      this.bytes.set(held);
      [this.from, this.to] = [0, held.length];
    }
    this.bytes.set(piece, this.to);
    this.to += piece.length;
  }

  /** All that is there, and stays there. */
  held(): Uint8Array {
    return this.bytes.subarray(this.from, this.to);
  }

  /** The first `n` bytes, which are no more than there are; they are gone from here. */
  take(n: number): Uint8Array {
    const taken = this.bytes.subarray(this.from, this.from + n);
    this.from += n;
    return taken;
  }
}
