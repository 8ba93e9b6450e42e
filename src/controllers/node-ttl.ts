/**
 * TTL: how long kubelets may keep what they read of Secrets and ConfigMaps, longer the more nodes there are.
 * Source: https://kubernetes.io/docs/reference/labels-annotations-taints/#node-alpha-kubernetes-io-ttl
 */
import { NODES } from '../client/kinds.js';
import { isNotFound } from '../meta/errors.js';
import { defineController, own, splitKey } from './framework.js';

const ANNOTATION = 'node.alpha.kubernetes.io/ttl';
/** Sizes of a cluster and the seconds that go with them. They overlap, so that a node more or less does not change all others for and back. */
const STEPS = [
  { from: 0, to: 100, seconds: 0 },
  { from: 90, to: 500, seconds: 15 },
  { from: 450, to: 1000, seconds: 30 },
  { from: 900, to: 2000, seconds: 60 },
  { from: 1800, to: Number.POSITIVE_INFINITY, seconds: 300 },
];

/** The step for so many nodes, coming from `step`. Pure. */
export function stepFor(nodes: number, step: number): number {
  let at = step;
  while (nodes > STEPS[at]!.to) at++;
  while (nodes < STEPS[at]!.from) at--;
  return at;
}

export function nodeTtlController() {
  let step = 0;
  let count = 0;
  return defineController({
    name: 'ttl',
    account: 'ttl-controller',
    watches: [own(NODES)],
    setup(c) {
      const nodes = c.informers.for(NODES);
      const counted = (more: number) => {
        count += more;
        const now = stepFor(count, step);
        if (now === step) return;
        step = now;
        for (const n of nodes.list()) c.enqueue(`/${n.metadata.name}`);
      };
      nodes.on({ add: () => counted(1), delete: () => counted(-1) });
    },
    async reconcile(key, c) {
      const { name } = splitKey(key);
      const wanted = String(STEPS[step]!.seconds);
      const node = c.informers.for(NODES).get('', name);
      if (!node || node.metadata.annotations?.[ANNOTATION] === wanted) return;
      const annotations = { [ANNOTATION]: wanted };
      await c.client.patch({ ...NODES, name }, { metadata: { annotations } }, { type: 'application/merge-patch+json' }).catch((e) => {
        if (!isNotFound(e)) throw e;
      });
    },
  });
}
