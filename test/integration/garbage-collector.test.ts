/** Garbage collection in a whole cluster in process: background, foreground, orphans, and who counts as an owner. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cluster } from '../../src/index.js';

let c: Cluster;
beforeAll(async () => {
  c = await Cluster.start({ nodes: 1 });
});
afterAll(() => c.stop());

type Owner = { metadata: { name: string; uid: string } };
const owned = (o: Owner, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name: o.metadata.name,
  uid: o.metadata.uid,
  ...more,
});
const place = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name }) as const;
const make = (name: string, owners: object[] = [], more: object = {}) =>
  c.client.create({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'default', ...(owners.length ? { ownerReferences: owners } : {}), ...more },
  } as never) as Promise<Owner>;
const find = async (name: string) =>
  (await c.client.get(place(name)).catch((e: { reason?: string }) => {
    if (e.reason !== 'NotFound') throw e;
    return undefined;
  })) as { metadata: { ownerReferences?: object[]; finalizers?: string[]; deletionTimestamp?: string } } | undefined;
const until = async (what: () => Promise<boolean>) => {
  for (let i = 0; i < 500; i++) {
    if (await what()) return;
    await new Promise((r) => setTimeout(r, 10));
  }
  throw new Error('it did not come about');
};
const gone = (name: string) => until(async () => (await find(name)) === undefined);
const soon = () => new Promise((r) => setTimeout(r, 150));

describe('background', () => {
  it('dependents go after their owner, down the line', async () => {
    const a = await make('b-a');
    const b = await make('b-b', [owned(a)]);
    await make('b-c', [owned(b)]);
    await c.client.delete(place('b-a'), { propagationPolicy: 'Background' });
    expect(await find('b-a')).toBeUndefined();
    await gone('b-c');
    await gone('b-b');
  });

  it('an object stays while one owner is left, and forgets the other', async () => {
    const [a, b] = [await make('two-a'), await make('two-b')];
    await make('two-c', [owned(a), owned(b)]);
    await c.client.delete(place('two-a'), { propagationPolicy: 'Background' });
    await until(async () => (await find('two-c'))?.metadata.ownerReferences?.length === 1);
    expect((await find('two-c'))?.metadata.ownerReferences).toEqual([owned(b)]);
    await c.client.delete(place('two-b'), { propagationPolicy: 'Background' });
    await gone('two-c');
  });

  it('an owner that never was: goes; one of the same name but another uid is no owner', async () => {
    const a = await make('uid-a');
    await make('uid-b', [owned({ metadata: { name: 'uid-a', uid: '11111111-0000-4000-8000-000000000000' } })]);
    await gone('uid-b');
    await make('uid-c', [owned(a)]);
    await soon();
    expect(await find('uid-c')).toBeDefined();
  });

  it.each([
    ['example.com/v1', 'Database'],
    ['apps/v1', 'Nothing'],
    ['extensions/v1beta1', 'Deployment'],
  ])('an owner of a kind that is not served (%s %s) is not thought gone', async (apiVersion, kind) => {
    const name = `unserved-${kind.toLowerCase()}`;
    await make(name, [{ apiVersion, kind, name: 'x', uid: `22222222-0000-4000-8000-00000000000${kind.length % 10}` }]);
    await soon();
    expect(await find(name)).toBeDefined();
  });

  it('a cluster-wide object with an owner in a namespace is left alone', async () => {
    const a = await make('wide-a');
    await c.client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'wide', ownerReferences: [owned(a)] } } as never);
    await soon();
    await c.client.delete(place('wide-a'), { propagationPolicy: 'Background' });
    await soon();
    expect((await c.client.get({ apiVersion: 'v1', kind: 'Namespace', name: 'wide' })).metadata.deletionTimestamp).toBeUndefined();
  });
});

describe('orphan', () => {
  it('dependents stay without the reference', async () => {
    const [a, other] = [await make('o-a'), await make('o-other')];
    await make('o-b', [owned(a)]);
    await make('o-c', [owned(a), owned(other)]);
    await until(async () => true);
    await soon();
    await c.client.delete(place('o-a'), { propagationPolicy: 'Orphan' });
    await gone('o-a');
    expect((await find('o-b'))?.metadata.ownerReferences ?? []).toEqual([]);
    expect((await find('o-c'))?.metadata.ownerReferences).toEqual([owned(other)]);
  });
});

describe('foreground', () => {
  it('a circle of objects that hold each other up goes whole', async () => {
    const a = await make('circle-a');
    const b = await make('circle-b', [owned(a, { blockOwnerDeletion: true })]);
    const d = await make('circle-c', [owned(b, { blockOwnerDeletion: true })]);
    await c.client.patch(place('circle-a'), { metadata: { ownerReferences: [owned(d, { blockOwnerDeletion: true })] } });
    await c.client.delete(place('circle-a'), { propagationPolicy: 'Foreground' });
    for (const name of ['circle-a', 'circle-b', 'circle-c']) await gone(name);
  });

  it('the owner waits for dependents that block it', async () => {
    const a = await make('f-a');
    await make('f-b', [owned(a, { blockOwnerDeletion: true })], { finalizers: ['example.com/hold'] });
    await soon();
    await c.client.delete(place('f-a'), { propagationPolicy: 'Foreground' });
    await until(async () => (await find('f-b'))?.metadata.deletionTimestamp !== undefined);
    await soon();
    expect((await find('f-a'))?.metadata).toMatchObject({ finalizers: ['foregroundDeletion'], deletionTimestamp: expect.any(String) });
    await c.client.patch(place('f-b'), { metadata: { finalizers: null } });
    await gone('f-b');
    await gone('f-a');
  });

  it('not for those that do not block it; they go after it', async () => {
    const a = await make('n-a');
    await make('n-b', [owned(a)], { finalizers: ['example.com/hold'] });
    await soon();
    await c.client.delete(place('n-a'), { propagationPolicy: 'Foreground' });
    await gone('n-a');
    await c.client.patch(place('n-b'), { metadata: { finalizers: null } });
    await gone('n-b');
  });
});

describe('ReplicaSets', () => {
  const selector = { matchLabels: { app: 'adopt' } };
  const pod = { metadata: { labels: { app: 'adopt' } }, spec: { containers: [{ name: 'c', image: 'pause' }] } };
  it('adopts a pod that fits; the pod goes with the set', async () => {
    await c.client.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'lone', namespace: 'default', labels: { app: 'adopt' } },
      spec: pod.spec,
    } as never);
    await c.client.create({
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: 'rs', namespace: 'default' },
      spec: { replicas: 2, selector, template: pod },
    } as never);
    const pods = async () =>
      (await c.client.list({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', labelSelector: 'app=adopt' })).items;
    await until(async () => (await pods()).length === 2 && (await pods()).every((p) => p.metadata.ownerReferences?.[0]?.name === 'rs'));
    await soon();
    expect(await pods()).toHaveLength(2);
    await c.client.delete(
      { apiVersion: 'apps/v1', kind: 'ReplicaSet', namespace: 'default', name: 'rs' },
      { propagationPolicy: 'Background' },
    );
    await until(async () => (await pods()).length === 0);
  });
});

it('a new Deployment tells of its new set, and carries its revision', async () => {
  const ref = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'default', name: 'told' } as const;
  const labels = { app: 'told' };
  await c.client.create({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'told', namespace: 'default' },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'pause' }] } },
    },
  } as never);
  const reasons: (string | undefined)[] = [];
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), 2000);
  for await (const e of c.client.watch({ ...ref, fieldSelector: 'metadata.name=told' }, { signal: abort.signal })) {
    const reason = e.object.status?.conditions?.find((x) => x.type === 'Progressing')?.reason;
    if (reason && reasons.at(-1) !== reason) reasons.push(reason);
    if (e.object.status?.updatedReplicas === 1) break;
  }
  clearTimeout(timer);
  abort.abort();
  expect(reasons).toEqual(['NewReplicaSetCreated', 'ReplicaSetUpdated']);
  expect((await c.client.get(ref)).metadata.annotations).toEqual({ 'deployment.kubernetes.io/revision': '1' });
});
