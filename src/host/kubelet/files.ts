/** The kubelet's `FileSystem` on the real disk. */
import { constants, type Stats, watch } from 'node:fs';
import fs, { type FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { type FileInfo, FileNotFound, type FileSystem } from '../../kubelet/host.js';
import {
  codeOf,
  components,
  giveToGroup,
  here,
  inside,
  O_PATH,
  openBeneath,
  openExactly,
  openPlain,
  openRoot,
  removeTree,
  treeUsage,
  using,
} from './beneath.js';

/** The words of an error with the path that was asked for, in place of a descriptor's. */
function named(e: unknown, at: string): Error {
  const error = e as NodeJS.ErrnoException;
  const cut = error.message.lastIndexOf(at);
  if (cut < 0) error.message = `${error.message.split(" '/proc/self/fd/", 1)[0]}: ${at}`;
  return error;
}

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
    return { type: typeOf(s), size: s.size, mode: s.mode & 0o7777, inode: s.ino, gid: s.gid, modifiedAt: s.mtimeMs };
  } catch (e) {
    if (codeOf(e) === 'ENOENT' || codeOf(e) === 'ENOTDIR') return undefined;
    throw e;
  }
}

/** Reads only: a FIFO or a device that was put in a file's place would keep a thread waiting for ever. */
async function openFile(at: string, flags: number, mode?: number): Promise<FileHandle> {
  if (!(flags & O_CREAT)) return openRead(at, flags);
  const file = await fs.open(at, flags | constants.O_NONBLOCK, mode);
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new Error('not an ordinary file');
}

/** Looked at before it is opened: to open a device is to do something with it already. */
async function openRead(at: string, flags: number): Promise<FileHandle> {
  return using(fs.open(at, O_PATH | (flags & O_NOFOLLOW)), async (place) => {
    if (!(await place.stat()).isFile()) throw new Error('not an ordinary file');
    return fs.open(here(place), O_RDONLY | O_NONBLOCK);
  });
}

const { O_RDONLY, O_WRONLY, O_CREAT, O_TRUNC, O_APPEND, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants;

export class DiskFiles implements FileSystem {
  private readonly roots: readonly string[];

  /** @param roots the kubelet's own folders: whatever is below them is reached without following a link. */
  constructor(roots: readonly string[] = []) {
    this.roots = [...roots].sort((a, b) => b.length - a.length);
  }

  /** The folder that a path lies in, held open, and the name in it. Elsewhere on the machine links are followed on the way. */
  async inFolder<T>(at: string, work: (parent: FileHandle, name: string) => Promise<T>): Promise<T> {
    const root = this.roots.find((r) => at.startsWith(`${r}/`));
    const cut = at.lastIndexOf('/');
    const name = at.slice(cut + 1);
    try {
      if (!name || name === '.' || name === '..') throw new Error(`${at} has no name`);
      const opening = root === undefined ? openRoot(at.slice(0, cut) || '/') : this.ownFolder(root, components(at.slice(root.length, cut)));
      return await using(opening, (parent) => work(parent, name));
    } catch (e) {
      throw named(e, at);
    }
  }

  private readonly realRoots = new Map<string, string>();

  private async ownFolder(root: string, parts: readonly string[]): Promise<FileHandle> {
    let real = this.realRoots.get(root);
    if (real === undefined) {
      real = await fs.realpath(root);
      this.realRoots.set(root, real);
    }
    return (await openExactly(real, parts)) ?? openBeneath(root, parts);
  }

  private isOwn(at: string): boolean {
    return this.roots.some((r) => at.startsWith(`${r}/`));
  }

  /** `work` gets a path that needs no look-up but of its last name, and the flag that keeps a link there from being followed. */
  private at<T>(at: string, work: (path: string, noFollow: number) => Promise<T>): Promise<T> {
    if (!this.isOwn(at)) return work(at, 0).catch((e) => Promise.reject(named(e, at)));
    return this.inFolder(at, (parent, name) => work(inside(parent, name) as string, O_NOFOLLOW));
  }

  async mkdir(at: string, mode = 0o755): Promise<void> {
    const root = this.roots.find((r) => at.startsWith(`${r}/`));
    if (root === undefined) {
      if ((await fs.mkdir(at, { recursive: true, mode })) !== undefined) await fs.chmod(at, mode); // past the umask
      return;
    }
    await fs.mkdir(root, { recursive: true });
    await using(openBeneath(root, components(at.slice(root.length)), mode), async () => {}).catch((e) => Promise.reject(named(e, at)));
  }

  read(at: string): Promise<Uint8Array> {
    return orNotFound(
      at,
      this.at(at, (p, noFollow) => using(openFile(p, O_RDONLY | noFollow), (file) => file.readFile())),
    );
  }

  readRange(at: string, offset: number, length: number): Promise<Uint8Array> {
    return orNotFound(
      at,
      this.at(at, (p, noFollow) =>
        using(openFile(p, O_RDONLY | noFollow), async (file) => {
          const buffer = Buffer.alloc(length);
          const { bytesRead } = await file.read(buffer, 0, length, offset);
          return buffer.subarray(0, bytesRead);
        }),
      ),
    );
  }

  private put(at: string, flags: number, mode: number | undefined, data: Uint8Array | string): Promise<void> {
    return this.at(at, (p, noFollow) =>
      using(openFile(p, O_WRONLY | O_CREAT | flags | noFollow, mode), async (file) => {
        await file.writeFile(data);
        if (mode !== undefined) await file.chmod(mode);
      }),
    );
  }

  write(at: string, data: Uint8Array | string, mode = 0o644): Promise<void> {
    return this.put(at, O_TRUNC, mode, data);
  }

  create(at: string, mode: number): Promise<void> {
    return this.put(at, O_EXCL | O_NOFOLLOW, mode, '');
  }

  append(at: string, data: Uint8Array | string): Promise<void> {
    return this.put(at, O_APPEND, undefined, data);
  }

  rename(from: string, to: string): Promise<void> {
    return this.inFolder(from, (a, name) => this.inFolder(to, (b, other) => fs.rename(inside(a, name), inside(b, other))));
  }

  remove(at: string): Promise<void> {
    return this.inFolder(at, removeTree).catch((e) => {
      if (codeOf(e) !== 'ENOENT') throw e;
    });
  }

  symlink(target: string, at: string): Promise<void> {
    return this.inFolder(at, (parent, name) => fs.symlink(target, inside(parent, name)));
  }

  readlink(at: string): Promise<string> {
    return this.at(at, (p) => fs.readlink(p));
  }

  stat(at: string): Promise<FileInfo | undefined> {
    return info(this.at(at, (p, noFollow) => (noFollow ? fs.lstat(p) : fs.stat(p))));
  }

  lstat(at: string): Promise<FileInfo | undefined> {
    return info(this.at(at, (p) => fs.lstat(p)));
  }

  /** A folder, held open. */
  private folder<T>(at: string, work: (folder: FileHandle) => Promise<T>): Promise<T> {
    if (!this.isOwn(at)) return using(openRoot(at), work);
    return this.inFolder(at, (parent, name) => using(openPlain(parent, name), work));
  }

  list(at: string): Promise<string[]> {
    return this.folder(at, (h) => fs.readdir(here(h))).then((names) => names.sort());
  }

  chmod(at: string, mode: number): Promise<void> {
    if (!this.isOwn(at)) return fs.chmod(at, mode);
    return this.inFolder(at, (parent, name) => using(openPlain(parent, name), (h) => fs.chmod(here(h), mode)));
  }

  chown(at: string, uid: number, gid: number): Promise<void> {
    return this.at(at, async (p) => {
      const s = uid < 0 || gid < 0 ? await fs.lstat(p) : undefined;
      await fs.lchown(p, uid < 0 ? s!.uid : uid, gid < 0 ? s!.gid : gid);
    });
  }

  giveToGroup(at: string, gid: number): Promise<void> {
    return this.folder(at, (h) => giveToGroup(h, gid));
  }

  gzip(from: string, to: string): Promise<void> {
    return this.at(from, async (p, noFollow) => {
      const source = await openFile(p, O_RDONLY | noFollow);
      const target = await this.at(to, (q, plain) => openFile(q, O_WRONLY | O_CREAT | O_TRUNC | plain, 0o640)).catch(async (e) => {
        await source.close();
        throw e;
      });
      await pipeline(source.createReadStream(), createGzip(), target.createWriteStream()); // closes both
    });
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

  /** Does not cross into other mounts (volumes mounted below). */
  async usage(at: string): Promise<{ usedBytes: number; inodes: number }> {
    return this.folder(at, treeUsage).catch((e) => {
      if (codeOf(e) === 'ENOENT' || codeOf(e) === 'ENOTDIR') return { usedBytes: 0, inodes: 0 };
      throw e;
    });
  }

  async capacity(at: string): Promise<{ totalBytes: number; availableBytes: number; totalInodes: number; freeInodes: number }> {
    const s = await fs.statfs(at);
    return { totalBytes: s.blocks * s.bsize, availableBytes: s.bavail * s.bsize, totalInodes: s.files, freeInodes: s.ffree };
  }
}
