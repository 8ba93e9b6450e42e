/** Files in memory: the disk of a simulated node. */
import type { Clock } from '../../util/clock.js';
import type { FileInfo, FileSystem } from '../host.js';
import { FileNotFound } from '../host.js';

interface Entry {
  type: 'file' | 'directory' | 'symlink';
  data: Uint8Array;
  target: string;
  mode: number;
  inode: number;
  modifiedAt: number;
  children: Map<string, Entry> | undefined;
}

const utf8 = new TextEncoder();
const MAX_LINKS = 40;
/** What a simulated node's disk says of its size. */
const CAPACITY = { totalBytes: 1024 * 2 ** 30, availableBytes: 1000 * 2 ** 30, totalInodes: 10_000_000, freeInodes: 9_900_000 };

export class MemoryFiles implements FileSystem {
  private nextInode = 2;
  private readonly root: Entry = {
    type: 'directory',
    data: new Uint8Array(0),
    target: '',
    mode: 0o755,
    inode: 1,
    modifiedAt: 0,
    children: new Map(),
  };
  private readonly watchers = new Map<string, Set<() => void>>();

  constructor(private readonly clock: Clock) {}

  private now(): number {
    return this.clock.now();
  }

  private entry(type: Entry['type'], mode: number): Entry {
    return {
      type,
      data: new Uint8Array(0),
      target: '',
      mode,
      inode: this.nextInode++,
      modifiedAt: this.now(),
      children: type === 'directory' ? new Map() : undefined,
    };
  }

  /** Follows links on the way, and at the end if asked. */
  private find(path: string, follow = true, links = 0): Entry | undefined {
    if (links > MAX_LINKS) throw new Error(`too many levels of symbolic links: ${path}`);
    let at = this.root;
    const parts = normal(path);
    for (const [i, part] of parts.entries()) {
      const next = at.children?.get(part);
      if (!next) return undefined;
      if (next.type === 'symlink' && (follow || i < parts.length - 1)) {
        const base = next.target.startsWith('/') ? next.target : `/${parts.slice(0, i).join('/')}/${next.target}`;
        return this.find(`${base}/${parts.slice(i + 1).join('/')}`, follow, links + 1);
      }
      at = next;
    }
    return at;
  }

  private must(path: string, follow = true): Entry {
    const found = this.find(path, follow);
    if (!found) throw new FileNotFound(path);
    return found;
  }

  private parent(path: string): { dir: Entry; name: string } {
    const parts = normal(path);
    const name = parts.pop() ?? '';
    const dir = this.must(`/${parts.join('/')}`);
    if (dir.type !== 'directory') throw new Error(`open ${path}: not a directory`);
    return { dir, name };
  }

  private changed(path: string): void {
    const wake = (key: string) => {
      for (const w of this.watchers.get(key) ?? []) w();
    };
    wake(path);
    wake(path.slice(0, path.lastIndexOf('/')));
  }

  async mkdir(path: string, mode = 0o755): Promise<void> {
    let at = this.root;
    for (const part of normal(path)) {
      let next = at.children?.get(part);
      if (!next) {
        next = this.entry('directory', mode);
        at.children!.set(part, next);
      }
      if (next.type === 'symlink') next = this.must(path.slice(0, path.indexOf(part) + part.length));
      if (next.type !== 'directory') throw new Error(`mkdir ${path}: not a directory`);
      at = next;
    }
  }

  async read(path: string): Promise<Uint8Array> {
    const e = this.must(path);
    if (e.type !== 'file') throw new Error(`read ${path}: is a directory`);
    return e.data;
  }

  async readRange(path: string, offset: number, length: number): Promise<Uint8Array> {
    return (await this.read(path)).subarray(offset, offset + length);
  }

  async write(path: string, data: Uint8Array | string, mode = 0o644): Promise<void> {
    const existing = this.find(path);
    if (existing && existing.type !== 'file') throw new Error(`open ${path}: is a directory`);
    const e = existing ?? this.entry('file', mode);
    e.data = typeof data === 'string' ? utf8.encode(data) : data.slice();
    e.mode = mode;
    e.modifiedAt = this.now();
    if (!existing) {
      const { dir, name } = this.parent(path);
      dir.children!.set(name, e);
    }
    this.changed(path);
  }

  async create(path: string, mode: number): Promise<void> {
    if (this.find(path, false)) throw new Error(`open ${path}: file exists`);
    return this.write(path, '', mode);
  }

  async append(path: string, data: Uint8Array | string): Promise<void> {
    const e = this.find(path);
    if (!e) return this.write(path, data);
    const more = typeof data === 'string' ? utf8.encode(data) : data;
    const joined = new Uint8Array(e.data.length + more.length);
    joined.set(e.data);
    joined.set(more, e.data.length);
    e.data = joined;
    e.modifiedAt = this.now();
    this.changed(path);
  }

  async rename(from: string, to: string): Promise<void> {
    const a = this.parent(from);
    const moved = a.dir.children!.get(a.name);
    if (!moved) throw new FileNotFound(from);
    const b = this.parent(to);
    a.dir.children!.delete(a.name);
    b.dir.children!.set(b.name, moved);
    this.changed(from);
    this.changed(to);
  }

  async remove(path: string): Promise<void> {
    const parts = normal(path);
    const name = parts.pop() ?? '';
    this.find(`/${parts.join('/')}`)?.children?.delete(name);
    this.changed(path);
  }

  async symlink(target: string, path: string): Promise<void> {
    const { dir, name } = this.parent(path);
    if (dir.children!.has(name)) throw new Error(`symlink ${target} ${path}: file exists`);
    dir.children!.set(name, { ...this.entry('symlink', 0o777), target });
    this.changed(path);
  }

  async readlink(path: string): Promise<string> {
    const e = this.must(path, false);
    if (e.type !== 'symlink') throw new Error(`readlink ${path}: invalid argument`);
    return e.target;
  }

  async stat(path: string): Promise<FileInfo | undefined> {
    return info(this.find(path));
  }

  async lstat(path: string): Promise<FileInfo | undefined> {
    return info(this.find(path, false));
  }

  async list(path: string): Promise<string[]> {
    const e = this.must(path);
    if (!e.children) throw new Error(`readdir ${path}: not a directory`);
    return [...e.children.keys()].sort();
  }

  async chmod(path: string, mode: number): Promise<void> {
    this.must(path).mode = mode;
  }

  async chown(path: string): Promise<void> {
    this.must(path);
  }

  async giveToGroup(path: string): Promise<void> {
    this.must(path);
  }

  async gzip(from: string, to: string): Promise<void> {
    await this.write(to, await this.read(from)); // nothing to save in memory that is simulated
  }

  waitChange(path: string, ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const set = this.watchers.get(path) ?? new Set();
      this.watchers.set(path, set);
      const timer = this.clock.after(ms, () => done());
      const done = () => {
        timer.cancel();
        set.delete(done);
        if (!set.size) this.watchers.delete(path);
        signal.removeEventListener('abort', done);
        resolve();
      };
      set.add(done);
      signal.addEventListener('abort', done, { once: true });
      if (signal.aborted) done();
    });
  }

  async usage(path: string): Promise<{ usedBytes: number; inodes: number }> {
    const sum = (e: Entry): { usedBytes: number; inodes: number } => {
      const total = { usedBytes: e.data.length, inodes: 1 };
      for (const c of e.children?.values() ?? []) {
        const s = sum(c);
        total.usedBytes += s.usedBytes;
        total.inodes += s.inodes;
      }
      return total;
    };
    const e = this.find(path);
    return e ? sum(e) : { usedBytes: 0, inodes: 0 };
  }

  async capacity(): Promise<typeof CAPACITY> {
    return CAPACITY;
  }
}

/** The parts of an absolute path, `.` and `..` taken out. */
function normal(path: string): string[] {
  const out: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') out.pop();
    else if (part && part !== '.') out.push(part);
  }
  return out;
}

const info = (e: Entry | undefined): FileInfo | undefined =>
  e && {
    type: e.type,
    size: e.type === 'symlink' ? e.target.length : e.data.length,
    mode: e.mode,
    inode: e.inode,
    gid: 0,
    modifiedAt: e.modifiedAt,
  };
