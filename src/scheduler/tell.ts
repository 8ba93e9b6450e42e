/** What the scheduler says about Pods: events, and the condition PodScheduled in their status. */
import type { Pod } from '../api/types/core/v1.js';
import type { Client } from '../client/client.js';
import { EventRecorder } from '../client/events.js';
import { PODS } from '../client/kinds.js';
import { isNotFound } from '../meta/errors.js';
import { timestamp } from '../util/clock.js';
import type { Env } from '../util/component.js';
import { podKey } from './pod-info.js';

/** As long as an event's note may be. */
const NOTE_LIMIT = 1024;
const cut = (message: string): string => (message.length <= NOTE_LIMIT ? message : `${message.slice(0, NOTE_LIMIT - 4)} ...`);

export interface Failure {
  readonly reason: 'Unschedulable' | 'SchedulerError' | 'SchedulingGated';
  readonly message: string;
  readonly nominatedNodeName?: string;
}

/** Under the name of one profile. */
export class Teller {
  private readonly events: EventRecorder;

  constructor(
    private readonly client: Client,
    private readonly env: Env,
    profile: string,
  ) {
    this.events = new EventRecorder(client, env, { component: profile, perVersion: true });
  }

  flush(): Promise<void> {
    return this.events.flush();
  }

  scheduled(pod: Pod, node: string): void {
    this.events.normal(pod, 'Scheduled', `Successfully assigned ${podKey(pod)} to ${node}`);
  }

  failed(pod: Pod, why: Failure): void {
    this.events.warning(pod, 'FailedScheduling', cut(why.message));
    void this.condition(pod, why);
  }

  /** Says in the Pod's status why it has no node. */
  async condition(pod: Pod, { reason, message, nominatedNodeName }: Failure): Promise<void> {
    const present = pod.status.conditions?.find((c) => c.type === 'PodScheduled');
    const known = present?.status === 'False' && present.reason === reason && present.message === message;
    const nominated = nominatedNodeName !== undefined && nominatedNodeName !== pod.status.nominatedNodeName;
    if (known && !nominated) return;
    const { name, namespace } = pod.metadata;
    const condition = {
      type: 'PodScheduled',
      status: 'False',
      reason,
      message,
      lastProbeTime: null,
      lastTransitionTime: timestamp(this.env.clock.now()),
      ...(reason === 'SchedulingGated' ? {} : { observedGeneration: pod.metadata.generation }),
    };
    try {
      await this.client.patch(
        { ...PODS, namespace, name },
        { status: { conditions: [condition], ...(nominated ? { nominatedNodeName } : {}) } },
        { type: 'application/strategic-merge-patch+json', subresource: 'status' },
      );
    } catch (e) {
      if (!isNotFound(e))
        this.env.log.debug('the reason could not be written to the pod', { pod: podKey(pod), error: (e as Error).message });
    }
  }
}
