/** The cgroups above those of Pods: of all of them, which the node's own programs are kept from, and of the classes of service. */
import type { Pod } from '../api/types/core/v1.js';
import type { EventSink } from '../client/events.js';
import type { Clock } from '../util/clock.js';
import type { CgroupLimits, Cgroups } from './host.js';
import type { KubeletOptions } from './kubelet.js';
import { capacity } from './node-status.js';
import { POD_CGROUP_ROOT } from './qos.js';
import { allPodsLimits, qosShares } from './reserved.js';

export interface PodGroupsOptions {
  readonly cgroups: Cgroups;
  readonly root: string;
  readonly limits: CgroupLimits;
  /** Those that run. */
  readonly pods: () => readonly Pod[];
  readonly clock: Pick<Clock, 'now'>;
  readonly event: (type: 'Normal' | 'Warning', reason: string, message: string) => void;
}

/** Pods that were there before may use more than they are to have from now on: the kernel refuses then, and is asked again. */
const RETRY_MS = 60_000;

export class PodGroups {
  private held = false;
  private tried = Number.NEGATIVE_INFINITY;
  private readonly shares = new Map<string, number>();

  constructor(private readonly o: PodGroupsOptions) {}

  /** Called now and then: what is as it should be costs nothing. */
  async hold(): Promise<void> {
    await this.all();
    for (const [name, cpuShares] of Object.entries(qosShares(this.o.pods()))) {
      if (this.shares.get(name) === cpuShares) continue;
      await this.o.cgroups.ensure(`${this.o.root}/${name}`, { cpuShares });
      this.shares.set(name, cpuShares);
    }
  }

  private async all(): Promise<void> {
    const { cgroups, root, limits, clock, event } = this.o;
    if (this.held || clock.now() - this.tried < RETRY_MS) return;
    this.tried = clock.now();
    try {
      await cgroups.ensure(root, limits);
      this.held = true;
      event('Normal', 'NodeAllocatableEnforced', 'Updated Node Allocatable limit across pods');
    } catch (e) {
      const name = root
        .split('/')
        .filter(Boolean)
        .map((part) => JSON.stringify(part));
      const message = `Failed to update Node Allocatable Limits [${name.join(' ')}]: ${(e as Error).message}`;
      event('Warning', 'FailedNodeAllocatableEnforcement', message);
    }
  }
}

/** As a kubelet is told; undefined where it is to hold its Pods to nothing. */
export async function podGroups(o: KubeletOptions, events: EventSink, pods: () => readonly Pod[]): Promise<PodGroups | undefined> {
  const { host, folders, nodeName, env, enforceNodeAllocatable, kubeReserved = {}, maxPods = 110, cgroupRoot = POD_CGROUP_ROOT } = o;
  if (!enforceNodeAllocatable) return undefined;
  const [facts, { maxProcesses }, disk] = await Promise.all([
    host.machine.facts(),
    host.machine.usage(),
    host.files.capacity(folders.root),
  ]);
  return new PodGroups({
    cgroups: host.cgroups,
    root: cgroupRoot,
    limits: allPodsLimits(capacity({ facts, disk }, maxPods), maxProcesses, kubeReserved),
    pods,
    clock: env.clock,
    event: (...said) => events.event({ kind: 'Node', name: nodeName, uid: nodeName, apiVersion: 'v1' }, ...said),
  });
}
