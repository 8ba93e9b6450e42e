/**
 * Keeps `default/kubernetes`, its Endpoints and its EndpointSlice pointing at the API servers that are alive, through leases in the store
 * (--endpoint-reconciler-type=lease). Source: https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/
 */

import type { AnyObject } from '../../meta/object.js';
import { prefixEnd, type Store } from '../../store/store.js';
import { utf8 } from '../../util/bytes.js';
import { every, type Timer } from '../../util/clock.js';
import type { Env } from '../../util/component.js';
import type { LocalClient } from '../local-client.js';

const LEASES = '/registry/masterleases/';
const LEASE_SECONDS = 15;
const RENEW_MS = 10_000;

export class KubernetesService {
  private timer?: Timer;
  private lease?: bigint;

  constructor(
    private readonly store: Store,
    private readonly local: LocalClient,
    private readonly env: Env,
    private readonly o: { ip: string; port: number; serviceIp: string; nodePort?: number },
  ) {}

  async start(): Promise<void> {
    await this.reconcile();
    this.timer = every(this.env.clock, RENEW_MS, () =>
      this.reconcile().catch((e: Error) => this.env.log.warn('default/kubernetes was not renewed', { error: e.message })),
    );
  }

  private service(): AnyObject {
    return {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'kubernetes', namespace: 'default', labels: { component: 'apiserver', provider: 'kubernetes' } },
      spec: {
        type: 'ClusterIP',
        clusterIP: this.o.serviceIp,
        clusterIPs: [this.o.serviceIp],
        ipFamilies: ['IPv4'],
        ipFamilyPolicy: 'SingleStack',
        sessionAffinity: 'None',
        ports: [{ name: 'https', protocol: 'TCP', port: 443, targetPort: this.o.port }],
      },
    } as unknown as AnyObject;
  }

  /** Takes this server out of the endpoints. */
  async stop(): Promise<void> {
    this.timer?.cancel();
    if (this.lease) await this.store.leaseRevoke(this.lease).catch(() => undefined);
  }

  private async reconcile(): Promise<void> {
    await this.local.ensure(this.service());
    const key = LEASES + this.o.ip;
    if (!this.lease || (await this.store.leaseKeepAlive(this.lease)) === 0) {
      this.lease = (await this.store.leaseGrant(LEASE_SECONDS)).id;
      const value = utf8(
        JSON.stringify({ kind: 'Endpoints', apiVersion: 'v1', metadata: { name: '' }, subsets: [{ addresses: [{ ip: this.o.ip }] }] }),
      );
      await this.store.txn({ compare: [], success: [{ put: { key, value, lease: this.lease } }], failure: [] });
    }
    const alive = await this.store.range({ key: LEASES, end: prefixEnd(LEASES), keysOnly: true });
    const ips = alive.kvs.map((kv) => kv.key.slice(LEASES.length)).sort();
    await this.write({
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: { name: 'kubernetes', namespace: 'default', labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
      subsets: [{ addresses: ips.map((ip) => ({ ip })), ports: [{ name: 'https', port: this.o.port, protocol: 'TCP' }] }],
    });
    await this.write({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'kubernetes', namespace: 'default', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
      addressType: 'IPv4',
      endpoints: ips.map((ip) => ({ addresses: [ip], conditions: { ready: true } })),
      ports: [{ name: 'https', protocol: 'TCP', port: this.o.port }],
    });
  }

  /** Makes or mends the object: what it is for is compared with what is there. */
  private async write(object: object): Promise<void> {
    const wanted = object as AnyObject;
    const present = this.local.find(wanted);
    if (!present) await this.local.create(wanted);
    else if (!isPart(wanted, present))
      await this.local.request('PUT', this.local.path(wanted, true), { ...wanted, metadata: { ...present.metadata, ...wanted.metadata } });
  }
}

/** Whether all that is wanted is there; what the server adds (defaults, identities) does not count. */
function isPart(wanted: unknown, present: unknown): boolean {
  if (Array.isArray(wanted))
    return Array.isArray(present) && wanted.length === present.length && wanted.every((x, i) => isPart(x, present[i]));
  if (typeof wanted !== 'object' || wanted === null) return wanted === present;
  if (typeof present !== 'object' || present === null) return false;
  return Object.entries(wanted).every(([k, v]) => isPart(v, (present as Record<string, unknown>)[k]));
}
