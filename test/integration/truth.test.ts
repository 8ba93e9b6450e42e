/** What a fresh cluster shows, beside what the original showed: discovery, etcd keys, the first objects. */
import fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ListeningApiServer } from '../../src/cluster/api-server.js';
import { controlPlane, stopAll } from '../../src/cluster/components.js';
import { Identities } from '../../src/cluster/identities.js';
import { connect } from '../../src/host/kubeconfig.js';
import { realClock } from '../../src/util/clock.js';
import { silentLogger } from '../../src/util/logger.js';
import { realRandom } from '../../src/util/random.js';
import { listening } from '../security/listening.js';

const dir = new URL('../../../shared/oracle/truth/', import.meta.url);
const there = fs.existsSync(dir);
const truth = <T>(name: string): T => JSON.parse(fs.readFileSync(new URL(name, dir), 'utf8')) as T;

/** Additions of the distribution the original was taken from, and identities that differ by nature. */
const NOT_OURS = /openshift|service-ca|\/leases\/kube-system\/apiserver-|\/peerserverleases\/|\/events\/|\/masterleases\//;

describe.skipIf(!there)(`a fresh cluster beside the original${there ? '' : ' (left out: no ../shared/oracle/truth)'}`, () => {
  let api: ListeningApiServer;
  let connection: ReturnType<typeof connect>;
  let running: { stop(): Promise<void> }[] = [];

  beforeAll(async () => {
    const env = { clock: realClock, random: realRandom, log: silentLogger };
    const server = await listening();
    api = server.api;
    running = [server];
    const identities = new Identities(api.server);
    for (const c of controlPlane({ env, identities, rootCa: 'ca', podCidr: '10.244.0.0/16' })) {
      await c.start();
      running.push(c);
    }
    connection = connect(api.kubeconfig, 'test');
    for (let i = 0; i < 100 && (await api.store.range({ key: '/registry/configmaps/default/kube-root-ca.crt' })).count === 0; i++)
      await new Promise((r) => setTimeout(r, 20));
    await new Promise((r) => setTimeout(r, 300));
  });
  afterAll(async () => {
    connection?.close();
    await stopAll(running);
  });

  const discovery = there ? truth<Record<string, unknown>>('discovery.json') : {};
  const groups = Object.keys(discovery).filter((p) => /^\/(api|apis)\//.test(p));
  it.each(groups)('discovery of %s', async (at) => {
    expect(await connection.client.raw('GET', at)).toEqual(discovery[at]);
  });

  it('lists the groups in the order of the original', async () => {
    const names = (v: unknown) => (v as { groups: { name: string }[] }).groups.map((g) => g.name);
    expect(names(await connection.client.raw('GET', '/apis'))).toEqual(names(discovery['/apis']));
  });

  it.each(['/api', '/apis'])('aggregated discovery of %s', async (at) => {
    const mine = (await connection.client.raw('GET', at, undefined, {
      accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
    })) as { items: unknown[] };
    expect(mine.items).toEqual((discovery[`${at} (aggregated, v2)`] as { items: unknown[] }).items);
  });

  it('keeps the same keys', async () => {
    const wanted = fs
      .readFileSync(new URL('etcd-keys.txt', dir), 'utf8')
      .split('\n')
      .filter((k) => k && !NOT_OURS.test(k));
    const mine = (await api.store.range({ key: '/registry/', end: '/registry0', keysOnly: true })).kvs
      .map((kv) => kv.key)
      .filter((k) => !NOT_OURS.test(k));
    // Accounts of controllers come into being when a controller first asks for its token; ours act without one.
    const accounts = /^\/registry\/serviceaccounts\/kube-system\/(?!default$)/;
    expect(mine.filter((k) => !wanted.includes(k))).toEqual([]);
    expect(wanted.filter((k) => !mine.includes(k) && !accounts.test(k))).toEqual([]);
  });

  it.each([
    'rbac.authorization.k8s.io/v1 clusterroles',
    'rbac.authorization.k8s.io/v1 clusterrolebindings',
    'rbac.authorization.k8s.io/v1 roles',
    'rbac.authorization.k8s.io/v1 rolebindings',
    'scheduling.k8s.io/v1 priorityclasses',
    'flowcontrol.apiserver.k8s.io/v1 prioritylevelconfigurations',
    'v1 namespaces',
    'v1 services',
  ])('the first %s', async (what) => {
    const [gv, plural] = what.split(' ') as [string, string];
    const list = (await connection.client.raw('GET', gv === 'v1' ? `/api/v1/${plural}` : `/apis/${gv}/${plural}`)) as { items: Bare[] };
    const bare = (o: Bare) => {
      const { managedFields: _m, uid: _u, resourceVersion: _r, creationTimestamp: _c, generation: _g, ...metadata } = o.metadata;
      const { kind: _k, apiVersion: _a, ...rest } = o;
      // The port is any free one here; and `endpointslices/restricted` is the distribution's.
      const text = JSON.stringify({ ...rest, metadata }).replace(/"targetPort":\d+/g, '"targetPort":6443');
      const clean = JSON.parse(text) as { rules?: { resources?: string[] }[] };
      if (clean.rules) clean.rules = clean.rules.filter((r) => !r.resources?.includes('endpointslices/restricted'));
      return clean;
    };
    const byName = (items: Bare[]) =>
      Object.fromEntries(
        items
          .filter((o) => !/openshift|service-ca/.test(String(o.metadata.name)))
          .map((o) => [`${o.metadata.namespace ?? ''}/${o.metadata.name}`, bare(o)]),
      );
    const wanted = byName(truth<Record<string, Bare[]>>('fresh-cluster.json')[what]!);
    const mine = byName(list.items);
    expect(Object.keys(mine).sort()).toEqual(Object.keys(wanted).sort());
    expect(mine).toEqual(wanted);
  });
});

interface Bare {
  metadata: Record<string, unknown>;
  [field: string]: unknown;
}
