/**
 * The one loop that keeps a copy of a kind true: list, watch from there, list again where the position is too old to watch from.
 * A watch that breaks goes on from where it got to. Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
import { isExpired } from '../meta/errors.js';
import type { ApiObject } from '../meta/object.js';
import { sleep } from '../util/clock.js';
import type { Env } from '../util/component.js';
import type { Client, KindRef, Selection } from './client.js';

/** Where a reflector keeps what it sees. */
export interface ReflectorStore<T> {
  /** All there is: what is not in the list is gone. */
  replace(objects: readonly T[]): void;
  put(object: T): void;
  /** As it was last. */
  drop(object: T): void;
}

const FIRST_RETRY_MS = 200;
const LAST_RETRY_MS = 30_000;
/** A watch that ends sooner, without an event, is as good as refused. */
const SHORT_WATCH_MS = 1000;
/** So many failures in a row are worth a line in the log. */
const TELL_AT = 3;

export class Reflector<T extends ApiObject> {
  /** Seen up to here; undefined: to be listed. */
  private position: string | undefined;
  /** Since something was last seen. */
  private failures = 0;
  /** A list has followed since something was last seen, because the position was too old. */
  private relisted = false;

  constructor(
    private readonly client: Client,
    private readonly env: Env,
    private readonly ref: KindRef & Selection,
    private readonly store: ReflectorStore<T>,
  ) {}

  /** Runs until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.position === undefined) await this.list(signal);
        await this.watch(signal);
      } catch (e) {
        if (signal.aborted) return;
        const expired = isExpired(e);
        if (expired) this.position = undefined;
        // Listed again at once; but not again and again, where each list is too old by the time it is watched from.
        if (expired && !this.relisted) this.relisted = true;
        else await this.backOff(e as Error, signal);
      }
    }
  }

  private async list(signal: AbortSignal): Promise<void> {
    const list = await this.client.list(this.ref, { signal });
    if (signal.aborted) return;
    this.store.replace(list.items as unknown as T[]);
    this.position = list.metadata.resourceVersion ?? '';
  }

  /** Until the server ends it, which it does from time to time. */
  private async watch(signal: AbortSignal): Promise<void> {
    const began = this.env.clock.monotonic();
    let seen = false;
    for await (const e of this.client.watch(this.ref, { resourceVersion: this.position, bookmarks: true, signal })) {
      const object = e.object as unknown as T;
      if (e.type === 'DELETED') this.store.drop(object);
      else if (e.type !== 'BOOKMARK') this.store.put(object);
      this.position = object.metadata.resourceVersion;
      if (!seen) this.goesWell();
      seen = true;
    }
    if (signal.aborted || seen) return;
    if (this.env.clock.monotonic() - began < SHORT_WATCH_MS) throw new Error('the watch ended at once');
    this.goesWell();
  }

  private goesWell(): void {
    this.failures = 0;
    this.relisted = false;
  }

  private async backOff(error: Error, signal: AbortSignal): Promise<void> {
    const retry = Math.min(FIRST_RETRY_MS * 2 ** this.failures++, LAST_RETRY_MS);
    this.env.log[this.failures === TELL_AT ? 'warn' : 'debug']('a list or watch failed and is tried again', {
      kind: this.ref.kind,
      failures: this.failures,
      error: error.message,
    });
    await sleep(this.env.clock, retry * (1 + this.env.random.float()), signal);
  }
}
