/** Keeps the Node object alive: registers it, posts its status when that changes, and renews its lease. */
import type { Node, NodeCondition } from '../api/types/core/v1.js';
import type { Client } from '../client/client.js';
import type { EventSink } from '../client/events.js';
import { isAlreadyExists, isNotFound } from '../meta/errors.js';
import { every, microTimestamp, sleep, type Timer } from '../util/clock.js';
import type { Env } from '../util/component.js';
import type { MachineFacts } from './host.js';
import {
  conditionEvents,
  type NodeConfig,
  type NodeReadings,
  newNode,
  nodeLabels,
  nodeStatus,
  nodeStatusPatch,
  ownPortsAnnotation,
} from './node-status.js';

export interface NodeAgentOptions {
  readonly client: Client;
  readonly env: Env;
  readonly config: NodeConfig;
  readonly events: EventSink;
  readonly facts: MachineFacts;
  readonly read: () => Promise<NodeReadings>;
  readonly onPodCIDR: (podCIDR: string) => Promise<void>;
}

/** Source: https://kubernetes.io/docs/concepts/architecture/nodes/#heartbeats */
const STATUS_MS = 10_000;
const HEARTBEAT_MS = 300_000;
const LEASE_MS = 10_000;
const LEASE_SECONDS = 40;
const LEASE_NAMESPACE = 'kube-node-lease';
const REGISTER_RETRY_MS = 200;
const MAX_REGISTER_RETRY_MS = 7000;

export class NodeAgent {
  private readonly stopping = new AbortController();
  private node: Node | undefined;
  private posted = 0;
  private told: readonly NodeCondition[] = [];
  private podCIDR = '';
  /** Deleted from the API. */
  private gone = false;
  private timers: Timer[] = [];
  private posting: Promise<void> = Promise.resolve();

  constructor(private readonly o: NodeAgentOptions) {}

  get uid(): string {
    return this.node?.metadata.uid ?? '';
  }
  /** The node as the API has it now. */
  async fresh(): Promise<Node> {
    const { client, config } = this.o;
    this.node = await client.get({ apiVersion: 'v1', kind: 'Node', name: config.nodeName });
    return this.node;
  }

  get current(): Node | undefined {
    return this.node;
  }

  /** Resolves when the node is registered and has posted once; keeps trying while the API is away. */
  async start(): Promise<void> {
    const { env } = this.o;
    for (let wait = REGISTER_RETRY_MS; !this.stopping.signal.aborted; wait = Math.min(wait * 2, MAX_REGISTER_RETRY_MS)) {
      try {
        await this.register();
        break;
      } catch (e) {
        env.log.warn('node not registered', { node: this.o.config.nodeName, error: (e as Error).message });
        await sleep(env.clock, wait, this.stopping.signal);
      }
    }
    if (this.stopping.signal.aborted) return;
    this.say('Normal', 'Starting', 'Starting kubelet.');
    await Promise.all([this.renewLease(), this.post()]);
    this.timers = [every(env.clock, STATUS_MS, () => this.post()), every(env.clock, LEASE_MS, () => this.renewLease())];
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    for (const t of this.timers) t.cancel();
    await this.posting;
  }

  /** Posts at once: something that the status tells has changed. */
  post(): Promise<void> {
    this.posting = this.posting
      .then(() => (this.stopping.signal.aborted ? undefined : this.postOnce()))
      .catch((e: Error) => {
        this.o.env.log.warn('node status not posted', { node: this.o.config.nodeName, error: e.message });
      });
    return this.posting;
  }

  private async register(): Promise<void> {
    const { client, config, facts } = this.o;
    const status = nodeStatus(await this.o.read(), config, undefined);
    const ref = { apiVersion: 'v1', kind: 'Node', name: config.nodeName } as const;
    try {
      this.node = (await client.create(newNode(config, facts, status) as never)) as unknown as Node;
      this.announce(status.conditions ?? []);
    } catch (e) {
      if (!isAlreadyExists(e)) throw e;
      this.node = await client.get(ref);
      this.told = this.node.status?.conditions ?? [];
      await this.reconcileMetadata({ labels: nodeLabels(config, facts), annotations: ownPortsAnnotation(config) });
    }
  }

  /** A node of this name is there: what this kubelet says of itself is set right, the rest is left. */
  private async reconcileMetadata(wanted: { labels?: Record<string, string>; annotations: Record<string, string> }): Promise<void> {
    const { metadata } = this.node!;
    const has = (have: Record<string, string> | undefined, of: Record<string, string> = {}) =>
      Object.entries(of).every(([k, v]) => have?.[k] === v);
    if (has(metadata.labels, wanted.labels) && has(metadata.annotations, wanted.annotations)) return;
    const ref = { apiVersion: 'v1', kind: 'Node', name: this.o.config.nodeName } as const;
    this.node = await this.o.client.patch(ref, { metadata: wanted }, { type: 'application/strategic-merge-patch+json' });
  }

  private async postOnce(): Promise<void> {
    const { client, config, env } = this.o;
    const ref = { apiVersion: 'v1', kind: 'Node', name: config.nodeName } as const;
    try {
      this.node = await client.get(ref);
    } catch (e) {
      this.gone = isNotFound(e);
      // Whoever has deleted the node means it: it comes back with the next start of its kubelet.
      throw e;
    }
    this.gone = false;
    // Ports come and go with Services that have one for health checks. Labels are set right once: they are others' to change.
    await this.reconcileMetadata({ annotations: ownPortsAnnotation(config) });
    const old = this.node.status;
    const next = nodeStatus(await this.o.read(), config, old);
    const patch = nodeStatusPatch(old, next, env.clock.now() - this.posted >= HEARTBEAT_MS);
    if (patch) {
      this.node = await client.patch(ref, patch, { subresource: 'status', type: 'application/strategic-merge-patch+json' });
      this.posted = env.clock.now();
      this.announce(next.conditions ?? []);
    }
    const { podCIDR = '' } = this.node.spec ?? {};
    if (podCIDR && podCIDR !== this.podCIDR) {
      await this.o.onPodCIDR(podCIDR);
      this.podCIDR = podCIDR;
    }
  }

  /** Tells what has changed since it was last told. A kubelet that comes back to a node takes the API's word for that. */
  private announce(conditions: readonly NodeCondition[]): void {
    for (const reason of conditionEvents(this.told, conditions))
      this.say('Normal', reason, `Node ${this.o.config.nodeName} status is now: ${reason}`);
    this.told = conditions;
  }

  private say(type: 'Normal' | 'Warning', reason: string, message: string): void {
    const { nodeName } = this.o.config;
    // A node's events are known by its name: it has no uid before it is registered.
    this.o.events.event({ kind: 'Node', name: nodeName, uid: nodeName, apiVersion: 'v1' }, type, reason, message);
  }

  private async renewLease(): Promise<void> {
    if (this.stopping.signal.aborted) return;
    const { client, config, env } = this.o;
    const ref = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace: LEASE_NAMESPACE, name: config.nodeName } as const;
    const renewTime = microTimestamp(env.clock.now());
    const spec = { holderIdentity: config.nodeName, leaseDurationSeconds: LEASE_SECONDS, renewTime };
    try {
      await client.patch(ref, { spec }, { type: 'application/merge-patch+json' });
    } catch (e) {
      if (!isNotFound(e)) {
        env.log.warn('node lease not renewed', { node: config.nodeName, error: (e as Error).message });
        return;
      }
      if (this.gone) return;
      const owner = { apiVersion: 'v1', kind: 'Node', name: config.nodeName, uid: this.uid };
      const { apiVersion, kind, namespace, name } = ref;
      await client.create({ apiVersion, kind, metadata: { namespace, name, ownerReferences: [owner] }, spec }).catch((error: Error) => {
        env.log.warn('node lease not made', { node: config.nodeName, error: error.message });
      });
    }
  }
}
