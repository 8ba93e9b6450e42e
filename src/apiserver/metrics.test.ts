import { expect, it } from 'vitest';
import { Metrics } from './metrics.js';
import { requestInfo } from './request.js';
import { ResourceTable } from './resources.js';
import type { ApiServer } from './server.js';

it('counts what is not there under no name of its own', async () => {
  const metrics = new Metrics(false);
  const resources = new ResourceTable();
  const held = { flow: { used: () => 7 }, storage: { history: { bytes: 9 } } };
  metrics.observe({ ...held, resources: { ...resources, find: resources.find.bind(resources), all: () => [] } } as unknown as ApiServer);
  const ask = (method: string, path: string) =>
    metrics.request(requestInfo({ method, path, query: new URLSearchParams(), headers: {} }), 401, 0);
  for (let i = 0; i < 20; i++) ask('GET', `/apis/made${i}.up/v1/things${i}`);
  for (let i = 0; i < 20; i++) ask('GET', `/api/v1/namespaces/x/pods/p/part${i}`);
  for (let i = 0; i < 20; i++) ask(`METHOD${i}`, '/api/v1/pods');
  ask('GET', '/api/v1/namespaces/x/pods/p/log');
  const counted = (await metrics.registry.metrics()).split('\n').filter((l) => l.startsWith('apiserver_request_total{'));
  const text = await metrics.registry.metrics();
  expect(text).toContain('apiserver_current_inflight_requests{request_kind="mutating"} 7');
  expect(text).toContain('k8ts_apiserver_held_bytes{what="history"} 9');
  expect(counted.length).toBe(4);
  expect(counted.some((l) => l.includes('subresource="log"') && l.includes('resource="pods"'))).toBe(true);
});
