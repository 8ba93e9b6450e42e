/** One node and its Pods, added up as they come and go. */
import type { Node } from '../api/types/core/v1.js';
import { OWN_PORTS, parseOwnPorts } from '../meta/own-ports.js';
import { type HostPort, HostPorts } from './host-ports.js';
import type { PodInfo } from './pod-info.js';
import { type Amounts, add, parseAmounts } from './resources.js';
import type { NodeInfo } from './snapshot.js';

type Images = NonNullable<NonNullable<Node['status']>['images']>;

export class MutableNodeInfo implements NodeInfo {
  allocatable: Amounts = {};
  readonly requested: Amounts = {};
  readonly nonZero = { cpu: 0, memory: 0 };
  readonly pods = new Map<string, PodInfo>();
  readonly podsWithAffinity = new Map<string, PodInfo>();
  readonly podsWithRequiredAntiAffinity = new Map<string, PodInfo>();
  readonly ports = new HostPorts();
  images: ReadonlyMap<string, number> = new Map();
  ownPorts = new HostPorts();

  constructor(public node: Node) {
    this.read(node);
  }

  get name(): string {
    return this.node.metadata.name;
  }

  update(node: Node): void {
    const old = this.node;
    this.node = node;
    this.read(node, old);
  }

  put(p: PodInfo): void {
    this.take(p.key);
    this.pods.set(p.key, p);
    if (p.affinity) this.podsWithAffinity.set(p.key, p);
    if (p.affinity?.requiredAnti.length) this.podsWithRequiredAntiAffinity.set(p.key, p);
    add(this.requested, p.requests);
    this.nonZero.cpu += p.nonZero.cpu;
    this.nonZero.memory += p.nonZero.memory;
    for (const h of p.ports) this.ports.add(h);
  }

  take(key: string): PodInfo | undefined {
    const p = this.pods.get(key);
    if (!p) return undefined;
    this.pods.delete(key);
    this.podsWithAffinity.delete(key);
    this.podsWithRequiredAntiAffinity.delete(key);
    add(this.requested, p.requests, -1);
    this.nonZero.cpu -= p.nonZero.cpu;
    this.nonZero.memory -= p.nonZero.memory;
    for (const h of p.ports) this.ports.remove(h);
    return p;
  }

  /** The same node with the same Pods, for trying what would be if some were not there. */
  clone(): MutableNodeInfo {
    const copy = new MutableNodeInfo(this.node);
    for (const p of this.pods.values()) copy.put(p);
    return copy;
  }

  /** Heartbeats change neither images nor resources: these are worked out where they did. */
  private read(node: Node, old?: Node): void {
    this.allocatable = parseAmounts(node.status?.allocatable);
    this.ownPorts = ownPorts(node);
    const images = node.status?.images ?? [];
    if (old && sameImages(old.status?.images ?? [], images)) return;
    this.images = new Map(images.flatMap((i) => (i.names ?? []).map((n) => [n, i.sizeBytes ?? 0] as const)));
  }
}

function sameImages(a: Images, b: Images): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]!, b[i]!];
    if (x.sizeBytes !== y.sizeBytes || x.names?.length !== y.names?.length) return false;
    for (let k = 0; k < (x.names?.length ?? 0); k++) if (x.names![k] !== y.names![k]) return false;
  }
  return true;
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
