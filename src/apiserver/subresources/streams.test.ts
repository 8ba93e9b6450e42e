import { expect, it } from 'vitest';
import type { Call } from '../core.js';
import { requestInfo } from '../request.js';
import { proxyTarget } from './proxy.js';

it.each([
  ['/api/v1/namespaces/default/pods/p/proxy', '/'],
  ['/api/v1/namespaces/default/pods/p/proxy/', '/'],
  ['/api/v1/namespaces/default/pods/p/proxy/a%2Fb/proxy/c', '/a%2Fb/proxy/c'],
  ['/api/v1/namespaces/proxy/pods/p/proxy/a', '/a'],
  ['/api/v1/namespaces/default/pods/proxy/proxy/a', '/a'],
])('%s leads to %s', (path, want) => {
  const request = { method: 'GET', path, query: new URLSearchParams(), headers: {} };
  const pod = { metadata: { name: 'p' }, spec: { containers: [{ name: 'c' }] }, status: { podIP: '10.0.0.1' } };
  const call = { core: { storage: { get: () => ({ object: pod }) } }, request, info: requestInfo(request) } as unknown as Call;
  expect(proxyTarget(call).path).toBe(want);
});
