import { describe, expect, it } from 'vitest';
import type { Service } from '../api/types/core/v1.js';
import type { EndpointSlice } from '../api/types/discovery/v1.js';
import type { DeepPartial } from '../meta/object.js';
import { restoreText } from './iptables.js';
import { decide } from './rules.js';

const service = (spec: DeepPartial<Service['spec']>, ip?: string): Service =>
  ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's', namespace: 'd' },
    spec: { type: 'LoadBalancer', clusterIP: '10.96.0.9', ports: [{ port: 80, protocol: 'TCP' }], ...spec },
    status: ip ? { loadBalancer: { ingress: [{ ip, ipMode: 'VIP' }] } } : {},
  }) as Service;
const slice = (port: number): EndpointSlice =>
  ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'x', namespace: 'd', labels: { 'kubernetes.io/service-name': 's' } },
    addressType: 'IPv4',
    ports: [{ name: '', port, protocol: 'TCP' }],
    endpoints: [{ addresses: ['10.1.0.1'], conditions: { ready: true } }],
  }) as unknown as EndpointSlice;
const text = (s: Service, port = 8080): string =>
  restoreText(decide([s], [slice(port)], 'n'), { node: 'n' }, (t) => t.slice(-16).replace(/\W/g, 'X'), { nat: [], filter: [] });

describe('what one service asks does not keep out the rules of all', () => {
  it.each([
    ['an external address of the other family', service({ externalIPs: ['2001:db8::1', '198.51.100.7'] })],
    ['a balancer address of the other family', service({}, '2001:db8::2')],
    ['source ranges of both families', service({ loadBalancerSourceRanges: [' 10.0.0.0/8\n', '2001:db8::/32'] }, '198.51.100.7')],
    ['source ranges of the other family alone', service({ loadBalancerSourceRanges: ['2001:db8::/32'] }, '198.51.100.7')],
  ])('%s', (_, s) => {
    expect(text(s)).not.toContain('2001:db8');
    expect(text(s)).not.toMatch(/-s\s*\n/);
    expect(text(s)).toContain('-d 10.96.0.9 --dport 80 -j KUBE-SVC');
  });

  it('clients of a family that is not let in are not let in', () => {
    expect(text(service({ loadBalancerSourceRanges: ['2001:db8::/32'] }, '198.51.100.7'))).not.toContain('198.51.100.7');
  });

  it('a port that is none', () => {
    expect(text(service({}), 99_999)).not.toContain('99999');
  });
});
