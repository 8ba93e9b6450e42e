/** A snapshot file on disk: a bbolt database and, behind it, its SHA-256 (a copy of a data directory's file has none). */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { type ByteSource, CorruptDatabaseError, Database } from '../etcd/bbolt/reader.js';
import { UserError } from './fail.js';

export const DIGEST = 32;
/** Databases are whole pages: a rest of this size is the digest. */
const SECTOR = 512;
const READ = 1024 * 1024;

export const hasDigest = (size: number): boolean => size % SECTOR === DIGEST;

export class SnapshotFile {
  readonly size: number;

  private constructor(
    private readonly path: string,
    private readonly fd: number,
  ) {
    this.size = fs.fstatSync(fd).size;
  }

  /** Opens `path` for `use`, and words what is wrong with it for the user. */
  static async with<T>(path: string, use: (file: SnapshotFile) => T | Promise<T>): Promise<T> {
    let fd: number;
    try {
      fd = fs.openSync(path, 'r');
    } catch (e) {
      throw new UserError(
        `cannot open the snapshot ${path}: ${(e as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file' : String(e)}`,
      );
    }
    try {
      if (!fs.fstatSync(fd).isFile()) throw new UserError(`${path} is no file: name the file that a snapshot was saved to`);
      return await use(new SnapshotFile(path, fd));
    } catch (e) {
      if (e instanceof CorruptDatabaseError) throw new UserError(`${path}: ${e.message}`);
      throw e;
    } finally {
      fs.closeSync(fd);
    }
  }

  /** Throws where the digest is missing (`without`: what to do then) or is not that of the database. */
  checkDigest(without = 'give --skip-hash-check for a file copied out of a data directory'): void {
    if (!hasDigest(this.size)) throw new UserError(`${this.path}: snapshot missing hash but --skip-hash-check=false: ${without}`);
    const hash = createHash('sha256');
    const end = this.size - DIGEST;
    for (let at = 0; at < end; at += READ) hash.update(this.read(at, Math.min(READ, end - at)));
    const got = hash.digest();
    const expected = this.read(end, DIGEST);
    if (!got.equals(expected)) throw new UserError(`${this.path}: expected sha256 ${numbers(expected)}, got ${numbers(got)}`);
  }

  /** Throws CorruptDatabaseError. Good until the file is closed. */
  database(): Database {
    const size = hasDigest(this.size) ? this.size - DIGEST : this.size;
    const source: ByteSource = { size, read: (offset, length) => this.read(offset, length) };
    return new Database(source);
  }

  private read(offset: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafeSlow(length);
    for (let have = 0; have < length; ) {
      const n = fs.readSync(this.fd, bytes, have, length - have, offset + have);
      if (n === 0) throw new CorruptDatabaseError(`the file ends at ${offset + have}, ${length - have} bytes early`);
      have += n;
    }
    return bytes;
  }
}

/** As Go prints bytes, which is what etcdutl says. */
const numbers = (bytes: Uint8Array): string => `[${[...bytes].join(' ')}]`;
