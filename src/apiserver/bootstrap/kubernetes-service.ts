/**
 * Keeps `default/kubernetes`, its Endpoints and its EndpointSlice pointing at the API servers that are alive, through leases in the store
 * (--endpoint-reconciler-type=lease). Source: https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/
 */

import { isNotFound } from '../../meta/errors.js';
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
  private last = '';

  constructor(
    private readonly store: Store,
    private readonly local: LocalClient,
    private readonly env: Env,
    private readonly o: { ip: string; port: number; serviceIp: string; nodePort?: number },
  ) {}

  async start(): Promise<void> {
    await this.local.ensure({
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
    } as unknown as AnyObject);
    await this.reconcile();
    this.timer = every(this.env.clock, RENEW_MS, () =>
      this.reconcile().catch((e: Error) => this.env.log.warn('the endpoints of default/kubernetes were not renewed', { error: e.message })),
    );
  }

  /** Takes this server out of the endpoints. */
  async stop(): Promise<void> {
    this.timer?.cancel();
    if (this.lease) await this.store.leaseRevoke(this.lease).catch(() => undefined);
  }

  private async reconcile(): Promise<void> {
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
    const now = ips.join();
    if (now === this.last) return;
    await this.write('/api/v1/namespaces/default/endpoints', {
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: { name: 'kubernetes', namespace: 'default', labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
      subsets: [{ addresses: ips.map((ip) => ({ ip })), ports: [{ name: 'https', port: this.o.port, protocol: 'TCP' }] }],
    });
    await this.write('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'kubernetes', namespace: 'default', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
      addressType: 'IPv4',
      endpoints: ips.map((ip) => ({ addresses: [ip], conditions: { ready: true } })),
      ports: [{ name: 'https', protocol: 'TCP', port: this.o.port }],
    });
    this.last = now;
  }

  private async write(path: string, object: object): Promise<void> {
    try {
      await this.local.request('PUT', `${path}/kubernetes`, object);
    } catch (e) {
      if (!isNotFound(e)) throw e;
      await this.local.request('POST', path, object);
    }
  }
}
