/**
 * Addresses and ports that are others' already: a Service that names them as outside addresses of its own does not get them (CVE-2020-8554).
 * Pure.
 */
import type { Service } from '../api/types/core/v1.js';
import type { OwnPort } from '../meta/own-ports.js';

/** What is the node's own. */
export interface NodeOwn {
  readonly addresses: ReadonlySet<string>;
  readonly ports: readonly OwnPort[];
}

export const NOTHING_OWN: NodeOwn = { addresses: new Set(), ports: [] };

export interface Taken {
  /** Whose an outside address with a port is; undefined: it is free, or this Service's. */
  outside(service: string, protocol: string, ip: string, port: number): string | undefined;
  /** Whose a port is that would answer at all addresses of the node. */
  nodePort(protocol: string, port: number): string | undefined;
}

/** As the kernel's tools are to read an address: they take leading zeros for octal, the API for decimal. */
export function canonical(address: string): string {
  const [ip = '', bits] = address.trim().split('/');
  const plain = /^\d+(\.\d+){3}$/.test(ip) ? ip.split('.').map(Number).join('.') : ip.toLowerCase();
  return bits === undefined ? plain : `${plain}/${bits}`;
}

export const keyOfService = (s: Service): string => `${s.metadata.namespace}/${s.metadata.name}`;

export function takenBy(services: readonly Service[], own: NodeOwn): Taken {
  const clusterIps = new Map<string, string>();
  const nodePorts = new Map<string, string>();
  for (const s of services) {
    const key = keyOfService(s);
    for (const ip of [s.spec.clusterIP, ...(s.spec.clusterIPs ?? [])]) if (ip && ip !== 'None') clusterIps.set(canonical(ip), key);
    for (const p of s.spec.ports ?? []) if (p.nodePort) nodePorts.set(`${p.protocol ?? 'TCP'}/${p.nodePort}`, key);
  }
  const ports = new Map(own.ports.map((p) => [`${p.protocol}/${p.port}`, p.holder]));
  const nodePort = (protocol: string, port: number) => {
    const holder = ports.get(`${protocol}/${port}`);
    return holder && `a port of the node's own ${holder}`;
  };
  return {
    nodePort,
    outside(service, protocol, ip, port) {
      const cluster = clusterIps.get(ip);
      if (cluster && cluster !== service) return `the address of the Service ${cluster}`;
      if (!own.addresses.has(ip)) return undefined;
      const node = nodePorts.get(`${protocol}/${port}`);
      return nodePort(protocol, port) ?? (node && node !== service ? `the node port of the Service ${node}` : undefined);
    },
  };
}
