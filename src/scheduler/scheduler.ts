/** kube-scheduler: takes pods that have no node, one after another, and binds each to the best one. Binding goes on beside the next pod's turn. */
import type { Node, Pod } from '../api/types/core/v1.js';
import type { Client } from '../client/client.js';
import { EventRecorder } from '../client/events.js';
import { Informers } from '../client/informer.js';
import { NODES, PODS } from '../client/kinds.js';
import { isConflict, isNotFound } from '../meta/errors.js';
import { timestamp } from '../util/clock.js';
import type { Component, Env } from '../util/component.js';
import { podInfo, SchedulerCache } from './cache.js';
import { schedule } from './cycle.js';
import type { Plugin } from './framework.js';
import { nodeEvents } from './node-events.js';
import { defaultPlugins } from './plugins/default.js';
import { SchedulingQueue } from './queue.js';

export interface SchedulerOptions {
  readonly client: Client;
  readonly env: Env;
  readonly schedulerName?: string;
  readonly plugins?: readonly Plugin[];
}

const DEFAULT_NAME = 'default-scheduler';
const key = (p: Pod): string => `${p.metadata.namespace}/${p.metadata.name}`;
const finished = (p: Pod): boolean => p.status.phase === 'Succeeded' || p.status.phase === 'Failed';

/** As long as an event's note may be. */
const NOTE_LIMIT = 1024;
const cut = (message: string): string => (message.length <= NOTE_LIMIT ? message : `${message.slice(0, NOTE_LIMIT - 4)} ...`);

export class Scheduler implements Component {
  readonly name = 'kube-scheduler';
  private readonly informers: Informers;
  private readonly cache = new SchedulerCache();
  private readonly queue: SchedulingQueue;
  private readonly events: EventRecorder;
  private readonly plugins: readonly Plugin[];
  private readonly own: string;
  private readonly abort = new AbortController();
  private readonly binding = new Set<Promise<void>>();
  /** Pods that are assumed on a node until the API server says where they are. */
  private readonly assumed = new Set<string>();
  private loop?: Promise<void>;
  private next = 0;

  constructor(private readonly o: SchedulerOptions) {
    this.informers = new Informers(o.client, o.env);
    this.queue = new SchedulingQueue(o.env);
    this.own = o.schedulerName ?? DEFAULT_NAME;
    this.events = new EventRecorder(o.client, o.env, { component: this.own, perVersion: true });
    this.plugins = o.plugins ?? defaultPlugins;
  }

  async start(): Promise<void> {
    this.informers.for(NODES).on({
      add: (n) => this.nodeSeen(n),
      update: (n, old) => this.nodeSeen(n, old),
      delete: (n) => this.cache.removeNode(n.metadata.name),
    });
    this.informers.for(PODS).on({ add: (p) => this.podSeen(p), update: (p, old) => this.podSeen(p, old), delete: (p) => this.podGone(p) });
    await this.informers.start();
    this.loop = this.run();
  }

  async stop(): Promise<void> {
    this.abort.abort();
    this.queue.stop();
    await this.informers.stop();
    await this.loop;
    await Promise.allSettled([...this.binding]);
    await this.events.flush();
  }

  private nodeSeen(n: Node, old?: Node): void {
    this.cache.putNode(n);
    for (const event of old ? nodeEvents(old, n) : (['node-added'] as const)) this.queue.event(event);
  }

  private podSeen(p: Pod, old?: Pod): void {
    const id = key(p);
    if (p.spec.nodeName) {
      this.assumed.delete(id);
      this.queue.remove(id);
      if (finished(p)) {
        this.cache.removePod(id);
        if (old && !finished(old)) this.queue.event('pod-removed');
      } else {
        this.cache.putPod(p, p.spec.nodeName);
        // A report of its status frees nothing, nor does its binding.
        if (old?.spec.nodeName && old.metadata.generation !== p.metadata.generation) this.queue.event('pod-updated');
      }
      return;
    }
    if (this.assumed.has(id)) return;
    const mine = (p.spec.schedulerName || DEFAULT_NAME) === this.own;
    if (!mine || p.metadata.deletionTimestamp || finished(p)) return this.queue.remove(id);
    const gate = this.plugins.map((x) => x.gate?.(p)).find(Boolean);
    if (gate) {
      this.queue.remove(id);
      void this.condition(p, 'SchedulingGated', gate);
      return;
    }
    // Its own status and annotations do not make it fit.
    if (
      old &&
      JSON.stringify(old.spec) === JSON.stringify(p.spec) &&
      JSON.stringify(old.metadata.labels) === JSON.stringify(p.metadata.labels)
    )
      return;
    this.queue.add(id, p.spec.priority ?? 0);
  }

  private podGone(p: Pod): void {
    const id = key(p);
    this.assumed.delete(id);
    this.queue.remove(id);
    this.cache.removePod(id);
    if (p.spec.nodeName) this.queue.event('pod-removed');
  }

  private async run(): Promise<void> {
    for (let id = await this.queue.take(this.abort.signal); id !== undefined; id = await this.queue.take(this.abort.signal)) {
      const at = id.indexOf('/');
      const pod = this.informers.for(PODS).get(id.slice(0, at), id.slice(at + 1));
      if (pod && !pod.spec.nodeName && !pod.metadata.deletionTimestamp) {
        try {
          this.attempt(pod, id);
        } catch (e) {
          // One pod's fault must not end everyone's scheduling.
          this.o.env.log.error('a pod could not be tried', { pod: id, error: (e as Error).stack });
          this.queue.retry(id);
        }
      }
    }
  }

  private attempt(pod: Pod, id: string): void {
    const moves = this.queue.moves;
    const found = schedule(podInfo(pod), this.cache, this.plugins, this.o.env.random, this.next);
    this.next = this.cache.nodes.length ? (this.next + found.looked) % this.cache.nodes.length : 0;
    if ('message' in found) {
      if (found.helps) this.queue.park(id, found.helps, moves);
      else this.queue.retry(id);
      this.events.warning(pod, 'FailedScheduling', cut(found.message));
      void this.condition(pod, 'Unschedulable', found.message);
      return;
    }
    const node = found.node.name;
    this.assumed.add(id);
    this.cache.putPod(pod, node);
    const done = this.bind(pod, id, node).finally(() => this.binding.delete(done));
    this.binding.add(done);
  }

  private async bind(pod: Pod, id: string, node: string): Promise<void> {
    const { name, namespace, uid } = pod.metadata;
    try {
      await this.o.client.post({ ...PODS, namespace, name }, 'binding', {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name, namespace, uid },
        target: { kind: 'Node', name: node },
      } as never);
      this.queue.remove(id);
      this.events.normal(pod, 'Scheduled', `Successfully assigned ${namespace}/${name} to ${node}`);
    } catch (e) {
      if (!this.assumed.delete(id)) return;
      this.cache.removePod(id);
      if (isNotFound(e)) return this.queue.remove(id);
      if (!isConflict(e)) this.o.env.log.warn('a binding failed and is tried again', { pod: id, node, error: (e as Error).message });
      this.queue.retry(id);
    }
  }

  /** Says in the Pod's status why it has no node. */
  private async condition(pod: Pod, reason: string, message: string): Promise<void> {
    const present = pod.status.conditions?.find((c) => c.type === 'PodScheduled');
    if (present?.status === 'False' && present.reason === reason && present.message === message) return;
    const { name, namespace } = pod.metadata;
    const condition = {
      type: 'PodScheduled',
      status: 'False',
      reason,
      message,
      lastProbeTime: null,
      lastTransitionTime: timestamp(this.o.env.clock.now()),
      ...(reason === 'SchedulingGated' ? {} : { observedGeneration: pod.metadata.generation }),
    };
    try {
      await this.o.client.patch(
        { ...PODS, namespace, name },
        { status: { conditions: [condition] } },
        { type: 'application/strategic-merge-patch+json', subresource: 'status' },
      );
    } catch (e) {
      if (!isNotFound(e))
        this.o.env.log.debug('the reason could not be written to the pod', { pod: key(pod), error: (e as Error).message });
    }
  }
}
