/**
 * Transactions in three steps: choose (all comparisons, nested ones too, against the state before), check (no request may fail half-way),
 * apply. Only the last changes anything; where a disk fails to read a value then, the store must stop.
 */
import {
  type DeleteRequest,
  KeyNotFoundError,
  type KeyValue,
  LeaseNotFoundError,
  type Operation,
  type OperationResult,
  type PutRequest,
  type TxnRequest,
  type TxnResult,
} from '../store.js';
import { holds } from './compare.js';
import type { Entry } from './key-index.js';
import { readRange } from './range.js';
import { type State, scanEnd } from './state.js';
import { EMPTY, NO_LEASE, type Version } from './version.js';

/** What a transaction will do: its comparisons are decided. */
export interface Plan {
  readonly succeeded: boolean;
  readonly steps: readonly Step[];
}

type Step = Exclude<Operation, { readonly txn: TxnRequest }> | { readonly plan: Plan };

export function planTxn(state: State, request: TxnRequest): Plan {
  const succeeded = request.compare.every((c) => holds(state, c));
  const steps = (succeeded ? request.success : request.failure).map((op): Step => {
    if ('txn' in op) return { plan: planTxn(state, op.txn) };
    check(state, op);
    return op;
  });
  return { succeeded, steps };
}

function check(state: State, op: Exclude<Operation, { readonly txn: TxnRequest }>): void {
  if ('range' in op) {
    if (op.range.revision) state.checkReadable(op.range.revision, state.revision);
  } else if ('put' in op) {
    const { put } = op;
    if (put.lease && !put.ignoreLease && !state.lessor.has(put.lease)) throw new LeaseNotFoundError();
    if ((put.ignoreValue || put.ignoreLease) && (state.index.get(put.key)?.head.deleted ?? true)) throw new KeyNotFoundError();
  }
}

/** Applies plans, and collects what they changed. */
export class Applier {
  readonly changes: Version[] = [];

  constructor(private readonly state: State) {}

  run(plan: Plan): TxnResult {
    const before = this.state.revision;
    const draft = this.steps(plan, before);
    if (this.changes.length > 0) this.state.revision = before + 1;
    return draft(this.state.revision);
  }

  /** The result needs the transaction's revision, known when all steps ran. */
  private steps(plan: Plan, before: number): (revision: number) => TxnResult {
    const results: ((revision: number) => OperationResult)[] = [];
    for (const step of plan.steps) {
      if ('plan' in step) {
        const nested = this.steps(step.plan, before);
        results.push((revision) => ({ txn: nested(revision) }));
        continue;
      }
      const result = this.step(step, before);
      results.push(() => result);
    }
    return (revision) => ({ revision, succeeded: plan.succeeded, results: results.map((r) => r(revision)) });
  }

  private step(op: Exclude<Step, { readonly plan: Plan }>, before: number): OperationResult {
    if ('put' in op) return { put: this.put(op.put, before + 1) };
    if ('delete' in op) return { delete: this.delete(op.delete, before + 1) };
    const now = this.changes.length > 0 ? before + 1 : before;
    return { range: readRange(this.state, op.range, now, op.range.revision || Number.POSITIVE_INFINITY) };
  }

  private put(request: PutRequest, revision: number): { prevKv?: KeyValue } {
    const { state } = this;
    const head = state.index.get(request.key)?.head;
    const prev = head === undefined || head.deleted ? undefined : head;
    const value = request.ignoreValue ? (prev ? state.values.value(prev) : EMPTY) : request.value;
    const lease = request.ignoreLease ? (prev?.lease ?? NO_LEASE) : (request.lease ?? NO_LEASE);
    const prevKv = request.prevKv && prev ? state.keyValue(prev) : undefined;
    this.changes.push(state.put(request.key, value, lease, revision, this.changes.length));
    return prevKv ? { prevKv } : NOTHING;
  }

  private delete(request: DeleteRequest, revision: number): { deleted: number; prevKvs: KeyValue[] } {
    const { state } = this;
    const entries: Entry[] = [];
    if (request.end === undefined) {
      const entry = state.index.get(request.key);
      if (entry && !entry.head.deleted) entries.push(entry);
    } else {
      state.index.scan(request.key, scanEnd(request), (entry) => {
        if (!entry.head.deleted) entries.push(entry);
        return true;
      });
    }
    const prevKvs = request.prevKv ? entries.map((e) => state.keyValue(e.head)) : [];
    for (const entry of entries) this.changes.push(state.delete(entry, revision, this.changes.length));
    return { deleted: entries.length, prevKvs };
  }
}

const NOTHING = {};
