/** One Service with its slices, each as long as an object may be: neither the time nor the memory of whoever serves everybody is used up. */
import { expect, it } from 'vitest';
import type { Service } from '../api/types/core/v1.js';
import type { EndpointSlice } from '../api/types/discovery/v1.js';
import { namesNeeded, restoreText } from './iptables.js';
import { decide } from './rules.js';

const LIMIT_MS = 8000;
const list = <T>(n: number, of: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => of(i));
const ip = (i: number) => `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`;
const service = (spec: object, name = 's', status: object = {}) =>
  ({ metadata: { name, namespace: 'd' }, spec: { clusterIP: '10.96.0.9', ...spec }, status }) as unknown as Service;
const slice = (ports: number, endpoints: number, from = 0, name = 's') =>
  ({
    metadata: { name: 'x', namespace: 'd', labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: list(ports, (i) => ({ name: `p${i}`, port: (i % 60_000) + 1, protocol: 'TCP' })),
    endpoints: list(endpoints, (i) => ({ addresses: [ip(from + i)], conditions: { ready: true } })),
  }) as unknown as EndpointSlice;
const ports = (n: number) => list(n, (i) => ({ name: `p${i}`, port: (i % 60_000) + 1, protocol: 'TCP' }));

it.each<[string, Service, EndpointSlice[]]>([
  ['ports of a Service among those of its slices', service({ ports: ports(60_000) }), [slice(60_000, 1)]],
  ['ports and endpoints', service({ ports: ports(20_000) }), list(20, (i) => slice(20_000, 1000, i * 1000))],
  ['ports and outside addresses', service({ ports: ports(20_000), externalIPs: list(20_000, ip) }), [slice(20_000, 1)]],
  [
    'ports and ranges of clients',
    service({ type: 'LoadBalancer', ports: ports(10_000), loadBalancerSourceRanges: list(20_000, (i) => `${ip(i)}/32`) }, 's', {
      loadBalancer: { ingress: [{ ip: '192.0.2.1' }] },
    }),
    [slice(10_000, 1)],
  ],
])('%s', { timeout: 600_000 }, (_, s, slices) => {
  const told: string[] = [];
  const other = service({ ports: [{ name: 'p0', port: 80, protocol: 'TCP' }] }, 'other');
  const started = performance.now();
  const wanted = decide([s, other], [...slices, slice(1, 1, 0, 'other')], 'n', { tooMany: (name) => told.push(name) });
  const names = new Map(namesNeeded(wanted).map((text, i) => [text, String(i)]));
  const text = restoreText(wanted, { node: 'n' }, (t) => names.get(t)!, { nat: [], filter: [] });
  expect(performance.now() - started).toBeLessThan(LIMIT_MS);
  expect(text.length).toBeLessThan(4e8);
  expect(text).toContain('d/other:p0');
  expect(told).toEqual(wanted.length === s.spec.ports!.length + 1 ? [] : ['d/s']);
});
