/** The scheduler's picture of the nodes and of what runs on them, kept by events; assumed pods count before the API server has said so. */
import type { Node, Pod } from '../api/types/core/v1.js';
import { OWN_PORTS, parseOwnPorts } from '../meta/own-ports.js';
import { type HostPort, HostPorts, type NodeInfo, type PodInfo, type Snapshot } from './framework.js';
import { type Amounts, add, nonZeroRequests, parseAmounts, requestsOf } from './resources.js';

class MutableNode implements NodeInfo {
  allocatable: Amounts = {};
  readonly requested: Amounts = {};
  readonly nonZero = { cpu: 0, memory: 0 };
  readonly pods = new Map<string, PodInfo>();
  readonly ports = new HostPorts();
  images = new Map<string, number>();
  ownPorts = new HostPorts();

  constructor(public node: Node) {
    this.update(node);
  }

  get name(): string {
    return this.node.metadata.name;
  }

  update(node: Node): void {
    this.node = node;
    this.allocatable = parseAmounts(node.status?.allocatable);
    this.ownPorts = ownPorts(node);
    this.images = new Map((node.status?.images ?? []).flatMap((i) => (i.names ?? []).map((n) => [n, i.sizeBytes ?? 0] as const)));
  }

  put(p: PodInfo): void {
    this.take(p.key);
    this.pods.set(p.key, p);
    add(this.requested, p.requests);
    this.nonZero.cpu += p.nonZero.cpu;
    this.nonZero.memory += p.nonZero.memory;
    for (const h of p.ports) this.ports.add(h);
  }

  take(key: string): void {
    const p = this.pods.get(key);
    if (!p) return;
    this.pods.delete(key);
    add(this.requested, p.requests, -1);
    this.nonZero.cpu -= p.nonZero.cpu;
    this.nonZero.memory -= p.nonZero.memory;
    for (const h of p.ports) this.ports.remove(h);
  }
}

/** Held by the machine's own programs, at all its addresses. */
function ownPorts({ metadata, status }: Node): HostPorts {
  const held: HostPort[] = parseOwnPorts(metadata.annotations?.[OWN_PORTS]).map(({ protocol, port }) => ({
    ip: '0.0.0.0',
    protocol,
    port,
  }));
  const kubelet = status?.daemonEndpoints?.kubeletEndpoint?.Port;
  return new HostPorts(kubelet ? [...held, { ip: '0.0.0.0', protocol: 'TCP', port: kubelet }] : held);
}

export function podInfo(pod: Pod): PodInfo {
  const requests = requestsOf(pod.spec);
  const ports: HostPort[] = [];
  for (const c of [...pod.spec.containers, ...(pod.spec.initContainers ?? []).filter((i) => i.restartPolicy === 'Always')]) {
    for (const p of c.ports ?? [])
      if (p.hostPort) ports.push({ ip: p.hostIP || '0.0.0.0', protocol: p.protocol ?? 'TCP', port: p.hostPort });
  }
  return {
    pod,
    key: `${pod.metadata.namespace}/${pod.metadata.name}`,
    requests,
    nonZero: nonZeroRequests(pod.spec, requests),
    wanted: Object.entries(requests).filter(([, amount]) => amount > 0),
    ports,
    priority: pod.spec.priority ?? 0,
  };
}

export class SchedulerCache implements Snapshot {
  private readonly byName = new Map<string, MutableNode>();
  private order: MutableNode[] = [];
  /** Which node each counted pod is on; a node may come after its pods. */
  private readonly home = new Map<string, string>();
  private readonly homeless = new Map<string, Map<string, PodInfo>>();
  /** How many nodes have each image. */
  private readonly spread = new Map<string, number>();

  get nodes(): readonly NodeInfo[] {
    return this.order;
  }

  imageSpread(image: string): number {
    return this.spread.get(image) ?? 0;
  }

  node(name: string): NodeInfo | undefined {
    return this.byName.get(name);
  }

  putNode(node: Node): void {
    const known = this.byName.get(node.metadata.name);
    if (known) {
      this.count(known, -1);
      known.update(node);
      this.count(known, 1);
      return;
    }
    const made = new MutableNode(node);
    this.count(made, 1);
    this.byName.set(made.name, made);
    this.order.push(made);
    for (const p of this.homeless.get(made.name)?.values() ?? []) made.put(p);
    this.homeless.delete(made.name);
  }

  removeNode(name: string): void {
    const node = this.byName.get(name);
    if (!node) return;
    this.byName.delete(name);
    this.count(node, -1);
    this.order = this.order.filter((n) => n !== node);
    if (node.pods.size) this.homeless.set(name, new Map(node.pods));
  }

  private count(node: MutableNode, more: 1 | -1): void {
    for (const image of node.images.keys()) {
      const n = (this.spread.get(image) ?? 0) + more;
      if (n) this.spread.set(image, n);
      else this.spread.delete(image);
    }
  }

  /** A pod that is bound, or about to be. */
  putPod(pod: Pod, nodeName: string): void {
    const info = podInfo(pod);
    this.removePod(info.key);
    this.home.set(info.key, nodeName);
    const node = this.byName.get(nodeName);
    if (node) return node.put(info);
    let waiting = this.homeless.get(nodeName);
    if (!waiting) this.homeless.set(nodeName, (waiting = new Map()));
    waiting.set(info.key, info);
  }

  removePod(key: string): void {
    const home = this.home.get(key);
    if (home === undefined) return;
    this.home.delete(key);
    this.byName.get(home)?.take(key);
    this.homeless.get(home)?.delete(key);
  }
}
