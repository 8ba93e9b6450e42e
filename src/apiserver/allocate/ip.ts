/**
 * Service addresses: one IPAddress object for each, so that several API servers on one store never give the same address twice.
 * Source: KEP-1880, and KEP-3070 for the part of the range that is kept for addresses chosen by hand.
 */

import { isAlreadyExists } from '../../meta/errors.js';
import type { AnyObject } from '../../meta/object.js';
import { type Cidr, contains, nth, parseCidr } from '../../util/cidr.js';
import type { Env } from '../../util/component.js';
import type { LocalClient } from '../local-client.js';

export class IpTaken extends Error {
  constructor() {
    super('provided IP is already allocated');
  }
}
export class IpNotInRange extends Error {}
export class IpsExhausted extends Error {
  constructor() {
    super('range is full');
  }
}

/** Random tries before the range is searched from its start. */
const RANDOM_TRIES = 32;

export class IpAllocator {
  readonly range: Cidr;
  /** Addresses below this offset are given out by hand, or when the rest is used up. */
  private readonly dynamicFrom: number;
  private readonly last: number;

  constructor(
    readonly cidr: string,
    private readonly local: () => LocalClient,
    private readonly has: (ip: string) => boolean,
    private readonly env: Env,
  ) {
    this.range = parseCidr(cidr);
    const size = Number(this.range.size > 65536n ? 65536n : this.range.size);
    // Neither the network's own address nor (IPv4) the broadcast address.
    this.last = size - (this.range.family === 4 ? 2 : 1);
    this.dynamicFrom = Math.min(Math.max(16, Math.floor(size / 16)), 256, this.last);
  }

  /** A given address. Throws IpTaken, IpNotInRange. */
  async take(ip: string, service: { namespace: string; name: string }, dryRun: boolean): Promise<void> {
    if (!contains(this.range, ip))
      throw new IpNotInRange(`the provided IP (${ip}) is not in the valid range. The range of valid IPs is ${this.cidr}`);
    if (this.has(ip)) throw new IpTaken();
    if (dryRun) return;
    try {
      await this.local().request('POST', '/apis/networking.k8s.io/v1/ipaddresses', this.object(ip, service));
    } catch (e) {
      if (isAlreadyExists(e)) throw new IpTaken();
      throw e;
    }
  }

  /** Any free address. Throws IpsExhausted. */
  async takeAny(service: { namespace: string; name: string }, dryRun: boolean): Promise<string> {
    const span = this.last - this.dynamicFrom + 1;
    for (let i = 0; i < RANDOM_TRIES && span > 0; i++) {
      const ip = nth(this.range, this.dynamicFrom + Math.floor(this.env.random.float() * span));
      if (await this.tryTake(ip, service, dryRun)) return ip;
    }
    for (let i = this.dynamicFrom; i <= this.last; i++)
      if (await this.tryTake(nth(this.range, i), service, dryRun)) return nth(this.range, i);
    for (let i = 1; i < this.dynamicFrom; i++) if (await this.tryTake(nth(this.range, i), service, dryRun)) return nth(this.range, i);
    throw new IpsExhausted();
  }

  async release(ip: string): Promise<void> {
    if (!contains(this.range, ip)) return;
    await this.local()
      .request('DELETE', `/apis/networking.k8s.io/v1/ipaddresses/${ip}`)
      .catch(() => undefined);
  }

  private async tryTake(ip: string, service: { namespace: string; name: string }, dryRun: boolean): Promise<boolean> {
    if (this.has(ip)) return false;
    try {
      await this.take(ip, service, dryRun);
      return true;
    } catch (e) {
      if (e instanceof IpTaken) return false;
      throw e;
    }
  }

  private object(ip: string, service: { namespace: string; name: string }): AnyObject {
    return {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IPAddress',
      metadata: {
        name: ip,
        labels: {
          'ipaddress.kubernetes.io/ip-family': this.range.family === 4 ? 'IPv4' : 'IPv6',
          'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
        },
      },
      spec: { parentRef: { resource: 'services', namespace: service.namespace, name: service.name } },
    } as unknown as AnyObject;
  }
}
