/** Makes a store's directory out of an etcd snapshot: whole, or not at all. */
import fs from 'node:fs';
import path from 'node:path';
import { stateOf } from '../etcd/snapshot/import.js';
import { openEmbeddedStore } from '../store/embedded/open.js';
import type { Env } from '../util/component.js';
import { UserError } from './fail.js';
import { SnapshotFile } from './snapshot-file.js';

export interface RestoreOptions {
  readonly file: string;
  /** The store's directory: absent or empty. */
  readonly dir: string;
  readonly skipHashCheck?: boolean;
  readonly env: Env;
}

export interface Restored {
  readonly revision: number;
  readonly keys: number;
}

const PART = '.restoring';

export async function restoreSnapshot({ file, dir, skipHashCheck, env }: RestoreOptions): Promise<Restored> {
  if (!isFree(dir))
    throw new UserError(`data-dir ${JSON.stringify(dir)} not empty or could not be read: choose another one, or move it away`);
  return SnapshotFile.with(file, async (snapshot) => {
    if (!skipHashCheck) snapshot.checkDigest();
    const state = stateOf(snapshot.database());
    if (state.auth.enabled)
      throw new UserError(
        `${file}: authentication is enabled in this snapshot, and k8ts would let everyone in: run \`etcdctl auth disable\` before the snapshot is saved`,
      );
    const part = `${dir}${PART}`;
    fs.rmSync(part, { recursive: true, force: true });
    fs.mkdirSync(path.dirname(path.resolve(dir)), { recursive: true });
    try {
      const store = await openEmbeddedStore({ dir: part, env, state });
      const { revision, keys } = await store.status();
      await store.close();
      // Takes the place of an empty directory, of no other.
      fs.renameSync(part, dir);
      syncDirectory(path.dirname(path.resolve(dir)));
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
  const { revision, keys } = await restoreSnapshot({ file, dir, env });
  console.log(`restored ${keys} keys of revision ${revision} from ${file}`);
}

function isFree(dir: string): boolean {
  try {
    return fs.readdirSync(dir).length === 0;
  } catch (e) {
    return (e as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

function syncDirectory(dir: string): void {
  const fd = fs.openSync(dir, 'r');
  fs.fsyncSync(fd);
  fs.closeSync(fd);
}
