/** A store that lives as long as the process: the embedded store without its log. For tests, virtual clusters and the browser. */
import type { Env } from '../util/component.js';
import { noJournal } from './embedded/journal.js';
import { LocalStore, loadState } from './embedded/store.js';
import { everyValue } from './embedded/value-cache.js';
import type { StoreState } from './maintenance.js';

export interface MemoryStoreOptions {
  readonly env: Env;
  /** Begin with this state: a fork of another store. */
  readonly state?: StoreState;
}

export function openMemoryStore({ env, state: from }: MemoryStoreOptions): LocalStore {
  return new LocalStore({ env, values: everyValue, soon: queueMicrotask }, (state, lessor) => {
    if (from) loadState(from, state, lessor);
    return noJournal;
  });
}
