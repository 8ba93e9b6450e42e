/** Carries pod statuses to the API: the newest of each pod, one write a pod at a time, tried again until it is there. */
import type { Pod, PodStatus } from '../api/types/core/v1.js';
import type { Client } from '../client/client.js';
import { isConflict, isNotFound } from '../meta/errors.js';
import { sleep } from '../util/clock.js';
import type { Env } from '../util/component.js';
import { nameOf, namespaceOf, uidOf } from './pods.js';
import { equal, statusPatch } from './status.js';

interface Entry {
  /** Whose status it is in the API: the pod, or a static pod's mirror. */
  target: Pod | undefined;
  /** What the API has, as far as is known. */
  known: PodStatus;
  wanted: PodStatus;
  /** What the API made of the last write. Seen again it is no difference, even where the API keeps it in another form. */
  answered?: PodStatus | undefined;
  writing: Promise<void> | undefined;
  failures: number;
}

const RETRY_MS = 500;
const MAX_RETRY_MS = 10_000;

export class StatusManager {
  private readonly entries = new Map<string, Entry>();
  private readonly stopping = new AbortController();

  constructor(
    private readonly client: Client,
    private readonly env: Env,
  ) {}

  /** The last status that was set. */
  get(podUid: string): PodStatus | undefined {
    return this.entries.get(podUid)?.wanted;
  }

  /** `target` is the pod in the API; undefined while a static pod has no mirror. */
  set(podUid: string, target: Pod | undefined, status: PodStatus): void {
    const entry = this.entries.get(podUid);
    if (!entry) {
      this.entries.set(podUid, { target, known: target?.status ?? {}, wanted: status, writing: undefined, failures: 0 });
    } else {
      if (target && uidOf(target) !== (entry.target ? uidOf(entry.target) : '')) entry.known = target.status ?? {};
      entry.target = target;
      entry.wanted = status;
    }
    this.write(podUid);
  }

  /** The API shows a pod: what it has may differ from what was written last. */
  observe(podUid: string, target: Pod): void {
    const entry = this.entries.get(podUid);
    if (!entry || entry.writing) return;
    entry.target = target;
    if (entry.answered && equal(entry.answered, target.status)) return;
    entry.known = target.status ?? {};
    this.write(podUid);
  }

  /** Resolves when the newest status of the pod is in the API (or the pod is not there any more). */
  async flushed(podUid: string): Promise<void> {
    for (let e = this.entries.get(podUid); e?.writing; e = this.entries.get(podUid)) await e.writing;
  }

  forget(podUid: string): void {
    this.entries.delete(podUid);
  }

  /** Waits for writes under way; what fails now is not tried again. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all([...this.entries.values()].map((e) => e.writing));
  }

  private write(podUid: string): void {
    const entry = this.entries.get(podUid);
    if (!entry?.target || entry.writing || !statusPatch(uidOf(entry.target), entry.known, entry.wanted)) return;
    entry.writing = this.loop(podUid, entry).finally(() => {
      entry.writing = undefined;
      // Set again while the last write was ending.
      if (!this.stopping.signal.aborted && this.entries.get(podUid) === entry && !equal(entry.known, entry.wanted)) this.write(podUid);
    });
  }

  private async loop(podUid: string, entry: Entry): Promise<void> {
    // What follows at once is written with it: a simulated pod goes from nothing to Running in one write.
    if (!this.stopping.signal.aborted) await sleep(this.env.clock, 0);
    while (entry.target && this.entries.get(podUid) === entry) {
      const { target, wanted } = entry;
      const patch = statusPatch(uidOf(target), entry.known, wanted);
      if (!patch) return;
      try {
        const ref = { apiVersion: 'v1', kind: 'Pod', namespace: namespaceOf(target), name: nameOf(target) } as const;
        const answer = await this.client.patch(ref, patch, { subresource: 'status', type: 'application/strategic-merge-patch+json' });
        entry.answered = answer.status;
        entry.known = wanted;
        entry.failures = 0;
      } catch (e) {
        // Gone, or another pod has the name now: nobody is left to tell.
        if (isNotFound(e) || isConflict(e)) {
          entry.known = wanted;
          return;
        }
        this.env.log.warn('pod status not written', { pod: nameOf(target), error: (e as Error).message });
        if (this.stopping.signal.aborted) return;
        await sleep(this.env.clock, Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** entry.failures++), this.stopping.signal);
        if (this.stopping.signal.aborted) return;
      }
    }
  }
}
