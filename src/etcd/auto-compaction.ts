/** Compaction by itself: of what is older than a time, or of all but so many revisions. Off unless asked for, as in etcd. */

import { CompactedError, type Store } from '../store/store.js';
import { every, type Timer } from '../util/clock.js';
import type { Env } from '../util/component.js';

export type AutoCompaction =
  | { readonly mode: 'periodic'; readonly retentionMs: number }
  | { readonly mode: 'revision'; readonly retention: number };

const REVISION_CHECK_MS = 5 * 60 * 1000;
/** The revision is noted this many times in a retention period (at least every hour). */
const SAMPLES = 10;
const HOUR_MS = 3_600_000;

export function startAutoCompaction(store: Store, env: Env, mode: AutoCompaction | undefined): Timer {
  if (mode === undefined) return { cancel() {} };
  if (mode.mode === 'revision') {
    if (mode.retention <= 0) return { cancel() {} };
    return every(env.clock, REVISION_CHECK_MS, () => compact(store, env, store.revision - mode.retention));
  }
  if (mode.retentionMs <= 0) return { cancel() {} };
  const seen: { at: number; revision: number }[] = [];
  return every(env.clock, Math.min(mode.retentionMs, HOUR_MS) / SAMPLES, async () => {
    const now = env.clock.now();
    seen.push({ at: now, revision: store.revision });
    let old = 0;
    while (seen.length > 0 && seen[0]!.at <= now - mode.retentionMs) old = seen.shift()!.revision;
    await compact(store, env, old);
  });
}

async function compact(store: Store, env: Env, revision: number): Promise<void> {
  if (revision <= 1) return;
  try {
    await store.compact(revision);
  } catch (e) {
    if (!(e instanceof CompactedError)) env.log.warn('auto-compaction failed', { revision, error: String(e) });
  }
}
