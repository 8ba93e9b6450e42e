/**
 * Changes all files of a volume at once: they lie in a folder of their own with a time in its name, `..data` points to it, and every visible name
 * points through `..data`. A reader sees the old set or the new one. Layout of Kubernetes' AtomicWriter, on which programs that watch `..data` rely.
 */
import { addAll } from '../../util/add-all.js';
import { equalBytes } from '../../util/bytes.js';
import type { FileSystem } from '../host.js';
import type { Payload } from './payload.js';

const DATA = '..data';
const MAX_PATH = 4096;
const MAX_NAME = 255;

export interface Ownership {
  /** Group of all files, as fsGroup asks. */
  readonly gid?: number;
}

/** Writes the payload if it differs from what is there; says whether it did. */
export async function writeAtomically(
  files: FileSystem,
  dir: string,
  payload: Payload,
  now: number,
  ownership: Ownership = {},
): Promise<boolean> {
  for (const path of payload.keys()) validatePath(path);
  const current = await currentFolder(files, dir);
  if (current && (await same(files, `${dir}/${current}`, payload))) {
    await linkNames(files, dir, payload); // the last write may have ended between its switch and its links
    return false;
  }
  const name = `..${new Date(now).toISOString().replace(/[-T:]/g, '_').slice(0, 19)}.${String(Math.floor(now % 1000) * 1_000_000).padStart(9, '0')}`;
  const fresh = (await files.lstat(`${dir}/${name}`)) ? `${name}${payload.size}` : name;
  await files.mkdir(`${dir}/${fresh}`, 0o755);
  for (const [path, file] of payload) await writeFile(files, `${dir}/${fresh}`, path, file, ownership);
  const folders = new Set([...payload.keys()].flatMap(foldersOf).map((f) => `${dir}/${fresh}/${f}`));
  if (ownership.gid !== undefined) for (const at of [dir, `${dir}/${fresh}`, ...folders]) await giveFolder(files, at, ownership.gid);
  await files.remove(`${dir}/${DATA}_tmp`);
  await files.symlink(fresh, `${dir}/${DATA}_tmp`);
  await files.rename(`${dir}/${DATA}_tmp`, `${dir}/${DATA}`);
  await linkNames(files, dir, payload);
  if (current && current !== fresh) await files.remove(`${dir}/${current}`);
  return true;
}

const foldersOf = (path: string): string[] => {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, i) => parts.slice(0, i + 1).join('/'));
};

/** The group enters and lists; what is made in it is the group's, too. */
async function giveFolder(files: FileSystem, at: string, gid: number): Promise<void> {
  await files.chown(at, -1, gid);
  await files.chmod(at, ((await files.lstat(at))?.mode ?? 0) | 0o2550);
}

function validatePath(path: string): void {
  if (!path || path.startsWith('/') || path.length > MAX_PATH) throw new Error(`invalid path: ${JSON.stringify(path)}`);
  for (const part of path.split('/')) {
    if (part === '..' || part.length > MAX_NAME) throw new Error(`invalid path: ${JSON.stringify(path)}`);
  }
  if (path.startsWith('..')) throw new Error(`path must not start with "..": ${JSON.stringify(path)}`);
}

async function writeFile(
  files: FileSystem,
  root: string,
  path: string,
  file: { data: Uint8Array; mode: number; uid?: number },
  ownership: Ownership,
): Promise<void> {
  const at = path.lastIndexOf('/');
  if (at > 0) await files.mkdir(`${root}/${path.slice(0, at)}`, 0o755);
  // Readable by the group that the pod's processes are in, and no more: nobody writes these.
  const mode = ownership.gid === undefined ? file.mode : file.mode | 0o440;
  await files.write(`${root}/${path}`, file.data, mode);
  if (file.uid !== undefined || ownership.gid !== undefined) await files.chown(`${root}/${path}`, file.uid ?? -1, ownership.gid ?? -1);
}

async function currentFolder(files: FileSystem, dir: string): Promise<string | undefined> {
  return (await files.lstat(`${dir}/${DATA}`)) ? files.readlink(`${dir}/${DATA}`) : undefined;
}

async function same(files: FileSystem, dir: string, payload: Payload): Promise<boolean> {
  const present = await walk(files, dir, '');
  if (present.length !== payload.size) return false;
  for (const path of present) {
    const wanted = payload.get(path);
    if (!wanted) return false;
    const data = await files.read(`${dir}/${path}`);
    if (!equalBytes(data, wanted.data)) return false;
  }
  return true;
}

async function walk(files: FileSystem, dir: string, below: string): Promise<string[]> {
  const out: string[] = [];
  for (const name of await files.list(dir)) {
    const info = await files.lstat(`${dir}/${name}`);
    if (info?.type === 'directory') addAll(out, await walk(files, `${dir}/${name}`, `${below}${name}/`));
    else out.push(`${below}${name}`);
  }
  return out;
}

async function linkNames(files: FileSystem, dir: string, payload: Payload): Promise<void> {
  const wanted = new Set([...payload.keys()].map((p) => p.split('/')[0]!));
  for (const name of await files.list(dir)) if (!name.startsWith('..') && !wanted.has(name)) await files.remove(`${dir}/${name}`);
  for (const name of wanted) if (!(await files.lstat(`${dir}/${name}`))) await files.symlink(`${DATA}/${name}`, `${dir}/${name}`);
}
