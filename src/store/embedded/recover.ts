/** Opening a log: reads the base and the segments after it, cuts the torn end of an unacknowledged write, and refuses damage anywhere else. */
import type { Random } from '../../util/random.js';
import type { LogDirectory, LogFile } from './files.js';
import { CorruptLogError, decodeSegmentHead, FrameReader, SEGMENT_HEAD, type SegmentHead } from './frame.js';
import { Log, type Segment } from './log.js';
import { type RecordSink, readRecords } from './record.js';

const NAME = /^(\d{10})\.(log|base)$/;
/** A rewritten log that was not finished. */
export const UNFINISHED = '.tmp';

export interface Recovered {
  readonly log: Log;
  /** Bytes of a torn write that were cut off. */
  readonly cut: number;
  /** The directory held no log before. */
  readonly fresh: boolean;
}

export interface RecoverySink extends Omit<RecordSink, 'put'> {
  put(...args: [...Parameters<RecordSink['put']>, file: LogFile]): void;
}

export function recover(dir: LogDirectory, random: Random, sink: RecoverySink): Recovered {
  const found = scan(dir);
  const { base, logs } = found;
  if (base === undefined && logs.length === 0) return { log: Log.begin(dir, random, 1, 1), cut: 0, fresh: true };
  let expected = 1;
  const segments: Segment[] = [];
  if (base !== undefined) {
    expected = readBase(dir, base, sink);
    segments.push(base);
  }
  let number = base?.number ?? 0;
  let tail = SEGMENT_HEAD;
  let lastFrame = SEGMENT_HEAD;
  let cut = 0;
  let head: SegmentHead | undefined;
  for (const [i, segment] of logs.entries()) {
    const last = i === logs.length - 1;
    const at = `${dir.path}/${segment.file.name}`;
    const own = decodeSegmentHead(segment.file, dir.path, dir.checksum);
    if (own === undefined && last && firstFrame(segment.file) === undefined) {
      // The process ended while it made the file: nothing was written to it yet.
      segment.file.close();
      dir.remove(segment.file.name);
      break;
    }
    if (own === undefined) throw new CorruptLogError(at, 0, 'bad segment header');
    if (segment.number !== number + 1 || own.number !== segment.number)
      throw new CorruptLogError(at, 0, `segment ${number + 1} was expected here: a file is missing`);
    if (own.firstSequence !== expected)
      throw new CorruptLogError(at, 0, `it begins with frame ${own.firstSequence}, the log before it ends with ${expected - 1}`);
    const read = readSegment(dir, segment, own, last, sink);
    expected = read.next;
    tail = read.end;
    lastFrame = read.lastFrame;
    cut += read.cut;
    number = segment.number;
    head = own;
    segments.push(segment);
  }
  if (head === undefined) {
    const begun = Log.begin(dir, random, number + 1, expected);
    if (base) begun.adopt(base);
    return { log: begun, cut, fresh: base === undefined };
  }
  settleEnd(segments.at(-1)!.file, lastFrame, tail);
  return { log: new Log(dir, random, segments, head, tail, expected), cut, fresh: false };
}

/**
 * The last frame may be no further than the system's memory: the process may have ended between write and sync, or the sync failed, after
 * which a system takes the bytes for written. All that is read here will be acted on, so it is written once more and synced. The frames
 * before it were synced before it was written.
 */
function settleEnd(file: LogFile, from: number, end: number): void {
  if (end > from) file.write(file.read(from, end - from), from);
  file.syncNow();
}

function scan(dir: LogDirectory): { base: Segment | undefined; logs: Segment[] } {
  const names = dir.list().flatMap((name) => {
    const m = NAME.exec(name);
    return m ? [{ name, number: Number(m[1]), kind: m[2] as Segment['kind'] }] : [];
  });
  for (const name of dir.list()) if (name.endsWith(UNFINISHED)) dir.remove(name);
  const newest = Math.max(0, ...names.filter((n) => n.kind === 'base').map((n) => n.number));
  let base: Segment | undefined;
  const logs: Segment[] = [];
  for (const { name, number, kind } of names.sort((a, b) => a.number - b.number)) {
    // What a base stands for may be left over when the process ended while it was removing it.
    if (number < newest || (number === newest && kind === 'log')) dir.remove(name);
    else if (kind === 'base') base = { kind, number, file: dir.open(name) };
    else logs.push({ kind, number, file: dir.open(name) });
  }
  return { base, logs };
}

/** Reads a whole base; returns the sequence of the first frame after it. */
function readBase(dir: LogDirectory, segment: Segment, sink: RecoverySink): number {
  const at = `${dir.path}/${segment.file.name}`;
  const head = decodeSegmentHead(segment.file, dir.path, dir.checksum);
  if (head === undefined || head.kind !== 'base') throw new CorruptLogError(at, 0, 'bad segment header');
  let whole = false;
  let next = 0;
  const reading: RecoverySink = {
    ...sink,
    base: (revision, compactRevision, nextSequence) => {
      next = nextSequence;
      sink.base(revision, compactRevision, nextSequence);
    },
    baseEnd: () => {
      whole = true;
    },
  };
  const reader = new FrameReader(segment.file, head.salt, dir.checksum);
  let offset = SEGMENT_HEAD;
  for (let sequence = 1; !whole; sequence++) {
    const frame = reader.at(offset);
    if (frame === undefined || typeof frame === 'string' || frame.sequence !== sequence)
      throw new CorruptLogError(at, offset, typeof frame === 'string' ? frame : 'the file ends too early');
    records(at, frame.payload, frame.payloadAt, segment.file, reading);
    offset = frame.payloadAt + frame.payload.length;
  }
  return next;
}

function readSegment(
  dir: LogDirectory,
  segment: Segment,
  head: SegmentHead,
  last: boolean,
  sink: RecoverySink,
): { next: number; lastFrame: number; end: number; cut: number } {
  const at = `${dir.path}/${segment.file.name}`;
  const { file } = segment;
  const reader = new FrameReader(file, head.salt, dir.checksum);
  let offset = SEGMENT_HEAD;
  let lastFrame = offset;
  let next = head.firstSequence;
  for (;;) {
    const frame = reader.at(offset);
    if (frame === undefined) return { next, lastFrame, end: offset, cut: 0 };
    if (typeof frame === 'string' || frame.sequence !== next) {
      const what = typeof frame === 'string' ? frame : `frame ${frame.sequence} where ${next} was expected`;
      if (!last && what === 'no frame') return { next, lastFrame, end: offset, cut: 0 };
      // Frame `next` may be torn. Only when it was on disk was the one after it written.
      const later = reader.findAfter(offset, next + 1);
      if (!last || typeof frame !== 'string' || later !== undefined)
        throw new CorruptLogError(at, offset, later ? `${what}, but a good frame follows at offset ${later.offset}` : what);
      const cut = tornBytes(file, offset);
      // Zeros ahead of the end stay for speed; what is left of a torn write must go.
      if (cut > 0) file.truncate(offset);
      return { next, lastFrame, end: offset, cut };
    }
    records(at, frame.payload, frame.payloadAt, file, sink);
    lastFrame = offset;
    offset = frame.payloadAt + frame.payload.length;
    next++;
  }
}

function records(at: string, payload: Uint8Array, payloadAt: number, file: LogFile, sink: RecoverySink): void {
  const shifted: RecordSink = Object.assign(Object.create(sink) as RecoverySink, {
    put: (...[key, mod, sub, create, count, lease, valueAt, length]: Parameters<RecordSink['put']>) =>
      sink.put(key, mod, sub, create, count, lease, payloadAt + valueAt, length, file),
  });
  try {
    readRecords(payload, shifted);
  } catch (e) {
    if (e instanceof RangeError) throw new CorruptLogError(at, payloadAt, e.message);
    throw e;
  }
}

/** How many bytes from `offset` on up to the last one that is not zero. */
function tornBytes(file: LogFile, offset: number): number {
  const rest = file.read(offset, file.size - offset);
  let end = rest.length;
  while (end > 0 && rest[end - 1] === 0) end--;
  return end;
}

const firstFrame = (file: LogFile): number | undefined => {
  const bytes = file.read(SEGMENT_HEAD, 4);
  return bytes.some((b) => b !== 0) ? SEGMENT_HEAD : undefined;
};
