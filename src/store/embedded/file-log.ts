/**
 * The log's files on the machine's disk.
 * A file is filled with zeros ahead of its end, because a sync that need not record a new file length takes half the time.
 * A sync that takes well under a millisecond is done in place: handing it to another thread would cost as much again. On a slow disk it
 * goes to a thread, so that the process does not stand still.
 */
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { crc32 } from '../../util/crc.js';
import { lockDirectory } from './file-lock.js';
import type { LogDirectory, LogFile } from './files.js';

const AHEAD = 1024 * 1024;
const ZEROS = new Uint8Array(AHEAD);
/** Syncs of at most this many milliseconds are done in place. */
const IN_PLACE_MS = 1;
/** After a slow sync so many go to a thread before one is tried in place again. */
const BACK_OFF = 64;

const fdatasync = promisify(fs.fdatasync);
const fsync = promisify(fs.fsync);
/** Native from Node 20.15 on. */
const native = (zlib as { crc32?: (data: Uint8Array, value?: number) => number }).crc32;

export class NodeLogFile implements LogFile {
  size: number;
  private inThread = 0;
  private closed = false;

  constructor(
    readonly name: string,
    private readonly fd: number,
    private readonly appends: boolean,
  ) {
    this.size = fs.fstatSync(fd).size;
  }

  write(bytes: Uint8Array, at: number): void {
    writeAll(this.fd, bytes, at);
    const end = at + bytes.length;
    if (end <= this.size) return;
    this.size = end;
    if (!this.appends) return;
    try {
      writeAll(this.fd, ZEROS, end);
      this.size = end + AHEAD;
    } catch {
      // Room for the bytes, none for the zeros: they are only there for speed.
    }
  }

  sync(): void | Promise<void> {
    if (this.inThread > 0) {
      this.inThread--;
      return this.syncLater();
    }
    const start = process.hrtime.bigint();
    fs.fdatasyncSync(this.fd);
    if (Number(process.hrtime.bigint() - start) / 1e6 > IN_PLACE_MS) this.inThread = BACK_OFF;
  }

  syncNow(): void {
    fs.fdatasyncSync(this.fd);
  }

  syncLater(): Promise<void> {
    return fdatasync(this.fd);
  }

  read(at: number, length: number): Uint8Array {
    // Its number may be another file's by now.
    if (this.closed) throw new Error(`${this.name} is closed`);
    const wanted = Math.min(length, Math.max(this.size - at, 0));
    const bytes = Buffer.allocUnsafeSlow(wanted);
    let got = 0;
    while (got < wanted) {
      const n = fs.readSync(this.fd, bytes, got, wanted - got, at + got);
      if (n === 0) break;
      got += n;
    }
    // Not a Buffer: its `slice` would not copy.
    return new Uint8Array(bytes.buffer, 0, got);
  }

  truncate(size: number): void {
    fs.ftruncateSync(this.fd, size);
    fs.fsyncSync(this.fd);
    this.size = size;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    fs.closeSync(this.fd);
  }
}

function writeAll(fd: number, bytes: Uint8Array, at: number): void {
  for (let done = 0; done < bytes.length; ) done += fs.writeSync(fd, bytes, done, bytes.length - done, at + done);
}

/** Makes a directory where it is missing, durably. */
function makeDirectory(dir: string): void {
  const made = fs.mkdirSync(dir, { recursive: true, mode: 0o700 });
  if (made === undefined) return;
  for (let at = dir; at.length >= made.length; at = path.dirname(at)) syncDirectory(path.dirname(at));
}

/** The names in it are on the disk after this. */
export function syncDirectory(dir: string): void {
  const fd = fs.openSync(dir, 'r');
  fs.fsyncSync(fd);
  fs.closeSync(fd);
}

/** Opens a data directory, makes it where it is missing, and locks it against other processes. */
export function openLogDirectory(dir: string): LogDirectory {
  makeDirectory(path.resolve(dir));
  const full = fs.realpathSync(dir);
  const unlock = lockDirectory(full);
  const names = fs.openSync(full, 'r');
  return {
    path: full,
    list: () => fs.readdirSync(full),
    open: (name) => new NodeLogFile(name, fs.openSync(path.join(full, name), 'r+'), true),
    create: (name, appends) => new NodeLogFile(name, fs.openSync(path.join(full, name), 'wx+', 0o600), appends),
    rename: (from, to) => fs.renameSync(path.join(full, from), path.join(full, to)),
    remove: (name) => fs.rmSync(path.join(full, name), { force: true }),
    syncNames: () => fs.fsyncSync(names),
    syncNamesLater: () => fsync(names),
    checksum: native ?? crc32,
    close() {
      fs.closeSync(names);
      unlock();
    },
  };
}
