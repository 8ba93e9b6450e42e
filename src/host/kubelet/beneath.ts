/**
 * Files in folders whose content somebody else changes meanwhile (volumes of running Pods): no name is looked up twice and no link is followed.
 * Each component is opened relative to the one before, and what is held open stays what it is, whatever becomes of its name. Node.js has no
 * openat(2); `/proc/self/fd/<n>/<name>` is the same.
 */
import { type BigIntStats, constants, readlinkSync } from 'node:fs';
import fs, { type FileHandle } from 'node:fs/promises';

/** Linux: a handle of the place alone, that opens nothing (no FIFO waits, no device wakes). Node.js does not name it. */
export const O_PATH = 0x200000;
const FOLDER = O_PATH | constants.O_NOFOLLOW | constants.O_DIRECTORY;
const MAX_LINKS = 40;
/** Folders that are held open at once while links are followed. */
const MAX_DEPTH = 256;
const AT_ONCE = 16;
const PASSES = 5;

export const codeOf = (e: unknown): string | undefined => (e as NodeJS.ErrnoException).code;

/** The held place itself. */
export const here = (h: FileHandle): string => `/proc/self/fd/${h.fd}`;
/** The same for a program that is started. */
export const outside = (h: FileHandle): string => `/proc/${process.pid}/fd/${h.fd}`;
/** A name directly in a held folder. Bytes of names that are no UTF-8 are kept. */
export function inside(h: FileHandle, name: string | Buffer): string | Buffer {
  return typeof name === 'string' ? `${here(h)}/${name}` : Buffer.concat([Buffer.from(`${here(h)}/`), name]);
}

/** Follows links: for roots that belong to the kubelet alone. */
export const openRoot = (path: string): Promise<FileHandle> => fs.open(path, O_PATH | constants.O_DIRECTORY);
/** Rejects with ENOTDIR for a link, whatever it leads to. */
const openFolder = (h: FileHandle, name: string | Buffer): Promise<FileHandle> => fs.open(inside(h, name), FOLDER);

/** What is there under this name; a link is refused after it has been opened, when nobody can exchange it any more. */
export async function openPlain(h: FileHandle, name: string): Promise<FileHandle> {
  const found = await fs.open(inside(h, name), O_PATH | constants.O_NOFOLLOW);
  try {
    if ((await found.stat()).isSymbolicLink()) throw new Error(`${JSON.stringify(name)} is a link`);
    return found;
  } catch (e) {
    await found.close();
    throw e;
  }
}

export async function using<T>(opening: Promise<FileHandle>, work: (h: FileHandle) => Promise<T>): Promise<T> {
  const h = await opening;
  try {
    return await work(h);
  } finally {
    await h.close();
  }
}

export function components(path: string): string[] {
  const parts = path.split('/').filter((p) => p && p !== '.');
  if (parts.includes('..')) throw new Error(`${path}: ".." is not taken`);
  return parts;
}

/** The folder at `parts` below a root; makes those that are missing if a mode is given. No link is followed. */
export async function openBeneath(root: string, parts: readonly string[], make?: number): Promise<FileHandle> {
  let at = await openRoot(root);
  for (const part of parts) {
    const next = make === undefined ? openFolder(at, part) : openOrMake(at, part, make);
    at = await next.finally(
      (
        (last) => () =>
          last.close()
      )(at),
    );
  }
  return at;
}

/**
 * The same for a folder that should be there, in one step: opened by its whole path, and taken only if what is held lies at this very path, no link
 * having been followed on the way. Undefined: it does not, or it is not there.
 */
export async function openExactly(root: string, parts: readonly string[]): Promise<FileHandle | undefined> {
  const path = [root, ...parts].join('/');
  const found = await fs.open(path, FOLDER).catch(() => undefined);
  if (found && readlinkSync(here(found)) === path) return found;
  await found?.close();
  return undefined;
}

async function openOrMake(at: FileHandle, name: string, mode: number): Promise<FileHandle> {
  try {
    return await openFolder(at, name);
  } catch (e) {
    if (codeOf(e) !== 'ENOENT') throw e;
  }
  const made = await fs.mkdir(inside(at, name), mode).then(
    () => true,
    (e) => {
      if (codeOf(e) === 'EEXIST') return false;
      throw e;
    },
  );
  const folder = await openFolder(at, name);
  try {
    if (made) await fs.chmod(here(folder), mode); // past the umask
    return folder;
  } catch (e) {
    await folder.close();
    throw e;
  }
}

/**
 * What a sub-path of a volume leads to, held open. Links are followed as far as they stay inside, and read anew for each step; folders that are
 * missing are made with the volume's own mode.
 */
export async function openInside(root: string, subPath: string): Promise<FileHandle> {
  const held = [await openRoot(root)];
  const astray = () => new Error(`subpath ${JSON.stringify(subPath)} leads out of the volume`);
  const rest = subPath
    .split('/')
    .filter((p) => p && p !== '.')
    .reverse();
  let links = 0;
  try {
    const mode = Number((await held[0]!.stat()).mode) & 0o7777;
    while (rest.length) {
      const part = rest.pop()!;
      const at = held.at(-1)!;
      if (part === '..') {
        if (held.length === 1) throw astray();
        await held.pop()!.close();
        continue;
      }
      if (held.length > MAX_DEPTH) throw new Error(`subpath ${JSON.stringify(subPath)} has more than ${MAX_DEPTH} folders`);
      const next = await fs.open(inside(at, part), O_PATH | constants.O_NOFOLLOW).catch((e) => {
        if (codeOf(e) === 'ENOENT') return openOrMake(at, part, mode);
        throw e;
      });
      held.push(next);
      if (!(await next.stat()).isSymbolicLink()) continue;
      await held.pop()!.close();
      if (++links > MAX_LINKS) throw new Error(`too many links in subpath ${JSON.stringify(subPath)}`);
      const target = await fs.readlink(inside(at, part));
      if (target.startsWith('/')) throw astray();
      rest.push(
        ...target
          .split('/')
          .filter((p) => p && p !== '.')
          .reverse(),
      );
    }
    return held.pop()!;
  } finally {
    for (const h of held) await h.close();
  }
}

/** Mounts may share a file system: what tells them apart is the kernel's number of the mount. */
async function mountOf(h: FileHandle): Promise<string> {
  return /^mnt_id:\s*(\d+)/m.exec(await fs.readFile(`/proc/self/fdinfo/${h.fd}`, 'utf8'))?.[1] ?? '';
}

async function identity(h: FileHandle): Promise<string> {
  const s = await h.stat({ bigint: true });
  return `${s.dev}:${s.ino}`;
}

/** Whoever moves folders about while they are walked gets no walk. */
export class Moved extends Error {
  constructor() {
    super('a folder was moved while it was read');
    this.name = 'Moved';
  }
}

export interface Visitor {
  /** Anything but a folder, by its name in the held folder. */
  entry(folder: FileHandle, name: Buffer): Promise<void>;
  /** A folder, held itself, before what is in it. */
  enter?(folder: FileHandle): Promise<void>;
  /** A folder of this name in the held one, when all in it has been visited. */
  leave?(parent: FileHandle, name: Buffer): Promise<void>;
  /** A mount below is not entered. */
  mount?(name: Buffer): Promise<void>;
}

/**
 * All below a folder, with two descriptors whatever the depth: back up goes through `..`, which must lead to the folder that was come from.
 * What vanishes or is exchanged meanwhile is left out; a folder that was moved away ends the walk with an error.
 */
export async function walk(root: FileHandle, visitor: Visitor): Promise<void> {
  const levels: { id: string; name: Buffer; folders: string[] }[] = [];
  let at = await fs.open(here(root), O_PATH | constants.O_DIRECTORY);
  try {
    const mount = await mountOf(at);
    const arrive = async (name: Buffer) => {
      await visitor.enter?.(at);
      levels.push({ id: await identity(at), name, folders: await visitEntries(at, visitor) });
    };
    await arrive(Buffer.alloc(0));
    for (;;) {
      const level = levels.at(-1)!;
      const next = level.folders.pop();
      if (next !== undefined) {
        const name = Buffer.from(next, 'latin1');
        const folder = await openFolder(at, name).catch(() => undefined);
        if (!folder) continue;
        if ((await mountOf(folder)) !== mount) {
          await folder.close();
          await visitor.mount?.(name);
          continue;
        }
        await at.close();
        at = folder;
        await arrive(name);
        continue;
      }
      levels.pop();
      const above = levels.at(-1);
      if (!above) return;
      const up = await openFolder(at, '..');
      await at.close();
      at = up;
      if ((await identity(at)) !== above.id) throw new Moved();
      await visitor.leave?.(at, level.name);
    }
  } finally {
    await at.close();
  }
}

/** Names of the folders; as one byte a letter, which keeps a million of them small. */
async function visitEntries(at: FileHandle, visitor: Visitor): Promise<string[]> {
  const folders: string[] = [];
  let batch: Promise<void>[] = [];
  const dir = await fs.opendir(here(at), { encoding: 'buffer' as BufferEncoding, bufferSize: 256 });
  for await (const e of dir) {
    const name = e.name as unknown as Buffer;
    if (e.isDirectory()) folders.push(name.toString('latin1'));
    else batch.push(visitor.entry(at, name));
    if (batch.length >= AT_ONCE) {
      await Promise.all(batch);
      batch = [];
    }
  }
  await Promise.all(batch);
  return folders;
}

const gone = (e: unknown): void => {
  if (codeOf(e) !== 'ENOENT') throw e;
};

/** Whatever is there, with all below it, however deep. Never enters a mount: that rejects. */
export async function removeTree(parent: FileHandle, name: string): Promise<void> {
  for (let pass = 1; ; pass++) {
    const folder = await openFolder(parent, name).catch(() => undefined);
    if (!folder) return fs.unlink(inside(parent, name)).catch(gone);
    try {
      if ((await mountOf(folder)) !== (await mountOf(parent))) throw Object.assign(new Error(`${name} is a mount`), { code: 'EBUSY' });
      await walk(folder, {
        entry: (at, n) => fs.unlink(inside(at, n)).catch(gone),
        // What was put into it meanwhile goes at the next pass.
        leave: (at, n) => fs.rmdir(inside(at, n)).catch((e) => (pass < PASSES && codeOf(e) === 'ENOTEMPTY' ? undefined : gone(e))),
        mount: async (n) => {
          throw Object.assign(new Error(`something is mounted on ${n.toString()} in it`), { code: 'EBUSY' });
        },
      });
      await fs.rmdir(inside(parent, name));
      return;
    } catch (e) {
      if (codeOf(e) === 'ENOENT') return;
      if ((codeOf(e) !== 'ENOTEMPTY' && !(e instanceof Moved)) || pass >= PASSES) throw e;
    } finally {
      await folder.close();
    }
  }
}

const BLOCK = 512n;

/** Bytes on disk and inodes of a folder and all below it on its own mount. A file of several names counts with each. */
export async function treeUsage(folder: FileHandle): Promise<{ usedBytes: number; inodes: number }> {
  let blocks = 0n;
  let inodes = 0;
  const add = (s: BigIntStats) => {
    blocks += s.blocks;
    inodes++;
  };
  await walk(folder, {
    enter: async (h) => add(await h.stat({ bigint: true })),
    entry: (h, name) => fs.lstat(inside(h, name), { bigint: true }).then(add, gone),
  }).catch((e) => {
    if (!(e instanceof Moved)) throw e; // what was counted until then stands: one Pod must not keep the figures of all from being read
  });
  return { usedBytes: Number(blocks * BLOCK), inodes };
}

const READ_WRITE = 0o660;
/** setgid: what is made in it is the group's, too. */
const SEARCH = 0o2110;

/** A folder and all below it on its own mount become a group's. Links are given, not followed. */
export async function giveToGroup(folder: FileHandle, gid: number): Promise<void> {
  await walk(folder, {
    async enter(h) {
      const { mode, uid } = await h.stat();
      await fs.chown(here(h), uid, gid);
      await fs.chmod(here(h), (mode & 0o7777) | READ_WRITE | SEARCH);
    },
    async entry(h, name) {
      // Held, so that what was given is what is opened up.
      const file = await fs.open(inside(h, name), O_PATH | constants.O_NOFOLLOW).catch(gone);
      if (!file) return;
      try {
        const s = await file.stat();
        if (s.isSymbolicLink()) return await fs.lchown(inside(h, name), s.uid, gid).catch(gone);
        await fs.chown(here(file), s.uid, gid);
        await fs.chmod(here(file), (s.mode & 0o7777) | READ_WRITE);
      } finally {
        await file.close();
      }
    },
  });
}
