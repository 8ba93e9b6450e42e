/**
 * What kube-proxy wants: the services that are reachable, and where their traffic goes. Computed from Services and EndpointSlices alone;
 * a `ServiceRules` (iptables, nftables, …) puts it into the kernel.
 * Source: https://kubernetes.io/docs/reference/networking/virtual-ips/
 */
import type { Service } from '../api/types/core/v1.js';
import type { EndpointSlice } from '../api/types/discovery/v1.js';
import { canonical, keyOfService, NOTHING_OWN, type NodeOwn, takenBy } from './taken.js';

export type Protocol = 'TCP' | 'UDP' | 'SCTP';

export interface Backend {
  readonly ip: string;
  readonly port: number;
  /** On this node. */
  readonly local: boolean;
}

export interface ServicePort {
  /** `namespace/name:port` */
  readonly name: string;
  readonly protocol: Protocol;
  readonly clusterIp: string;
  readonly port: number;
  readonly nodePort?: number;
  readonly externalIps: readonly string[];
  readonly loadBalancerIps: readonly string[];
  readonly loadBalancerSources: readonly string[];
  /** Seconds a client stays with its backend; undefined: no affinity. */
  readonly affinitySeconds?: number;
  readonly internalLocal: boolean;
  readonly externalLocal: boolean;
  readonly healthCheckNodePort?: number;
  /** All that may serve, in a fixed order. */
  readonly backends: readonly Backend[];
  /** Those of this node that may serve where traffic must stay on it: also ones that are going, where no other is left here. */
  readonly localBackends: readonly Backend[];
  /** Addresses of this node's endpoints that are ready. */
  readonly localReady: readonly string[];
  /** What it asks for and does not get, with the reason. */
  readonly refused: readonly string[];
}

/** Puts the wanted state into the kernel, whole or not at all, touching nothing that is not its own. */
export interface ServiceRules {
  apply(ports: readonly ServicePort[]): Promise<void>;
  /** Takes every rule of ours out again. */
  clean(): Promise<void>;
}

export interface ProxyConfig {
  readonly node: string;
  /** Pods' addresses: traffic from elsewhere to a service address is masqueraded. */
  readonly clusterCidr?: string;
  readonly masqueradeAll?: boolean;
  /** Services' addresses: what no rule knows goes nowhere. Absent: not known. */
  readonly serviceCidr?: string;
}

/** Services and slices with these, whatever they say, are left to others. */
const NOT_OURS = ['service.kubernetes.io/service-proxy-name', 'service.kubernetes.io/headless'];

/**
 * What becomes a word of a rule. The API takes nothing else; were it to, a line break in an address would be a rule of somebody else's.
 */
const ADDRESS = /^[0-9a-fA-F:.]+(\/\d{1,3})?$/;
const NAME = /^[a-zA-Z0-9./-]+$/;
const PROTOCOLS: ReadonlySet<string> = new Set(['TCP', 'UDP', 'SCTP']);
const isPort = (n: unknown): boolean => Number.isInteger(n) && (n as number) > 0 && (n as number) < 65_536;

/** Whether a TCP endpoint answers yet: a program needs a moment to listen after its container has started. */
export type Answers = (ip: string, port: number) => boolean;

/**
 * Rules of one Service: each port has some for every endpoint, and for every outside address with every range that may use it. What one object
 * of a megabyte multiplies to would take the memory of the program that serves everybody: the ports past this are left out.
 */
const MOST_RULES = 500_000;
const rulesOf = (p: ServicePort): number =>
  3 * p.backends.length + p.localBackends.length + p.externalIps.length + p.loadBalancerIps.length * (p.loadBalancerSources.length + 1);

/** A slice, its ports by their names. */
interface Slice {
  readonly ports: ReadonlyMap<string, number | undefined>;
  readonly endpoints: NonNullable<EndpointSlice['endpoints']>;
}

function byPort(s: EndpointSlice): Slice {
  const ports = new Map<string, number | undefined>();
  for (const p of s.ports ?? []) if (!ports.has(p.name ?? '')) ports.set(p.name ?? '', p.port);
  return { ports, endpoints: s.endpoints ?? [] };
}

export interface Around {
  readonly answers?: Answers;
  /** Addresses and ports that are no Service's to take. */
  readonly own?: NodeOwn;
  /** Hears of Services of which ports were left out. */
  readonly tooMany?: (service: string) => void;
}

export function decide(services: readonly Service[], slices: readonly EndpointSlice[], node: string, around: Around = {}): ServicePort[] {
  const { answers = () => true, own = NOTHING_OWN, tooMany } = around;
  const taken = takenBy(services, own);
  const byService = new Map<string, EndpointSlice[]>();
  for (const s of slices) {
    const name = s.metadata.labels?.['kubernetes.io/service-name'];
    if (!name || s.addressType === 'FQDN' || NOT_OURS.some((label) => s.metadata.labels?.[label] !== undefined)) continue;
    const key = `${s.metadata.namespace}/${name}`;
    const list = byService.get(key);
    if (list) list.push(s);
    else byService.set(key, [s]);
  }
  const out: ServicePort[] = [];
  for (const s of services) {
    if (!s.spec.clusterIP || s.spec.clusterIP === 'None' || s.spec.type === 'ExternalName') continue;
    if (NOT_OURS.some((label) => s.metadata.labels?.[label] !== undefined)) continue;
    const key = keyOfService(s);
    if (!ADDRESS.test(s.spec.clusterIP) || !NAME.test(key)) continue;
    const family = familyOf(s.spec.clusterIP);
    // One rule that the kernel does not take would keep out those of all services.
    const same = (list: readonly string[]) => list.map(canonical).filter((x) => ADDRESS.test(x) && familyOf(x) === family);
    const ranges = s.spec.loadBalancerSourceRanges ?? [];
    const sources = same(ranges);
    const externalIps = same(s.spec.externalIPs ?? []);
    // Where only clients of the other family are let in, nothing leads there.
    const loadBalancerIps =
      ranges.length && !sources.length
        ? []
        : same((s.status?.loadBalancer?.ingress ?? []).filter((i) => i.ip && i.ipMode !== 'Proxy').map((i) => i.ip!));
    const mine = (byService.get(key) ?? []).filter((x) => x.addressType === family).map(byPort);
    let rules = 0;
    for (const p of s.spec.ports ?? []) {
      if (p.name && !NAME.test(p.name)) continue;
      const protocol = (p.protocol ?? 'TCP') as Protocol;
      if (!PROTOCOLS.has(protocol) || !isPort(p.port) || (p.nodePort && !isPort(p.nodePort))) continue;
      const refused: string[] = [];
      const free = (ip: string): boolean => {
        const whose = taken.outside(key, protocol, ip, p.port);
        if (whose) refused.push(`${ip} with port ${protocol}/${p.port} is ${whose}`);
        return !whose;
      };
      const held = p.nodePort ? taken.nodePort(protocol, p.nodePort) : undefined;
      if (held) refused.push(`node port ${protocol}/${p.nodePort} is ${held}`);
      const port: ServicePort = {
        name: p.name ? `${key}:${p.name}` : key,
        protocol,
        clusterIp: s.spec.clusterIP,
        port: p.port,
        nodePort: held ? undefined : p.nodePort || undefined,
        externalIps: externalIps.filter(free),
        loadBalancerIps: loadBalancerIps.filter(free),
        loadBalancerSources: sources,
        affinitySeconds:
          s.spec.sessionAffinity === 'ClientIP' ? (s.spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10800) : undefined,
        internalLocal: s.spec.internalTrafficPolicy === 'Local',
        externalLocal: s.spec.externalTrafficPolicy === 'Local',
        refused,
        healthCheckNodePort: s.spec.healthCheckNodePort || undefined,
        ...backendsOf(mine, p.name ?? '', node, protocol === 'TCP' ? answers : () => true),
      };
      rules += rulesOf(port);
      if (rules > MOST_RULES) {
        tooMany?.(key);
        break;
      }
      out.push(port);
    }
  }
  return out.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

const familyOf = (address: string): 'IPv4' | 'IPv6' => (address.includes(':') ? 'IPv6' : 'IPv4');

function backendsOf(
  slices: readonly Slice[],
  port: string,
  node: string,
  answers: Answers,
): Pick<ServicePort, 'backends' | 'localBackends' | 'localReady'> {
  const ready = new Map<string, Backend>();
  const terminating = new Map<string, Backend>();
  for (const slice of slices) {
    const number = slice.ports.get(port);
    if (!isPort(number)) continue;
    for (const e of slice.endpoints) {
      const ip = e.addresses[0];
      if (!ip || !ADDRESS.test(ip)) continue;
      const b: Backend = { ip, port: number!, local: e.nodeName === node };
      const id = `${ip}:${number}`;
      if (e.conditions?.ready !== false) ready.set(id, b);
      else if (e.conditions?.serving && e.conditions.terminating) terminating.set(id, b);
    }
  }
  const inOrder = (m: ReadonlyMap<string, Backend>) => [...m].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, b]) => b);
  const [up, going] = [inOrder(ready), inOrder(terminating)];
  const local = (b: Backend) => b.local;
  const here = up.filter(local);
  return {
    backends: choose(up, going, answers),
    localBackends: choose(here, going.filter(local), answers),
    localReady: here.map((b) => b.ip),
  };
}

/** Ready endpoints that answer; where there is none, those that are going but still serve; where there is none either, all ready ones. */
function choose(ready: readonly Backend[], going: readonly Backend[], answers: Answers): readonly Backend[] {
  const answering = ready.filter((b) => answers(b.ip, b.port));
  if (answering.length) return answering;
  return going.length ? going : ready;
}
