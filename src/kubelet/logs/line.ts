/** The line of a container's log file: `2026-01-02T03:04:05.678901234Z stdout F text`. F is a whole line, P a part of one that goes on. Pure. */
import { Gathered } from '../../util/gathered.js';

export interface LogLine {
  readonly timestamp: string;
  readonly stream: 'stdout' | 'stderr';
  readonly partial: boolean;
  /** Without its end, where it is partial. */
  readonly content: Uint8Array;
}

const SPACE = 0x20;
const NEWLINE = 0x0a;
const text = new TextDecoder();

/** `bytes` without the newline. Undefined: not a line of a log. */
export function parseLine(bytes: Uint8Array): LogLine | undefined {
  const a = bytes.indexOf(SPACE);
  const b = a < 0 ? -1 : bytes.indexOf(SPACE, a + 1);
  const c = b < 0 ? -1 : bytes.indexOf(SPACE, b + 1);
  if (b < 0) return undefined;
  const stream = text.decode(bytes.subarray(a + 1, b));
  if (stream !== 'stdout' && stream !== 'stderr') return undefined;
  const tags = text.decode(bytes.subarray(b + 1, c < 0 ? bytes.length : c)).split(':');
  return {
    timestamp: text.decode(bytes.subarray(0, a)),
    stream,
    partial: tags[0] === 'P',
    content: c < 0 ? new Uint8Array(0) : bytes.subarray(c + 1),
  };
}

/** One whole line as the runtime writes it. */
export function formatLine(timeMs: number, stream: 'stdout' | 'stderr', content: string): string {
  return `${new Date(timeMs).toISOString().slice(0, 23)}000000Z ${stream} F ${content}\n`;
}

/** Cuts lines out of bytes that come in pieces. */
export class LineSplitter {
  private readonly waiting = new Gathered();

  push(chunk: Uint8Array): Uint8Array[] {
    const lines: Uint8Array[] = [];
    // There is none in what waits.
    let at = this.waiting.length;
    this.waiting.push(chunk);
    for (let end = this.newline(at); end >= 0; end = this.newline(at)) {
      lines.push(this.waiting.take(end + 1).subarray(0, end));
      at = 0;
    }
    return lines;
  }

  private newline(from: number): number {
    return this.waiting.held().indexOf(NEWLINE, from);
  }

  /** What came after the last newline. */
  get unfinished(): Uint8Array {
    return this.waiting.held();
  }
}
