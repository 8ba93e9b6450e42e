/**
 * One sync for all writes that wait together. Writes are applied in memory as they come and join the open batch; when the disk is free the
 * batch is committed, and what comes meanwhile makes up the next. When a batch is durable its revision is published: readers
 * see it, watches get its events, and only then its writers are told.
 */
import { StoreFailedError } from '../store.js';
import type { Journal } from './journal.js';
import type { Version } from './version.js';

interface Waiter {
  resolve(): void;
  reject(error: Error): void;
}

interface Batch {
  revision: number;
  readonly versions: Version[];
  readonly waiters: Waiter[];
}

export interface Publisher {
  /** The batch is durable. Must not throw. */
  publish(revision: number, versions: readonly Version[]): void;
  failed(error: StoreFailedError): void;
}

export class GroupCommit {
  private open: Batch | undefined;
  private syncing = false;
  private idle: (() => void)[] = [];
  failure: StoreFailedError | undefined;

  constructor(
    private readonly journal: Journal,
    private readonly publisher: Publisher,
    /** When to commit: after what else arrives now. */
    private readonly soon: (fn: () => void) => void,
    /** Given each sync of the journal, says when it counts as done. */
    private readonly away: (sync: void | Promise<void>) => void | Promise<void> = (sync) => sync,
  ) {}

  /** Nothing is applied that is not durable. */
  get settled(): boolean {
    return this.open === undefined && !this.syncing;
  }

  /** Records changes that were applied, and that the state is now at `revision`. */
  add(revision: number, versions: readonly Version[]): void {
    const batch = this.batch();
    batch.revision = revision;
    for (const v of versions) {
      this.journal.version(v);
      batch.versions.push(v);
    }
  }

  /** Resolves when all that was applied until now is durable and published. */
  durable<T>(result: T): Promise<T> {
    if (this.failure) return Promise.reject(this.failure);
    const batch = this.batch();
    return new Promise((resolve, reject) => batch.waiters.push({ resolve: () => resolve(result), reject }));
  }

  /** Nothing more is taken: what was applied and not added cannot be taken back. What is on its way to the disk still counts. */
  stop(cause: unknown): StoreFailedError {
    const later = this.open;
    this.open = undefined;
    return this.refuse(cause, later?.waiters ?? []);
  }

  /** Resolves when no write is under way any more. */
  whenSettled(): Promise<void> {
    if (this.settled) return Promise.resolve();
    return new Promise((resolve) => this.idle.push(resolve));
  }

  private batch(): Batch {
    if (this.open === undefined) {
      this.open = { revision: 0, versions: [], waiters: [] };
      if (!this.syncing) this.soon(() => this.flush());
    }
    return this.open;
  }

  private flush(): void {
    const batch = this.open;
    if (batch === undefined || this.failure) return;
    this.open = undefined;
    let sync: void | Promise<void>;
    try {
      sync = this.away(this.journal.commit());
    } catch (e) {
      this.fail(e, batch);
      return;
    }
    if (sync === undefined) {
      this.publish(batch);
      this.settle();
      return;
    }
    this.syncing = true;
    sync.then(
      () => {
        this.syncing = false;
        this.publish(batch);
        if (this.open) this.flush();
        else this.settle();
      },
      (e) => this.fail(e, batch),
    );
  }

  private publish(batch: Batch): void {
    if (batch.versions.length > 0) this.publisher.publish(batch.revision, batch.versions);
    for (const waiter of batch.waiters) waiter.resolve();
  }

  private settle(): void {
    if (!this.settled) return;
    const { idle } = this;
    this.idle = [];
    for (const resolve of idle) resolve();
  }

  private fail(cause: unknown, batch: Batch): void {
    this.syncing = false;
    const later = this.open;
    this.open = undefined;
    this.refuse(cause, [...batch.waiters, ...(later?.waiters ?? [])]);
    this.settle();
  }

  private refuse(cause: unknown, waiters: readonly Waiter[]): StoreFailedError {
    this.failure ??= new StoreFailedError(cause instanceof Error ? cause : new Error(String(cause)));
    this.publisher.failed(this.failure);
    for (const waiter of waiters) waiter.reject(this.failure);
    return this.failure;
  }
}
