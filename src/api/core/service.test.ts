import { describe, expect, it } from 'vitest';
import { faults, prepared, row, updateFaults } from '../testing.js';
import type { Service } from '../types/core/v1.js';

const service = (spec: object, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'a', namespace: 'b' },
  spec: { selector: { app: 'web' }, ports: [{ port: 80 }], ...spec },
  ...more,
});
const short = (list: readonly string[]) =>
  list.map((text) => text.replace(/: (must|a lowercase|a DNS|supported|cannot|in addition).*/s, ''));

it('fills what a service needs', () => {
  expect(prepared<Service>(service({})).spec).toMatchObject({
    type: 'ClusterIP',
    sessionAffinity: 'None',
    internalTrafficPolicy: 'Cluster',
    ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
  });
  expect(prepared<Service>(service({ type: 'NodePort' })).spec).toMatchObject({ externalTrafficPolicy: 'Cluster' });
  expect(prepared<Service>(service({ type: 'LoadBalancer' })).spec).toMatchObject({ allocateLoadBalancerNodePorts: true });
  expect(prepared<Service>(service({ sessionAffinity: 'ClientIP' })).spec.sessionAffinityConfig).toEqual({
    clientIP: { timeoutSeconds: 10800 },
  });
});

describe('validation', () => {
  it.each<[string, object, string[]]>([
    ['a plain service', service({}), []],
    ['headless without ports', service({ clusterIP: 'None', ports: [] }), []],
    ['no ports', service({ ports: [] }), ['spec.ports: Required value']],
    [
      'ports without names',
      service({ ports: [{ port: 80 }, { port: 81 }] }),
      ['spec.ports[0].name: Required value', 'spec.ports[1].name: Required value'],
    ],
    [
      'ports of one name',
      service({
        ports: [
          { name: 'a', port: 80 },
          { name: 'a', port: 81 },
        ],
      }),
      ['spec.ports[1].name: Duplicate value: "a"'],
    ],
    [
      'a port out of range',
      service({ ports: [{ port: 0 }] }),
      ['spec.ports[0].port: Invalid value: 0', 'spec.ports[0].targetPort: Invalid value: 0'],
    ],
    ['a wrong protocol', service({ ports: [{ port: 1, protocol: 'ICMP' }] }), ['spec.ports[0].protocol: Unsupported value: "ICMP"']],
    ['a wrong type', service({ type: 'Best' }), ['spec.type: Unsupported value: "Best"']],
    ['a wrong affinity', service({ sessionAffinity: 'Most' }), ['spec.sessionAffinity: Unsupported value: "Most"']],
    ['a name outside that is none', service({ type: 'ExternalName', externalName: 'A_b' }), ['spec.externalName: Invalid value: "A_b"']],
    ['a name outside', service({ type: 'ExternalName', externalName: 'example.com' }), []],
  ])('%s', (_what, given, expected) => {
    expect(short(faults(given as never))).toEqual(expected);
  });
});

it('keeps its address', () => {
  const at = (ip: string) => service({ clusterIP: ip, clusterIPs: [ip] });
  expect(updateFaults(at('10.0.0.1'), at('10.0.0.1'))).toEqual([]);
  expect(updateFaults(at('10.0.0.1'), at('10.0.0.2')).join()).toMatch(
    /spec.clusterIPs\[0\]: Invalid value: .*may not change once set|field is immutable/,
  );
});

const at = (ip: string) => ({ clusterIP: ip, clusterIPs: [ip] });
it.each<[string, object, unknown[]]>([
  ['inside', service({ ...at('10.0.0.1') }), ['ClusterIP', '10.0.0.1', '<none>', '80/TCP']],
  ['headless', service({ ...at('None') }), ['ClusterIP', 'None', '<none>', '80/TCP']],
  [
    'on nodes',
    service({ type: 'NodePort', ...at('10.0.0.1'), ports: [{ port: 80, nodePort: 30080, protocol: 'TCP' }] }),
    ['NodePort', '10.0.0.1', '<none>', '80:30080/TCP'],
  ],
  ['balanced, not yet', service({ type: 'LoadBalancer', ...at('10.0.0.1') }), ['LoadBalancer', '10.0.0.1', '<pending>', '80/TCP']],
  [
    'balanced',
    service({ type: 'LoadBalancer', ...at('10.0.0.1') }, { status: { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } } }),
    ['LoadBalancer', '10.0.0.1', '1.2.3.4', '80/TCP'],
  ],
  [
    'a name',
    service({ type: 'ExternalName', externalName: 'example.com', ports: null }),
    ['ExternalName', '<none>', 'example.com', '<none>'],
  ],
])('shows a service: %s', (_what, given, expected) => {
  const r = row(given as never);
  expect([r.Type, r['Cluster-IP'], r['External-IP'], r['Port(s)']]).toEqual(expected);
});
