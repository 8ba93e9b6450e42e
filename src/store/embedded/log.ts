/**
 * The log on disk: numbered segment files, `<number>.log` with the changes in the order they were made and at most one `<number>.base` with
 * the state that stands for all segments up to its number. Only the last segment is written to, and only at its end.
 */
import type { Random } from '../../util/random.js';
import { ByteWriter } from './bytes.js';
import type { LogDirectory, LogFile } from './files.js';
import { encodeSegmentHead, FRAME_HEAD, openFrame, SEGMENT_HEAD, type SegmentHead, sealFrame } from './frame.js';
import type { Journal } from './journal.js';
import { writeCompact, writeGrant, writeNote, writeRevoke, writeVersion } from './record.js';
import { EMPTY, type Version } from './version.js';

/** A segment longer than this is closed and the next begun. */
const SEGMENT_LIMIT = 64 * 1024 * 1024;
/** A write buffer that grew past this is not kept. */
const BUFFER_LIMIT = 4 * 1024 * 1024;

export interface Segment {
  readonly kind: 'log' | 'base';
  readonly number: number;
  readonly file: LogFile;
}

export const segmentName = (number: number, kind: Segment['kind']): string => `${String(number).padStart(10, '0')}.${kind}`;

/** A place between two segments that was asked for. */
export interface Cut {
  /** Of the segment behind it, once that has been made. */
  head?: SegmentHead;
}

export class Log implements Journal {
  private writer = new ByteWriter();
  private pending: Version[] = [];
  private offsets: number[] = [];
  private cutting: Cut | undefined;
  /** Readers that need files which were replaced: those stay open until they are done. */
  private pins = 0;
  private readonly unpinned: (() => void)[] = [];

  constructor(
    readonly dir: LogDirectory,
    private readonly random: Random,
    /** In order; the last is the one written to. */
    private segments: Segment[],
    private head: SegmentHead,
    /** Where the next frame goes in the last segment. */
    private tail: number,
    /** Of the next frame. */
    private sequence: number,
  ) {
    openFrame(this.writer);
  }

  /** Begins an empty log. */
  static begin(dir: LogDirectory, random: Random, number: number, sequence: number): Log {
    const { segment, head } = createSegment(dir, random, 'log', number, sequence);
    return new Log(dir, random, [segment], head, SEGMENT_HEAD, sequence);
  }

  get size(): number {
    let size = 0;
    for (const s of this.segments) size += s.file.size;
    return size;
  }

  /** Where the data ends, without the zeros that lie ahead. */
  get used(): number {
    let used = this.tail;
    for (const s of this.segments) if (s !== this.active) used += s.file.size;
    return used;
  }

  get active(): Segment {
    return this.segments[this.segments.length - 1]!;
  }

  version(v: Version): void {
    this.offsets.push(writeVersion(this.writer, v, v.value ?? EMPTY));
    this.pending.push(v);
  }

  grant(id: bigint, ttl: number): void {
    writeGrant(this.writer, id, ttl);
  }

  revoke(id: bigint): void {
    writeRevoke(this.writer, id);
  }

  compact(revision: number): void {
    writeCompact(this.writer, revision);
  }

  note(name: string, value: Uint8Array): void {
    writeNote(this.writer, name, value);
  }

  /** What is recorded after now goes to a new segment, perhaps with some of what was recorded before. It is made by the next commit. */
  cut(): Cut {
    return (this.cutting ??= {});
  }

  commit(): void | Promise<void> {
    if (this.cutting || this.tail > SEGMENT_LIMIT) this.rotate();
    const { writer, pending, offsets } = this;
    if (writer.length === FRAME_HEAD) return;
    const { file } = this.active;
    const start = this.tail;
    const frame = sealFrame(writer, this.sequence, this.head.salt, this.dir.checksum);
    const failed = (e: unknown): never => {
      this.forget(file, start);
      throw e;
    };
    try {
      file.write(frame, start);
    } catch (e) {
      failed(e);
    }
    for (let i = 0; i < pending.length; i++) {
      pending[i]!.file = file;
      pending[i]!.offset = start + offsets[i]!;
    }
    this.sequence++;
    this.tail = start + frame.length;
    this.pending = [];
    this.offsets = [];
    if (writer.bytes.length > BUFFER_LIMIT) this.writer = new ByteWriter();
    openFrame(this.writer);
    try {
      return file.sync()?.catch(failed);
    } catch (e) {
      return failed(e);
    }
  }

  /** After a write or a sync that failed: leaves the end as it was if the disk still lets us, so that a refused write is not found later. */
  private forget(file: LogFile, size: number): void {
    try {
      file.truncate(size);
    } catch {
      // The first error is the one that matters.
    }
  }

  private rotate(): void {
    const { segment, head } = createSegment(this.dir, this.random, 'log', this.active.number + 1, this.sequence);
    this.head = head;
    this.tail = SEGMENT_HEAD;
    this.segments.push(segment);
    if (this.cutting) this.cutting.head = head;
    this.cutting = undefined;
  }

  /** A base that this log, just begun, follows. */
  adopt(base: Segment): void {
    this.segments.unshift(base);
  }

  /**
   * Puts `base` in the place of every segment up to its number. The old files go one by one, each durably: the file system gives their
   * space back in small steps, and no write waits for all of them.
   */
  async replace(base: Segment): Promise<void> {
    const old = this.segments.filter((s) => s.number <= base.number);
    this.segments = [base, ...this.segments.filter((s) => s.number > base.number)];
    try {
      for (const s of old) {
        this.dir.remove(s.file.name);
        await this.dir.syncNamesLater();
      }
    } finally {
      const close = () => {
        for (const s of old) s.file.close();
      };
      if (this.pins === 0) close();
      else this.unpinned.push(close);
    }
  }

  /** Keeps replaced files readable until the returned function is called. */
  pin(): () => void {
    this.pins++;
    let done = false;
    return () => {
      if (done) return;
      done = true;
      if (--this.pins === 0) for (const close of this.unpinned.splice(0)) close();
    };
  }

  close(): void {
    for (const s of this.segments) s.file.close();
    for (const close of this.unpinned.splice(0)) close();
    this.dir.close();
  }
}

/** A new segment with its header on disk. */
export function createSegment(
  dir: LogDirectory,
  random: Random,
  kind: Segment['kind'],
  number: number,
  firstSequence: number,
  name = segmentName(number, kind),
): { segment: Segment; head: SegmentHead } {
  const head: SegmentHead = { kind, number, firstSequence, salt: Math.floor(random.float() * 2 ** 32) };
  const file = dir.create(name, kind === 'log');
  file.write(encodeSegmentHead(head, dir.checksum), 0);
  if (kind === 'log') {
    file.syncNow();
    dir.syncNames();
  }
  return { segment: { kind, number, file }, head };
}
