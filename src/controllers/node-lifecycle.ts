/**
 * Node life cycle: a node that stops renewing its Lease is Unknown and gets taints; what these do to its pods is taint-eviction.ts.
 * Source: https://kubernetes.io/docs/concepts/architecture/nodes/#node-heartbeats
 */
import type { Node, NodeCondition, Pod, Taint } from '../api/types/core/v1.js';
import { LEASES, NODES, PODS } from '../client/kinds.js';
import { isNotFound } from '../meta/errors.js';
import { every, timestamp } from '../util/clock.js';
import { type ControllerContext, defineController, splitKey, watch } from './framework.js';

export interface NodeLifecycleOptions {
  /** --node-monitor-grace-period */
  readonly graceMs?: number;
  /** --node-monitor-period */
  readonly periodMs?: number;
}

const GRACE_MS = 50_000;
const PERIOD_MS = 5_000;
/** Conditions a silent node can say nothing about any more. */
const HEALTH = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'];
const PREFIX = 'node.kubernetes.io/';

const condition = (n: Node, type: string): NodeCondition | undefined => n.status.conditions?.find((c) => c.type === type);

const isReady = (n: Node): boolean => condition(n, 'Ready')?.status === 'True';

/**
 * The taints that a node's conditions call for. `alone`: no node is ready. It is not the nodes that are ill then, and nothing is driven away.
 * Pure. Source: https://kubernetes.io/docs/concepts/architecture/nodes/#rate-limits-on-eviction
 */
export function wantedTaints(n: Node, alone = false): Taint[] {
  const out: Taint[] = [];
  const add = (key: string, effect: Taint['effect']) => out.push({ key: PREFIX + key, effect });
  const ready = condition(n, 'Ready')?.status;
  if (ready === 'Unknown') {
    add('unreachable', 'NoSchedule');
    if (!alone) add('unreachable', 'NoExecute');
  } else if (ready !== 'True') {
    add('not-ready', 'NoSchedule');
    // A node that has not said anything yet is new, not ill.
    if (ready === 'False' && !alone) add('not-ready', 'NoExecute');
  }
  if (condition(n, 'MemoryPressure')?.status === 'True') add('memory-pressure', 'NoSchedule');
  if (condition(n, 'DiskPressure')?.status === 'True') add('disk-pressure', 'NoSchedule');
  if (condition(n, 'PIDPressure')?.status === 'True') add('pid-pressure', 'NoSchedule');
  if (condition(n, 'NetworkUnavailable')?.status === 'True') add('network-unavailable', 'NoSchedule');
  if (n.spec.unschedulable) add('unschedulable', 'NoSchedule');
  return out;
}

const OWN_KEYS = new Set(
  ['unreachable', 'not-ready', 'memory-pressure', 'disk-pressure', 'pid-pressure', 'network-unavailable', 'unschedulable'].map(
    (k) => PREFIX + k,
  ),
);
const same = (a: Taint, b: Taint): boolean => a.key === b.key && a.effect === b.effect;

/** The taints a node should have: ours as its conditions say, the rest as they are. Undefined: nothing to change. */
export function taintsAfter(n: Node, now: number, alone = false): Taint[] | undefined {
  const present = n.spec.taints ?? [];
  const wanted = wantedTaints(n, alone);
  const kept = present.filter((t) => !OWN_KEYS.has(t.key) || wanted.some((w) => same(w, t)));
  const added = wanted.filter((w) => !present.some((t) => same(w, t))).map((w) => ({ ...w, timeAdded: timestamp(now) }));
  return kept.length === present.length && !added.length ? undefined : [...kept, ...added];
}

export function nodeLifecycleController(o: NodeLifecycleOptions = {}) {
  const grace = o.graceMs ?? GRACE_MS;
  /** When each node's Lease or status was last seen to change, by our own clock. */
  const heard = new Map<string, number>();
  const registered = new Set<string>();

  return defineController({
    name: 'node-lifecycle',
    account: 'node-controller',
    component: 'node-controller',
    watches: [watch(NODES, (n) => [`/${n.metadata.name}`])],
    setup(c) {
      const hear = (name: string) => heard.set(name, c.env.clock.now());
      c.informers
        .for({ ...LEASES, namespace: 'kube-node-lease' })
        .on({ add: (l) => hear(l.metadata.name), update: (l) => hear(l.metadata.name) });
      c.informers.for(NODES).on({
        add: (n) => hear(n.metadata.name),
        update: (n, old) => {
          if (condition(n, 'Ready')?.lastHeartbeatTime !== condition(old, 'Ready')?.lastHeartbeatTime) hear(n.metadata.name);
        },
        delete: (n) => {
          heard.delete(n.metadata.name);
          if (registered.delete(n.metadata.uid))
            c.events.normal(
              nodeReference(n),
              'RemovingNode',
              `Node ${n.metadata.name} event: Removing Node ${n.metadata.name} from Controller`,
            );
        },
      });
      c.informers.for(NODES).index('ready', (n) => (isReady(n) ? ['yes'] : []));
      c.informers.for(PODS).index('node', (p) => (p.spec.nodeName ? [p.spec.nodeName] : []));
    },
    started(c, signal) {
      const timer = every(c.env.clock, o.periodMs ?? PERIOD_MS, () => {
        for (const n of c.informers.for(NODES).list())
          if (c.env.clock.now() - (heard.get(n.metadata.name) ?? 0) > grace) c.enqueue(`/${n.metadata.name}`);
      });
      signal.addEventListener('abort', () => timer.cancel(), { once: true });
    },
    async reconcile(key, c) {
      const { name } = splitKey(key);
      let node = c.informers.for(NODES).get('', name);
      if (!node) return undefined;
      const now = c.env.clock.now();
      if (!registered.has(node.metadata.uid)) {
        registered.add(node.metadata.uid);
        c.events.normal(nodeReference(node), 'RegisteredNode', `Node ${name} event: Registered Node ${name} in Controller`);
      }
      if (now - (heard.get(name) ?? now) > grace) node = (await silence(c, node, now)) ?? node;
      const nodes = c.informers.for(NODES);
      const known = nodes.get('', name);
      const alone = !isReady(node) && nodes.count('ready', 'yes') === Number(known !== undefined && isReady(known));
      const taints = taintsAfter(node, now, alone);
      const labels = labelsMissing(node);
      if (labels)
        node = (await c.client.patch({ ...NODES, name }, { metadata: { labels } }, { type: 'application/merge-patch+json' })) as Node;
      if (taints)
        node = (await c.client.patch(
          { ...NODES, name },
          { metadata: { resourceVersion: node.metadata.resourceVersion }, spec: { taints: taints.length ? taints : null } },
        )) as Node;
      // Written again until all of them are: a pod on a silent node serves no one.
      if (condition(node, 'Ready')?.status === 'Unknown')
        for (const pod of c.informers.for(PODS).byIndex('node', name)) await notReady(c, pod, now);
      return undefined;
    },
  });
}

/** Old names of labels that programs still select by. */
const OLD_LABELS = [
  ['kubernetes.io/os', 'beta.kubernetes.io/os'],
  ['kubernetes.io/arch', 'beta.kubernetes.io/arch'],
] as const;

/** The labels under their old names, where they are missing or say something else; undefined: nothing to change. Pure. */
export function labelsMissing(n: Node): Record<string, string> | undefined {
  const labels = n.metadata.labels ?? {};
  const missing = OLD_LABELS.filter(([name, old]) => labels[name] !== undefined && labels[old] !== labels[name]);
  return missing.length ? Object.fromEntries(missing.map(([name, old]) => [old, labels[name]!])) : undefined;
}

/** Events about nodes carry the node's name as uid, as kubelets write them. */
const nodeReference = (n: Node) => ({ kind: 'Node', name: n.metadata.name, uid: n.metadata.uid, apiVersion: 'v1' });

/** The node has not been heard of: what it said holds no more. */
async function silence(c: ControllerContext, node: Node, now: number): Promise<Node | undefined> {
  const conditions = [...(node.status.conditions ?? [])];
  let changed = false;
  for (const type of HEALTH) {
    const at = conditions.findIndex((x) => x.type === type);
    const before = conditions[at];
    if (before?.status === 'Unknown') continue;
    changed = true;
    const time = timestamp(now);
    const next: NodeCondition = before
      ? {
          ...before,
          status: 'Unknown',
          reason: 'NodeStatusUnknown',
          message: 'Kubelet stopped posting node status.',
          lastTransitionTime: time,
        }
      : {
          type,
          status: 'Unknown',
          reason: 'NodeStatusNeverUpdated',
          message: 'Kubelet never posted node status.',
          lastHeartbeatTime: node.metadata.creationTimestamp,
          lastTransitionTime: time,
        };
    if (at < 0) conditions.push(next);
    else conditions[at] = next;
  }
  if (!changed) return undefined;
  const updated = (await c.client.update({ ...node, status: { ...node.status, conditions } } as never, { subresource: 'status' })) as Node;
  c.events.normal(nodeReference(node), 'NodeNotReady', `Node ${node.metadata.name} status is now: NodeNotReady`);
  return updated;
}

async function notReady(c: ControllerContext, pod: Pod, now: number): Promise<void> {
  const ready = pod.status.conditions?.find((x) => x.type === 'Ready');
  if (ready?.status !== 'True') return;
  const { name, namespace } = pod.metadata;
  await c.client
    .patch(
      { ...PODS, namespace, name },
      { status: { conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: timestamp(now) }] } },
      { type: 'application/strategic-merge-patch+json', subresource: 'status' },
    )
    .catch((e) => {
      if (!isNotFound(e)) throw e;
    });
  c.events.warning(pod as never, 'NodeNotReady', 'Node is not ready');
}
