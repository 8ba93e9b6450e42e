/**
 * Rewriting the log: the present state is written as a base that stands for all segments so far, a slice at a time while writes go on
 * into a new segment, and then takes their place. The cost is the live data, so it is done when more than half of the log is garbage.
 */
import type { Random } from '../../util/random.js';
import { yieldTurn } from '../../util/turn.js';
import { ByteWriter } from './bytes.js';
import { FRAME_HEAD, openFrame, SEGMENT_HEAD, type SegmentHead, sealFrame } from './frame.js';
import { createSegment, type Log, type Segment, segmentName } from './log.js';
import { writeBase, writeBaseEnd, writeGrant, writeNote, writeVersion } from './record.js';
import { UNFINISHED } from './recover.js';
import type { State } from './state.js';
import { EMPTY, type Version } from './version.js';

/** One frame of a base, and what is written before others get their turn. */
const FRAME_BYTES = 256 * 1024;
/** What is written between two syncs: the log's own syncs wait behind the disk's queue. */
const SYNC_BYTES = 4 * 1024 * 1024;
/** Keys looked at, and versions moved, before others get their turn. */
const SLICE = 5000;

/** What a base holds beside the versions; taken at the cut. */
export interface BaseHead {
  readonly revision: number;
  readonly compactRevision: number;
  readonly leases: readonly { readonly id: bigint; readonly ttl: number }[];
  readonly notes: readonly (readonly [string, Uint8Array])[];
}

export class BaseWriter {
  private readonly writer = new ByteWriter(FRAME_BYTES * 2);
  private readonly segment: Segment;
  private readonly head: SegmentHead;
  private readonly moved: Version[] = [];
  private readonly offsets: number[] = [];
  private at = SEGMENT_HEAD;
  private sequence = 1;
  private unsynced = 0;
  /** It has its name: what stands there is the log's. */
  private named = false;

  constructor(
    private readonly log: Log,
    random: Random,
    private readonly number: number,
  ) {
    const name = segmentName(number, 'base') + UNFINISHED;
    log.dir.remove(name);
    ({ segment: this.segment, head: this.head } = createSegment(log.dir, random, 'base', number, 1, name));
    openFrame(this.writer);
  }

  start(base: BaseHead, nextSequence: number): void {
    writeBase(this.writer, base.revision, base.compactRevision, nextSequence);
    for (const { id, ttl } of base.leases) writeGrant(this.writer, id, ttl);
    for (const [name, value] of base.notes) writeNote(this.writer, name, value);
  }

  /** True: a frame is full; call `flush` before more. */
  version(v: Version, value: Uint8Array): boolean {
    this.offsets.push(this.at + writeVersion(this.writer, v, value));
    this.moved.push(v);
    return this.writer.length >= FRAME_BYTES;
  }

  async flush(): Promise<void> {
    if (this.writer.length === FRAME_HEAD) return;
    const frame = sealFrame(this.writer, this.sequence++, this.head.salt, this.log.dir.checksum);
    this.segment.file.write(frame, this.at);
    this.at += frame.length;
    this.unsynced += frame.length;
    openFrame(this.writer);
    if (this.unsynced >= SYNC_BYTES) {
      this.unsynced = 0;
      await this.segment.file.syncLater();
    } else await yieldTurn();
  }

  /** Makes the base durable under its name and puts it in the place of what it stands for. */
  async finish(): Promise<void> {
    writeBaseEnd(this.writer);
    await this.flush();
    await this.segment.file.syncLater();
    const { dir } = this.log;
    const file = this.segment.file;
    const name = segmentName(this.number, 'base');
    dir.rename(file.name, name);
    this.named = true;
    file.close();
    dir.syncNames();
    const named: Segment = { kind: 'base', number: this.number, file: dir.open(name) };
    for (let i = 0; i < this.moved.length; i++) {
      const v = this.moved[i]!;
      v.file = named.file;
      v.offset = this.offsets[i]!;
      if (i % SLICE === SLICE - 1) await yieldTurn();
    }
    await this.log.replace(named);
  }

  abandon(): void {
    if (this.named) return;
    try {
      this.segment.file.close();
      this.log.dir.remove(this.segment.file.name);
    } catch {
      // It is removed at the next start.
    }
  }
}

/** Writes the versions of `state` up to the base's revision, to stand for all before `after`. `stopped` is asked between slices. */
export async function rewrite(
  log: Log,
  random: Random,
  state: State,
  base: BaseHead,
  after: SegmentHead,
  stopped: () => boolean,
): Promise<void> {
  const writer = new BaseWriter(log, random, after.number - 1);
  try {
    writer.start(base, after.firstSequence);
    let from: string | undefined = '';
    while (from !== undefined) {
      if (stopped()) return writer.abandon();
      const batch: Version[] = [];
      from = collect(state, from, base.revision, batch);
      for (const v of batch) if (!v.dropped && writer.version(v, v.deleted ? EMPTY : peek(state, v))) await writer.flush();
      await yieldTurn();
    }
    if (stopped()) return writer.abandon();
    await writer.finish();
  } catch (e) {
    writer.abandon();
    throw e;
  }
}

/** The value without bringing it into the cache. */
function peek(state: State, v: Version): Uint8Array {
  return v.value ?? (v.file ? v.file.read(v.offset, v.length) : state.values.value(v));
}

/** The next keys' versions up to `revision`, each key's oldest first; returns where to go on. */
function collect(state: State, from: string, revision: number, into: Version[]): string | undefined {
  let next: string | undefined;
  state.index.scan(from, undefined, (entry) => {
    if (into.length >= SLICE) {
      next = entry.key;
      return false;
    }
    const first = into.length;
    for (let v: Version | undefined = entry.head; v !== undefined; v = v.prev) if (v.mod <= revision) into.push(v);
    if (into.length - first > 1) reverse(into, first);
    return true;
  });
  return next;
}

function reverse(items: Version[], from: number): void {
  for (let a = from, b = items.length - 1; a < b; a++, b--) [items[a], items[b]] = [items[b]!, items[a]!];
}
