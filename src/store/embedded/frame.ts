/**
 * Frames and segment headers. A frame holds the records that were written and synced together; frames are numbered without gaps over all
 * segments, and the next frame is only written when the one before it is on disk. So a bad frame with a good later one behind it was
 * acknowledged and is damage; a bad one with nothing behind it is the torn end of a write that nobody was told of.
 *
 * frame: magic u32, payload length u32, checksum u32, sequence u64, payload. The checksum is of sequence and payload and starts
 * from the segment's random salt, so that bytes inside a value can never pass for a frame.
 */
import { ByteReader, ByteWriter } from './bytes.js';
import type { LogDirectory, LogFile } from './files.js';

export const FRAME_HEAD = 20;
export const SEGMENT_HEAD = 36;
const MAGIC = 0x4b8fe701;
const SEGMENT_MAGIC = [0x6b, 0x38, 0x74, 0x73, 0x6c, 0x6f, 0x67, 0x0a]; // "k8tslog\n"
const FORMAT = 1;
/** How much is read at once. */
const WINDOW = 4 * 1024 * 1024;

export interface SegmentHead {
  /** 'log': the changes after the segment before it. 'base': the state that stands for all segments up to its number. */
  readonly kind: 'log' | 'base';
  readonly number: number;
  readonly salt: number;
  readonly firstSequence: number;
}

/** The log is damaged where it cannot be the torn end of an unacknowledged write. */
export class CorruptLogError extends Error {
  constructor(
    readonly file: string,
    readonly offset: number,
    what: string,
  ) {
    super(
      `the store's log is damaged: ${file} at offset ${offset}: ${what}. Restore the data directory from a snapshot or a backup; to keep what precedes the damage, copy the directory and cut this file to ${offset} bytes, and remove the log files with higher numbers.`,
    );
    this.name = 'CorruptLogError';
  }
}

export function encodeSegmentHead(head: SegmentHead, checksum: LogDirectory['checksum']): Uint8Array {
  const w = new ByteWriter(64);
  for (const b of SEGMENT_MAGIC) w.u8(b);
  w.u32(FORMAT);
  w.u32(head.kind === 'log' ? 1 : 2);
  w.u32(head.number);
  w.u32(head.salt);
  w.u64(head.firstSequence);
  w.u32(checksum(w.filled(), 0));
  return w.filled();
}

/** Undefined: the header was never wholly written. */
export function decodeSegmentHead(file: LogFile, path: string, checksum: LogDirectory['checksum']): SegmentHead | undefined {
  const bytes = file.read(0, SEGMENT_HEAD);
  if (bytes.length < SEGMENT_HEAD) return undefined;
  const r = new ByteReader(bytes);
  r.at = SEGMENT_HEAD - 4;
  const sum = r.u32();
  if (sum !== checksum(bytes.subarray(0, SEGMENT_HEAD - 4), 0)) return undefined;
  r.at = 8;
  const format = r.u32();
  if (SEGMENT_MAGIC.some((b, i) => bytes[i] !== b) || format !== FORMAT)
    throw new CorruptLogError(`${path}/${file.name}`, 0, `not a log of this format (${FORMAT}): ${format}`);
  const kind = r.u32() === 1 ? 'log' : 'base';
  return { kind, number: r.u32(), salt: r.u32(), firstSequence: r.u64() };
}

/** Leaves room for a frame's head at the start of a writer. */
export function openFrame(w: ByteWriter): void {
  w.length = 0;
  w.reserve(FRAME_HEAD);
  w.length = FRAME_HEAD;
}

export function sealFrame(w: ByteWriter, sequence: number, salt: number, checksum: LogDirectory['checksum']): Uint8Array {
  w.setU32(0, MAGIC);
  w.setU32(4, w.length - FRAME_HEAD);
  w.view64(12, sequence);
  w.setU32(8, checksum(w.bytes.subarray(12, w.length), salt));
  return w.filled();
}

export interface Frame {
  readonly sequence: number;
  readonly offset: number;
  /** Where the payload lies in the file. */
  readonly payloadAt: number;
  /** Valid until the next frame is read. */
  readonly payload: Uint8Array;
}

/** Reads the frames of one segment. */
export class FrameReader {
  private window: Uint8Array = new Uint8Array(0);
  private windowAt = 0;

  constructor(
    private readonly file: LogFile,
    private readonly salt: number,
    private readonly checksum: LogDirectory['checksum'],
  ) {}

  /** The frame at `offset`, or what is wrong with it; undefined at the end of the file. */
  at(offset: number): Frame | string | undefined {
    if (offset >= this.file.size) return undefined;
    const head = this.bytes(offset, FRAME_HEAD);
    // A rest of the zeros ahead that is too short for a frame.
    if (head.length < FRAME_HEAD) return head.every((b) => b === 0) ? 'no frame' : 'the file ends inside a frame';
    const r = new ByteReader(head);
    const magic = r.u32();
    if (magic !== MAGIC) return magic === 0 ? 'no frame' : 'bad frame magic';
    const length = r.u32();
    const sum = r.u32();
    const sequence = r.u64();
    if (offset + FRAME_HEAD + length > this.file.size) return 'the file ends inside a frame';
    const bytes = this.bytes(offset, FRAME_HEAD + length);
    if (this.checksum(bytes.subarray(12), this.salt) !== sum) return 'bad checksum';
    return { sequence, offset, payloadAt: offset + FRAME_HEAD, payload: bytes.subarray(FRAME_HEAD) };
  }

  /** The first whole frame after `offset` with a sequence of at least `sequence`. */
  findAfter(offset: number, sequence: number): Frame | undefined {
    for (let at = offset + 1; at + FRAME_HEAD <= this.file.size; at++) {
      const rest = this.bytes(at, WINDOW);
      let i = 0;
      // Zeros are what lies ahead of the end: skip them fast.
      while (i + FRAME_HEAD <= rest.length && !(rest[i] === 0x01 && rest[i + 1] === 0xe7 && rest[i + 2] === 0x8f && rest[i + 3] === 0x4b))
        i++;
      if (i + FRAME_HEAD > rest.length) {
        if (at + rest.length >= this.file.size) return undefined;
        at += i - 1;
        continue;
      }
      at += i;
      const frame = this.at(at);
      if (typeof frame === 'object' && frame.sequence >= sequence) return frame;
    }
    return undefined;
  }

  private bytes(at: number, length: number): Uint8Array {
    if (at < this.windowAt || at + length > this.windowAt + this.window.length) {
      this.window = this.file.read(at, Math.max(length, WINDOW));
      this.windowAt = at;
    }
    return this.window.subarray(at - this.windowAt, at - this.windowAt + length);
  }
}
