/**
 * Notices what happens in the runtime behind the kubelet's back (Kubernetes' "pod lifecycle event generator"): from the runtime's own events,
 * and by looking over everything now and then, often where there are no events.
 */
import { every, sleep, type Timer } from '../util/clock.js';
import type { Env } from '../util/component.js';
import { podUidOf } from './labels.js';
import { type ContainerRuntime, RuntimeError } from './runtime.js';

const RELIST_MS = 1000;
const RELIST_WITH_EVENTS_MS = 10_000;
const RETRY_MS = 1000;

export interface PlegHandler {
  /** Something of this pod has changed. */
  changed(podUid: string): void;
  /** The runtime answers, or does not. */
  health(error: Error | undefined): void;
}

export class Pleg {
  private readonly stopping = new AbortController();
  /** Pod of each container and sandbox. */
  private readonly owners = new Map<string, string>();
  private states = new Map<string, string>();
  private timer: Timer | undefined;
  private loop: Promise<void> = Promise.resolve();

  constructor(
    private readonly runtime: ContainerRuntime,
    private readonly env: Env,
    private readonly handler: PlegHandler,
  ) {}

  async start(): Promise<void> {
    await this.relist();
    this.loop = this.listen();
    if (!this.runtime.steady) this.arm(RELIST_WITH_EVENTS_MS);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.timer?.cancel();
    await this.loop;
  }

  private arm(ms: number): void {
    this.timer?.cancel();
    if (!this.stopping.signal.aborted) this.timer = every(this.env.clock, ms, () => this.relist());
  }

  private async listen(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        for await (const event of this.runtime.events(signal)) {
          // Creations and starts are our own doing.
          if (event.type === 'created' || event.type === 'started') continue;
          const uid = this.owners.get(event.id) ?? (await this.lookUp(event.id));
          if (uid) this.handler.changed(uid);
        }
      } catch (e) {
        if (e instanceof RuntimeError && e.code === 'Unimplemented') {
          this.arm(RELIST_MS);
          return;
        }
        this.env.log.debug('runtime events broke off', { error: (e as Error).message });
      }
      await sleep(this.env.clock, RETRY_MS, signal);
      if (!signal.aborted) await this.relist();
    }
  }

  private async lookUp(id: string): Promise<string | undefined> {
    const [containers, sandboxes] = await Promise.all([this.runtime.listContainers({ id }), this.runtime.listSandboxes({ id })]);
    const found = containers[0] ?? sandboxes[0];
    const uid = found && podUidOf(found);
    if (uid) this.owners.set(id, uid);
    return uid;
  }

  private async relist(): Promise<void> {
    try {
      const [sandboxes, containers] = await Promise.all([this.runtime.listSandboxes(), this.runtime.listContainers()]);
      this.handler.health(undefined);
      const next = new Map<string, string>();
      const changed = new Set<string>();
      for (const item of [...sandboxes, ...containers]) {
        const uid = podUidOf(item);
        next.set(item.id, item.state);
        this.owners.set(item.id, uid);
        if (this.states.get(item.id) !== item.state) changed.add(uid);
      }
      for (const id of this.states.keys()) {
        if (next.has(id)) continue;
        changed.add(this.owners.get(id) ?? '');
        this.owners.delete(id);
      }
      this.states = next;
      changed.delete('');
      for (const uid of changed) this.handler.changed(uid);
    } catch (e) {
      this.handler.health(e as Error);
    }
  }
}
