import { expect, it } from 'vitest';
import { FakeApi } from '../../test/kubelet/fake-client.js';
import type { Client } from '../client/client.js';
import { forbiddenError, StatusError } from '../meta/errors.js';
import { silentLogger } from '../util/logger.js';
import { seededRandom } from '../util/random.js';
import { VirtualClock } from '../util/virtual-clock.js';
import { ControllerManager } from './manager.js';

const terminating = () =>
  new StatusError(403, 'Forbidden', 'namespace ns is being terminated', {
    causes: [{ reason: 'NamespaceTerminating', message: 'namespace ns is being terminated', field: 'metadata.namespace' }],
  });

const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
const spec = { replicas: 3, selector: { matchLabels: { app: 'web' } }, template };
const objects = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'ns' }, spec: { finalizers: [] }, status: { phase: 'Active' } },
  { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { namespace: 'ns', name: 'rs' }, spec, status: {} },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace: 'ns', name: 'd' },
    spec: {
      ...spec,
      selector: { matchLabels: { app: 'd' } },
      template: { ...template, metadata: { labels: { app: 'd' } } },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } },
      progressDeadlineSeconds: 600,
    },
    status: {},
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'ns', name: 's' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80, protocol: 'TCP' }], ipFamilies: ['IPv4'], clusterIP: '10.0.0.1' },
    status: {},
  },
];

const KINDS = ['Pod', 'ReplicaSet', 'EndpointSlice', 'Endpoints', 'ServiceAccount', 'ConfigMap'];

async function run(refusal: Error): Promise<{ calls: Map<string, number>; warnings: string[]; status: (kind: string) => unknown }> {
  const clock = new VirtualClock();
  const warnings: string[] = [];
  const log = { ...silentLogger, with: () => log, warn: (text: string) => void warnings.push(text) };
  const env = { clock, random: seededRandom(1), log };
  const api = new FakeApi(env);
  for (const o of objects) api.put(o);
  for (const kind of KINDS) api.failures.set(`create ${kind}`, refusal);
  const client: Client = api.client();
  const manager = new ControllerManager({ client, env, rootCa: 'ca' });
  const started = manager.start();
  await clock.advance('10m');
  await started;
  await manager.stop();
  const calls = new Map<string, number>();
  for (const c of api.calls) calls.set(c, (calls.get(c) ?? 0) + 1);
  return { calls, warnings, status: (kind) => api.of<{ status: object }>(kind)[0]?.status };
}

it('a namespace that is terminating takes nothing any more: no controller tries again, warns or writes an event', async () => {
  const { calls, warnings, status } = await run(terminating());
  for (const kind of KINDS) expect([kind, calls.get(`create ${kind}`) ?? 0]).toEqual([kind, expect.toBeOneOf([1, 2])]);
  expect(warnings).toEqual([]);
  expect(calls.get('create Event') ?? 0).toBe(0);
  expect(status('ReplicaSet')).not.toMatchObject({ conditions: [{ type: 'ReplicaFailure' }] });
  expect(JSON.stringify(status('Deployment'))).not.toContain('ReplicaSetCreateError');
});

it('any other refusal is told and tried again', async () => {
  const { calls, warnings } = await run(forbiddenError({ group: '', resource: 'pods' }, 'x', 'no'));
  expect(calls.get('create Pod')).toBeGreaterThan(5);
  expect(calls.get('create ReplicaSet')).toBeGreaterThan(5);
  expect(calls.get('create Event')).toBeGreaterThan(1);
  expect(warnings.length).toBeGreaterThan(5);
});
