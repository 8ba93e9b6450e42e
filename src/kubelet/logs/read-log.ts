/** Reads a container's log as `kubectl logs` asks: tail, since, follow, timestamps, limit; across a rotation while following. */
import { FileNotFound, type FileSystem } from '../host.js';
import { LineSplitter, type LogLine, parseLine } from './line.js';
import { tailOffset } from './tail.js';

export interface LogOptions {
  readonly follow?: boolean;
  readonly tailLines?: number;
  readonly limitBytes?: number;
  /** Milliseconds since the epoch. */
  readonly since?: number;
  readonly timestamps?: boolean;
  /** Absent: both. */
  readonly stream?: 'stdout' | 'stderr';
}

const CHUNK = 64 * 1024;
/** How often a followed file is looked at, should its watcher miss a change. */
const POLL_MS = 1000;
const utf8 = new TextEncoder();
const NEWLINE = utf8.encode('\n');

/** Still running: after the end of the file more may come. */
export type IsRunning = () => Promise<boolean>;

export async function* readLog(
  files: FileSystem,
  path: string,
  options: LogOptions,
  running: IsRunning,
  signal: AbortSignal,
): AsyncIterable<Uint8Array> {
  const info = await files.stat(path);
  if (!info) throw new Error(`failed to try resolving symlinks in path ${JSON.stringify(path)}: lstat ${path}: no such file or directory`);
  const filter = new LineFilter(options);
  let offset = options.tailLines === undefined ? 0 : await tailOffset(files, path, info.size, options.tailLines);
  let { inode } = info;
  /** What is read: the log, or where it was moved to with the rest unread. */
  let file = path;
  let splitter = new LineSplitter();
  /** Lines that a tail has left to give: what is written meanwhile is not of it. */
  let left = options.follow ? Number.POSITIVE_INFINITY : (options.tailLines ?? Number.POSITIVE_INFINITY);
  let last = false;
  while (!signal.aborted) {
    let chunk: Uint8Array;
    try {
      chunk = await files.readRange(file, offset, CHUNK);
      // Read by name: what came may be the next file's.
      const now = file === path ? await files.stat(path) : undefined;
      if (now && now.inode !== inode) {
        const moved = await movedAside(files, path, inode);
        if (moved) file = moved;
        else [inode, offset, splitter] = [now.inode, 0, new LineSplitter()];
        continue;
      }
    } catch (e) {
      if (e instanceof FileNotFound && last && file === path) return; // removed with its container: all that was said has been read
      if (!(e instanceof FileNotFound) || (!options.follow && file === path)) throw e;
      chunk = new Uint8Array(0);
    }
    if (chunk.length) {
      offset += chunk.length;
      for (const line of splitter.push(chunk)) {
        if (left-- <= 0) return;
        const out = filter.take(line);
        if (out?.length) yield out;
        if (filter.full) return;
      }
      continue;
    }
    if (!options.follow || (last && file === path)) return;
    const now = await files.stat(path);
    if (now && (now.inode !== inode || now.size < offset)) {
      // Rotated, and the old one is read to its end: the new one from its start.
      [file, inode, offset, splitter] = [path, now.inode, 0, new LineSplitter()];
      continue;
    }
    // Once more after it has ended: the last lines may have come between.
    if (!(await running())) last = true;
    else await files.waitChange(path, POLL_MS, signal);
  }
}

/** Where a rotation has put the file with this inode; undefined: it is gone, or packed. */
async function movedAside(files: FileSystem, path: string, inode: number): Promise<string | undefined> {
  for (const name of await files.list(path.slice(0, path.lastIndexOf('/')))) {
    const at = `${path.slice(0, path.lastIndexOf('/'))}/${name}`;
    if (at.startsWith(`${path}.`) && (await files.lstat(at))?.inode === inode) return at;
  }
  return undefined;
}

class LineFilter {
  private left: number;
  /** A line that goes on after a partial one has no timestamp of its own. */
  private continued = false;

  constructor(private readonly options: LogOptions) {
    this.left = options.limitBytes ?? Number.POSITIVE_INFINITY;
  }

  get full(): boolean {
    return this.left <= 0;
  }

  take(bytes: Uint8Array): Uint8Array | undefined {
    const line = parseLine(bytes);
    if (!line || (this.options.stream && line.stream !== this.options.stream)) return undefined;
    if (this.options.since !== undefined && Date.parse(line.timestamp) < this.options.since) return undefined;
    const out = this.render(line);
    const cut = out.length > this.left ? out.subarray(0, this.left) : out;
    this.left -= cut.length;
    return cut;
  }

  private render(line: LogLine): Uint8Array {
    const parts: Uint8Array[] = [];
    if (this.options.timestamps && !this.continued) parts.push(utf8.encode(`${line.timestamp} `));
    parts.push(line.content);
    if (!line.partial) parts.push(NEWLINE);
    this.continued = line.partial;
    const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
    let at = 0;
    for (const p of parts) {
      out.set(p, at);
      at += p.length;
    }
    return out;
  }
}
