/**
 * Which values are in memory. A store with a log can drop any value that is on disk and read it again: the present values of keys stay while
 * there is room (those not read for a round go first), values of old revisions only for a short while.
 */
import { EMPTY, type Version } from './version.js';

/** Bytes of the present values of keys that are kept in memory. */
const PRESENT_LIMIT = 256 * 1024 * 1024;
/** Bytes of older values kept, with what their versions take themselves: enough for watches that are a little behind. */
const OLD_LIMIT = 4 * 1024 * 1024;
const VERSION_BYTES = 160;
/** A ring's consumed head is cut off when it is this long. */
const TRIM = 4096;

class Ring {
  private items: Version[] = [];
  private head = 0;

  get size(): number {
    return this.items.length - this.head;
  }

  push(v: Version): void {
    this.items.push(v);
  }

  /** Forgets those that nobody asks for any more. */
  sweep(keep: (v: Version) => boolean): void {
    this.items = this.items.slice(this.head).filter(keep);
    this.head = 0;
  }

  shift(): Version | undefined {
    const v = this.items[this.head];
    if (v === undefined) return undefined;
    if (++this.head >= TRIM && this.head * 2 >= this.items.length) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
    return v;
  }
}

export interface ValueSource {
  /** The value of a version. Throws where the disk fails. */
  value(v: Version): Uint8Array;
  added(v: Version): void;
  superseded(v: Version): void;
  dropped(v: Version): void;
}

/** For a store without a log: every value stays as long as its version. */
export const everyValue: ValueSource = {
  value: (v) => v.value ?? EMPTY,
  added() {},
  superseded(v) {
    v.superseded = true;
  },
  dropped(v) {
    v.dropped = true;
  },
};

export class ValueCache implements ValueSource {
  private readonly present = new Ring();
  private readonly old = new Ring();
  private presentBytes = 0;
  /** How many of `present` still count; the others are swept out when they are the greater part. */
  private presentCount = 0;
  private oldBytes = 0;

  constructor(
    private readonly presentLimit = PRESENT_LIMIT,
    private readonly oldLimit = OLD_LIMIT,
  ) {}

  /** Versions that it keeps from being forgotten. */
  get held(): number {
    return this.present.size + this.old.size;
  }

  value(v: Version): Uint8Array {
    v.used = true;
    if (v.value !== undefined) return v.value;
    if (v.length === 0) return EMPTY;
    const value = v.file!.read(v.offset, v.length);
    if (value.length !== v.length) throw new Error(`${v.file!.name} is too short at offset ${v.offset}`);
    if (!v.superseded && !v.dropped) {
      v.value = value;
      this.added(v);
    }
    return value;
  }

  added(v: Version): void {
    this.present.push(v);
    this.presentCount++;
    this.presentBytes += v.length;
    while (this.presentBytes > this.presentLimit) {
      const oldest = this.present.shift();
      if (oldest === undefined) break;
      if (oldest.superseded || oldest.value === undefined) continue;
      if (oldest.used || oldest.file === undefined) {
        oldest.used = false;
        this.present.push(oldest);
        if (oldest.file === undefined) break;
        continue;
      }
      oldest.value = undefined;
      this.presentCount--;
      this.presentBytes -= oldest.length;
    }
  }

  superseded(v: Version): void {
    v.superseded = true;
    if (v.value === undefined) return;
    this.presentCount--;
    this.presentBytes -= v.length;
    if (this.present.size > TRIM && this.present.size > 2 * this.presentCount)
      this.present.sweep((p) => !p.superseded && p.value !== undefined);
    if (v.length === 0) return;
    this.oldBytes += v.length + VERSION_BYTES;
    this.old.push(v);
    while (this.oldBytes > this.oldLimit) {
      const oldest = this.old.shift();
      if (oldest === undefined) break;
      // Not yet in the log: only a batch of very large values gets here.
      if (oldest.file === undefined) {
        this.old.push(oldest);
        break;
      }
      this.oldBytes -= oldest.length + VERSION_BYTES;
      oldest.value = undefined;
    }
  }

  dropped(v: Version): void {
    v.dropped = true;
  }
}
