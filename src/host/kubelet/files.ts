/** The kubelet's `FileSystem` on the real disk. */
import { createReadStream, createWriteStream, type Stats, watch } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { type FileInfo, FileNotFound, type FileSystem } from '../../kubelet/host.js';

const codeOf = (e: unknown): string | undefined => (e as NodeJS.ErrnoException).code;

async function orNotFound<T>(at: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (e) {
    if (codeOf(e) === 'ENOENT') throw new FileNotFound(at);
    throw e;
  }
}

function typeOf(s: Stats): FileInfo['type'] {
  if (s.isDirectory()) return 'directory';
  if (s.isSymbolicLink()) return 'symlink';
  if (s.isSocket()) return 'socket';
  if (s.isCharacterDevice()) return 'char';
  if (s.isBlockDevice()) return 'block';
  return s.isFIFO() ? 'fifo' : 'file';
}

async function info(work: Promise<Stats>): Promise<FileInfo | undefined> {
  try {
    const s = await work;
    return { type: typeOf(s), size: s.size, mode: s.mode & 0o7777, inode: s.ino, modifiedAt: s.mtimeMs };
  } catch (e) {
    if (codeOf(e) === 'ENOENT' || codeOf(e) === 'ENOTDIR') return undefined;
    throw e;
  }
}

export class DiskFiles implements FileSystem {
  async mkdir(at: string, mode = 0o755): Promise<void> {
    if ((await fs.mkdir(at, { recursive: true, mode })) !== undefined) await fs.chmod(at, mode); // past the umask
  }

  read(at: string): Promise<Uint8Array> {
    return orNotFound(at, fs.readFile(at));
  }

  async readRange(at: string, offset: number, length: number): Promise<Uint8Array> {
    const file = await orNotFound(at, fs.open(at, 'r'));
    try {
      const buffer = Buffer.alloc(length);
      const { bytesRead } = await file.read(buffer, 0, length, offset);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }

  async write(at: string, data: Uint8Array | string, mode = 0o644): Promise<void> {
    await fs.writeFile(at, data, { mode });
    await fs.chmod(at, mode);
  }

  append(at: string, data: Uint8Array | string): Promise<void> {
    return fs.appendFile(at, data);
  }

  rename(from: string, to: string): Promise<void> {
    return fs.rename(from, to);
  }

  remove(at: string): Promise<void> {
    return fs.rm(at, { recursive: true, force: true });
  }

  symlink(target: string, at: string): Promise<void> {
    return fs.symlink(target, at);
  }

  readlink(at: string): Promise<string> {
    return fs.readlink(at);
  }

  stat(at: string): Promise<FileInfo | undefined> {
    return info(fs.stat(at));
  }

  lstat(at: string): Promise<FileInfo | undefined> {
    return info(fs.lstat(at));
  }

  list(at: string): Promise<string[]> {
    return fs.readdir(at).then((names) => names.sort());
  }

  chmod(at: string, mode: number): Promise<void> {
    return fs.chmod(at, mode);
  }

  async chown(at: string, uid: number, gid: number): Promise<void> {
    const s = uid < 0 || gid < 0 ? await fs.lstat(at) : undefined;
    await fs.lchown(at, uid < 0 ? s!.uid : uid, gid < 0 ? s!.gid : gid);
  }

  async gzip(from: string, to: string): Promise<void> {
    await pipeline(createReadStream(from), createGzip(), createWriteStream(to, { mode: 0o640 }));
  }

  waitChange(at: string, ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        watcher?.close();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener('abort', done, { once: true });
      let watcher: ReturnType<typeof watch> | undefined;
      try {
        watcher = watch(at, done);
        watcher.on('error', done);
      } catch {
        // gone: the timer decides
      }
      if (signal.aborted) done();
    });
  }

  /** Does not cross into other file systems (volumes mounted below). */
  async usage(at: string): Promise<{ usedBytes: number; inodes: number }> {
    const total = { usedBytes: 0, inodes: 0 };
    const device = (await fs.lstat(at).catch(() => undefined))?.dev;
    const walk = async (p: string): Promise<void> => {
      const s = await fs.lstat(p).catch(() => undefined);
      if (!s || s.dev !== device) return;
      total.usedBytes += s.blocks * 512;
      total.inodes++;
      if (s.isDirectory()) for (const name of await fs.readdir(p).catch(() => [])) await walk(path.join(p, name));
    };
    await walk(at);
    return total;
  }

  async capacity(at: string): Promise<{ totalBytes: number; availableBytes: number; totalInodes: number; freeInodes: number }> {
    const s = await fs.statfs(at);
    return { totalBytes: s.blocks * s.bsize, availableBytes: s.bavail * s.bsize, totalInodes: s.files, freeInodes: s.ffree };
  }
}
