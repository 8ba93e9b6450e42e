/** Makes a store's directory out of an etcd snapshot: whole, or not at all. */
import fs from 'node:fs';
import path from 'node:path';
import { stateOf } from '../etcd/snapshot/import.js';
import { syncDirectory } from '../store/embedded/file-log.js';
import { openEmbeddedStore } from '../store/embedded/open.js';
import type { HistoryRecord } from '../store/maintenance.js';
import type { Env } from '../util/component.js';
import { UserError } from './fail.js';
import { SnapshotFile } from './snapshot-file.js';

export interface RestoreOptions {
  readonly file: string;
  /** The store's directory: absent or empty. */
  readonly dir: string;
  readonly skipHashCheck?: boolean;
  readonly env: Env;
  /** Throws for a record that whoever reads the store cannot use. */
  readonly check?: (record: HistoryRecord) => void;
  /** What to do about a file without its hash. */
  readonly withoutHash?: string;
}

export interface Restored {
  readonly revision: number;
  readonly keys: number;
}

const PART = '.restoring';

export async function restoreSnapshot({ file, skipHashCheck, env, check, withoutHash, ...rest }: RestoreOptions): Promise<Restored> {
  const dir = path.resolve(rest.dir);
  if (!isFree(dir))
    throw new UserError(`data-dir ${JSON.stringify(rest.dir)} not empty or could not be read: choose another one, or move it away`);
  return SnapshotFile.with(file, async (snapshot) => {
    if (!skipHashCheck) snapshot.checkDigest(withoutHash);
    const read = stateOf(snapshot.database());
    const state = check ? { ...read, history: checked(read.history, check) } : read;
    const part = `${dir}${PART}`;
    fs.rmSync(part, { recursive: true, force: true });
    fs.mkdirSync(path.dirname(dir), { recursive: true });
    try {
      const store = await openEmbeddedStore({ dir: part, env, state });
      const { revision, keys } = await store.status();
      await store.close();
      // Takes the place of an empty directory, of no other.
      fs.renameSync(part, dir);
      syncDirectory(path.dirname(dir));
      return { revision, keys };
    } catch (e) {
      fs.rmSync(part, { recursive: true, force: true });
      throw e;
    }
  });
}

/** For a server that is about to start on `dataDir`. */
export async function restoreForStart(file: string, dataDir: string, env: Env): Promise<void> {
  const dir = path.join(dataDir, 'store');
  if (!isFree(dir))
    throw new UserError(
      `--from-snapshot: ${dataDir} already holds a store: leave the flag out to go on with it, or choose another --data-dir`,
    );
  const withoutHash = `for a file copied out of a data directory, first run: k8ts etcd snapshot restore ${file} --skip-hash-check --data-dir ${dir}`;
  const check = (record: HistoryRecord) => checkObject(file, record);
  const { revision, keys } = await restoreSnapshot({ file, dir, env, check, withoutHash });
  console.log(`restored ${keys} keys of revision ${revision} from ${file}`);
}

const OBJECTS = '/registry/';
/** How stored objects begin that are not JSON: the binary form, and what an encryption provider wrote. */
const UNREADABLE = [
  ['k8s\0', 'in the binary (protobuf) form', '--storage-media-type=application/json'],
  ['k8s:enc:', 'encrypted', 'the identity provider first in its --encryption-provider-config'],
] as const;

/** The API server reads objects as JSON. */
function checkObject(file: string, { key, value }: HistoryRecord): void {
  if (!key.startsWith(OBJECTS)) return;
  const start = String.fromCharCode(...value.subarray(0, 8));
  for (const [prefix, what, flag] of UNREADABLE) {
    if (start.startsWith(prefix))
      throw new UserError(
        `${file}: ${key} is stored ${what}, which k8ts does not read yet: run the other cluster's kube-apiserver with ${flag}, write every object anew (kubectl get … -o json | kubectl replace -f -), compact, and save the snapshot then`,
      );
  }
}

function* checked(history: Iterable<HistoryRecord>, check: (record: HistoryRecord) => void): Generator<HistoryRecord> {
  for (const record of history) {
    check(record);
    yield record;
  }
}

/** Whether there is nothing in it; a directory that is not there has nothing. */
export function isFree(dir: string): boolean {
  try {
    return fs.readdirSync(dir).length === 0;
  } catch (e) {
    return (e as NodeJS.ErrnoException).code === 'ENOENT';
  }
}
