/** Gives a Service its addresses and node ports when it is written, and takes them back when it goes. */

import type { Service } from '../../api/types/core/v1.js';
import { internalError, invalidError } from '../../meta/errors.js';
import { invalid } from '../../meta/field-error.js';
import type { AnyObject } from '../../meta/object.js';
import { addAll } from '../../util/add-all.js';
import type { WriteHook } from '../core.js';
import { type IpAllocator, IpNotInRange, IpsExhausted, IpTaken } from './ip.js';
import { type PortAllocator, PortNotInRange, PortTaken } from './ports.js';

export function serviceHook(ips: readonly IpAllocator[], ports: PortAllocator): WriteHook {
  const hook = new ServiceAllocation(ips, ports);
  return {
    create: async (o, dryRun) => (await hook.take(o as unknown as Service, undefined, dryRun)).undo,
    update: (o, old, dryRun) => hook.take(o as unknown as Service, old as unknown as Service, dryRun),
    removed: (o: AnyObject) => hook.releaseAll(o as unknown as Service),
  };
}

const wantsIp = (s: Service): boolean => s.spec.type !== 'ExternalName' && s.spec.clusterIP !== 'None';
const nodePorts = (s: Service): number[] => {
  const list = (s.spec.ports ?? []).map((p) => p.nodePort ?? 0).filter(Boolean);
  if (s.spec.healthCheckNodePort) list.push(s.spec.healthCheckNodePort);
  return [...new Set(list)];
};
const wantsPorts = (s: Service): boolean =>
  s.spec.type === 'NodePort' || (s.spec.type === 'LoadBalancer' && s.spec.allocateLoadBalancerNodePorts !== false);
const wantsHealthPort = (s: Service): boolean => s.spec.type === 'LoadBalancer' && s.spec.externalTrafficPolicy === 'Local';

class ServiceAllocation {
  constructor(
    private readonly ips: readonly IpAllocator[],
    private readonly ports: PortAllocator,
  ) {}

  async take(s: Service, old: Service | undefined, dryRun: boolean): Promise<{ undo: () => Promise<void>; done: () => Promise<void> }> {
    const before = { ips: old ? addresses(old) : [], ports: old ? nodePorts(old) : [] };
    const takenIps: string[] = [];
    let takenPorts: number[] = [];
    const undo = async () => {
      if (dryRun) return;
      for (const ip of takenIps) await this.releaseIp(ip);
      await this.ports.release(takenPorts);
    };
    try {
      this.families(s);
      if (wantsIp(s)) await this.takeIps(s, before.ips, takenIps, dryRun);
      takenPorts = await this.takePorts(s, before.ports, dryRun);
    } catch (e) {
      await undo();
      throw e;
    }
    const done = async () => {
      if (dryRun) return;
      const now = addresses(s);
      for (const ip of before.ips) if (!now.includes(ip)) await this.releaseIp(ip);
      const kept = nodePorts(s);
      await this.ports.release(before.ports.filter((p) => !kept.includes(p)));
    };
    return { undo, done };
  }

  async releaseAll(s: Service): Promise<void> {
    for (const ip of addresses(s)) await this.releaseIp(ip);
    await this.ports.release(nodePorts(s));
  }

  /** Which address families the Service has, where it does not say. Source: https://kubernetes.io/docs/concepts/services-networking/dual-stack/ */
  private families(s: Service): void {
    if (s.spec.type === 'ExternalName') return;
    const own = this.ips.map((p) => (p.range.family === 4 ? 'IPv4' : 'IPv6'));
    const headless = s.spec.clusterIP === 'None';
    // Without a selector, someone else says which addresses there are: any family may come.
    const open = headless && !Object.keys(s.spec.selector ?? {}).length;
    if (s.spec.ipFamilyPolicy === 'RequireDualStack' && own.length < 2 && !open) {
      throw invalidError('', 'Service', s.metadata.name, [
        invalid('spec.ipFamilyPolicy', s.spec.ipFamilyPolicy, 'this cluster is not configured for dual-stack services'),
      ]);
    }
    for (const [i, family] of (s.spec.ipFamilies ?? []).entries()) {
      if (!open && !own.includes(family as 'IPv4'))
        throw invalidError('', 'Service', s.metadata.name, [invalid(`spec.ipFamilies[${i}]`, family, 'not configured on this cluster')]);
    }
    if (headless) s.spec.clusterIPs = ['None'];
    s.spec.ipFamilyPolicy ??= open ? 'RequireDualStack' : 'SingleStack';
    if (!s.spec.ipFamilies?.length)
      s.spec.ipFamilies =
        s.spec.ipFamilyPolicy === 'SingleStack' ? own.slice(0, 1) : own.length > 1 ? own : headless ? ['IPv4', 'IPv6'] : own;
  }

  private async takeIps(s: Service, before: readonly string[], taken: string[], dryRun: boolean): Promise<void> {
    const ref = { namespace: s.metadata.namespace ?? '', name: s.metadata.name };
    const families = s.spec.ipFamilies ?? [];
    const given = s.spec.clusterIPs?.length ? s.spec.clusterIPs : s.spec.clusterIP ? [s.spec.clusterIP] : [];
    const result: string[] = [];
    for (const [i, family] of families.entries()) {
      const pool = this.ips.find((p) => (p.range.family === 4) === (family === 'IPv4')) ?? this.ips[0]!;
      const wanted = given[i];
      if (wanted && before.includes(wanted)) {
        result.push(wanted);
        continue;
      }
      try {
        const ip = wanted || (await pool.takeAny(ref, dryRun));
        if (wanted) await pool.take(wanted, ref, dryRun);
        taken.push(ip);
        result.push(ip);
      } catch (e) {
        throw refused(s, wanted, e);
      }
    }
    s.spec.clusterIPs = result;
    s.spec.clusterIP = result[0];
  }

  private async takePorts(s: Service, before: readonly number[], dryRun: boolean): Promise<number[]> {
    const own = s.spec.ports ?? [];
    const taken: number[] = [];
    if (wantsPorts(s)) {
      // The same number may serve TCP and UDP: it is taken once.
      const fresh = [...new Set(own.map((p) => p.nodePort ?? 0).filter((p) => p && !before.includes(p)))];
      const missing = own.filter((p) => !p.nodePort);
      try {
        const got = await this.ports.take([...fresh, ...missing.map(() => 0)], dryRun);
        addAll(taken, got);
        for (const [i, p] of missing.entries()) p.nodePort = got[fresh.length + i];
      } catch (e) {
        const port = (e as { port?: number }).port ?? 0;
        const index = own.findIndex((p) => p.nodePort === port);
        if (e instanceof PortTaken || e instanceof PortNotInRange)
          throw invalidError('', 'Service', s.metadata.name, [invalid(`spec.ports[${Math.max(index, 0)}].nodePort`, port, e.message)]);
        throw internalError(`failed to allocate a nodePort: ${(e as Error).message}`);
      }
    }
    if (wantsHealthPort(s) && !(s.spec.healthCheckNodePort && before.includes(s.spec.healthCheckNodePort))) {
      try {
        const [port] = await this.ports.take([s.spec.healthCheckNodePort ?? 0], dryRun);
        s.spec.healthCheckNodePort = port;
        taken.push(port!);
      } catch (e) {
        await this.ports.release(taken);
        throw internalError(
          `failed to allocate requested HealthCheck NodePort ${s.spec.healthCheckNodePort ?? 0}: ${(e as Error).message}`,
        );
      }
    }
    return taken;
  }

  private async releaseIp(ip: string): Promise<void> {
    for (const pool of this.ips) await pool.release(ip);
  }
}

const addresses = (s: Service): string[] =>
  wantsIp(s) ? [...new Set([...(s.spec.clusterIPs ?? []), ...(s.spec.clusterIP ? [s.spec.clusterIP] : [])])] : [];

function refused(s: Service, ip: string | undefined, e: unknown): Error {
  const message = (e as Error).message;
  if (e instanceof IpTaken || e instanceof IpNotInRange)
    return invalidError('', 'Service', s.metadata.name, [invalid('spec.clusterIPs', [ip], `failed to allocate IP ${ip}: ${message}`)]);
  if (e instanceof IpsExhausted) return internalError(`failed to allocate a serviceIP: ${message}`);
  return e as Error;
}
