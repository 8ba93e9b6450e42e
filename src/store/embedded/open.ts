/** Opens the durable store of a data directory. */
import type { Env } from '../../util/component.js';
import { nextTurn } from '../../util/turn.js';
import type { StoreState } from '../maintenance.js';
import { openLogDirectory } from './file-log.js';
import type { LogDirectory, LogFile } from './files.js';
import type { Lessor } from './lessor.js';
import type { Log } from './log.js';
import { type RecoverySink, recover } from './recover.js';
import type { State } from './state.js';
import { LocalStore, loadState } from './store.js';
import { ValueCache } from './value-cache.js';
import { EMPTY } from './version.js';

export interface EmbeddedStoreOptions {
  readonly dir: string;
  readonly env: Env;
  /** Begin with this state; the directory must hold no store yet. */
  readonly state?: StoreState;
  /** Another file system, for tests. */
  readonly files?: LogDirectory;
  /** Bytes of present values kept in memory. */
  readonly valueMemory?: number;
}

/** Throws StoreLockedError where another process has the directory, CorruptLogError where the log is damaged. */
export async function openEmbeddedStore(options: EmbeddedStoreOptions): Promise<LocalStore> {
  const { env } = options;
  const files = options.files ?? openLogDirectory(options.dir);
  try {
    if (options.state) await writeState(files, env, options.state);
    return new LocalStore({ env, values: new ValueCache(options.valueMemory), soon: nextTurn }, (state, lessor) =>
      load(files, env, state, lessor),
    );
  } catch (e) {
    files.close();
    throw e;
  }
}

function load(files: LogDirectory, env: Env, state: State, lessor: Lessor): Log {
  const start = env.clock.now();
  const { log, cut, fresh } = recover(files, env.random, restoring(state, lessor));
  state.finishRestore();
  if (cut > 0) env.log.warn('the last write was torn and was cut off; it had not been acknowledged', { bytes: cut });
  if (!fresh) env.log.info('store recovered', { revision: state.revision, keys: state.index.live, milliseconds: env.clock.now() - start });
  return log;
}

function restoring(state: State, lessor: Lessor): RecoverySink {
  return {
    put: (key, mod, sub, create, count, lease, valueAt, length, file: LogFile) =>
      state.restore(key, mod, sub, create, count, lease, false, undefined, length, file, valueAt),
    delete: (key, mod, sub) => state.restore(key, mod, sub, 0, 0, 0n, true, EMPTY, 0),
    grant: (id, ttl) => void (lessor.get(id) ?? lessor.add(id, ttl, true)),
    revoke: (id) => lessor.remove(id),
    compact: (revision) => {
      state.compactRevision = Math.max(state.compactRevision, revision);
    },
    base: (revision, compactRevision) => {
      state.revision = Math.max(state.revision, revision);
      state.compactRevision = Math.max(state.compactRevision, compactRevision);
    },
    baseEnd() {},
    note: (name, value) => void state.notes.set(name, value),
  };
}

/** Writes a given state as the base of a new log. */
async function writeState(files: LogDirectory, env: Env, from: StoreState): Promise<void> {
  if (files.list().some((name) => /\.(log|base)$/.test(name))) throw new Error(`${files.path} already holds a store`);
  const values = new ValueCache(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
  // The directory stays locked from here to the store that is opened on it.
  const kept = Object.create(files, { close: { value() {} } }) as LogDirectory;
  const staged = new LocalStore({ env, values, soon: nextTurn }, (state, lessor) => {
    loadState(from, state, lessor);
    return recover(kept, env.random, restoring(state, lessor)).log;
  });
  await staged.defragment();
  await staged.close();
}
