/**
 * Compaction of a store that others keep and that several API servers share. The servers agree through one key: its version is the round,
 * its value the revision at the round's beginning. Who wins a round compacts to the revision that it saw at the round before, so that what
 * is younger than one interval is kept. The same key as the original's: both may work on one etcd.
 * Source: https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/ (--etcd-compaction-interval)
 */
import { CompactedError, type Store } from '../store/store.js';
import { utf8 } from '../util/bytes.js';
import { every, type Timer } from '../util/clock.js';
import type { Env } from '../util/component.js';

const KEY = 'compact_rev_key';

export interface Round {
  readonly round: number;
  /** Where the next round may compact to; 0: not known yet. */
  readonly revision: number;
}

/** `intervalMs` 0: never. */
export function startCompaction(store: Store, env: Env, intervalMs: number): Timer {
  if (intervalMs <= 0) return { cancel() {} };
  let last: Round = { round: 0, revision: 0 };
  return every(env.clock, intervalMs, async () => {
    try {
      last = await compactionRound(store, last);
    } catch (e) {
      env.log.warn('the store was not compacted', { error: String(e) });
    }
  });
}

/** One turn at it; what it returns goes into the next. */
export async function compactionRound(store: Store, last: Round): Promise<Round> {
  const { succeeded, revision, results } = await store.txn({
    compare: [{ key: KEY, target: 'version', result: '=', value: last.round }],
    success: [{ put: { key: KEY, value: utf8(String(last.revision)) } }],
    failure: [{ range: { key: KEY } }],
  });
  if (!succeeded) {
    const [result] = results;
    const kv = result && 'range' in result ? result.range.kvs[0] : undefined;
    return { round: kv?.version ?? 0, revision };
  }
  if (last.revision > 0) {
    await store.compact(last.revision).catch((e) => {
      if (!(e instanceof CompactedError)) throw e;
    });
  }
  return { round: last.round + 1, revision };
}
