/** Node IPAM: each node gets its part of the pod network. (--allocate-node-cidrs, --cluster-cidr, --node-cidr-mask-size) */
import { NODES } from '../client/kinds.js';
import { parseCidr, subnet } from '../util/cidr.js';
import { defineController, own, splitKey } from './framework.js';

export function nodeIpamController(o: { clusterCidr: string; maskSize: number }) {
  const range = parseCidr(o.clusterCidr);
  const count = 2 ** (o.maskSize - range.bits);
  if (o.maskSize < range.bits) throw new RangeError(`--node-cidr-mask-size ${o.maskSize} is larger than the network ${o.clusterCidr}`);
  /** Ranges handed out that the informer may not show yet. */
  const given = new Map<string, string>();
  /** Where to look first: after the one that was given last. Looking from the start costs the square of the number of nodes. */
  let next = 0;
  return defineController({
    name: 'node-ipam',
    account: 'node-controller',
    component: 'cidrAllocator',
    // One at a time: two nodes must not be given the same range.
    workers: 1,
    watches: [own(NODES)],
    setup: (c) => c.informers.for(NODES).index('cidr', (n) => (n.spec.podCIDR ? [n.spec.podCIDR] : [])),
    async reconcile(key, c) {
      const { name } = splitKey(key);
      const node = await c.client.get({ ...NODES, name }).catch(() => undefined);
      if (!node || node.spec.podCIDR) return;
      const nodes = c.informers.for(NODES);
      for (const [cidr, owner] of given) {
        const seen = nodes.get('', owner);
        if (!seen || seen.spec.podCIDR) given.delete(cidr);
      }
      for (let i = 0; i < count; i++) {
        const at = (next + i) % count;
        const cidr = subnet(range, o.maskSize, at);
        if (nodes.count('cidr', cidr) || given.has(cidr)) continue;
        next = at + 1;
        given.set(cidr, name);
        try {
          await c.client.patch({ ...NODES, name }, { spec: { podCIDR: cidr, podCIDRs: [cidr] } }, { type: 'application/merge-patch+json' });
        } catch (e) {
          given.delete(cidr);
          throw e;
        }
        return;
      }
      c.events.normal(node as never, 'CIDRNotAvailable', `Node ${name} status is now: CIDRNotAvailable`);
    },
  });
}
