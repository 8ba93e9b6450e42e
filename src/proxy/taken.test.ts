import { describe, expect, it } from 'vitest';
import type { Service } from '../api/types/core/v1.js';
import type { EndpointSlice } from '../api/types/discovery/v1.js';
import { namesNeeded, restoreText } from './iptables.js';
import { decide } from './rules.js';
import { canonical } from './taken.js';

const DNS = '10.96.0.10';
const WEB = '10.96.0.20';
const NODE = '192.0.2.2';
const own = {
  addresses: new Set([NODE, '10.244.0.1']),
  ports: [
    { protocol: 'TCP', port: 6443, holder: 'kube-apiserver' },
    { protocol: 'TCP', port: 31_000, holder: 'kubelet' },
  ],
};
const service = (namespace: string, name: string, clusterIP: string, spec: object = {}, status: object = {}): Service =>
  ({ metadata: { namespace, name }, spec: { clusterIP, ports: [{ port: 80, protocol: 'TCP' }], ...spec }, status }) as unknown as Service;
const slice = (namespace: string, name: string, ip: string): EndpointSlice =>
  ({
    metadata: { namespace, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: [{ name: '', port: 8080, protocol: 'TCP' }],
    endpoints: [{ addresses: [ip], conditions: { ready: true } }],
  }) as unknown as EndpointSlice;

const others = [
  service('kube-system', 'kube-dns', DNS, { ports: [{ port: 53, protocol: 'UDP' }] }),
  service('victim', 'web', WEB, { type: 'NodePort', ports: [{ port: 80, protocol: 'TCP', nodePort: 30_080 }] }),
  service('victim', 'elsewhere', '10.96.0.30', {}, {}),
];
const balancer = (ip: string) => ({ loadBalancer: { ingress: [{ ip, ipMode: 'VIP' }] } });

describe('an outside address of a Service', () => {
  const free = (port: number, s: [spec: object, status?: object], protocol = 'TCP') => {
    const evil = service('aaa', 'evil', '10.96.0.66', { ports: [{ port, protocol }], ...s[0] }, s[1]);
    const p = decide([evil, ...others], [], 'n', { own }).find((x) => x.name === 'aaa/evil')!;
    return [p.externalIps, p.loadBalancerIps, p.nodePort, p.refused];
  };
  const external = (...externalIPs: string[]): [object] => [{ externalIPs }];

  it.each<[string, number, [object, object?], string[], string?]>([
    ['that is nobody’s', 80, external('198.51.100.1'), ['198.51.100.1']],
    ['that is the node’s, with a port that is nobody’s', 80, external(NODE), [NODE]],
    ['that is its own cluster address', 80, external('10.96.0.66'), ['10.96.0.66']],
    ['that is the DNS', 53, external(DNS), [], `${DNS} with port TCP/53 is the address of the Service kube-system/kube-dns`],
    ['that is another’s, with another port', 9, external(WEB), [], `${WEB} with port TCP/9 is the address of the Service victim/web`],
    ['the same with zeros before', 80, external('10.096.000.020'), [], `${WEB} with port TCP/80 is the address of the Service victim/web`],
    ['one of two', 80, external(WEB, '198.51.100.1'), ['198.51.100.1'], `${WEB} with port TCP/80 is the address of the Service victim/web`],
    [
      'that is the node’s, with an own port',
      6443,
      external(NODE),
      [],
      `${NODE} with port TCP/6443 is a port of the node's own kube-apiserver`,
    ],
    [
      'of the pod network’s bridge',
      6443,
      external('10.244.0.1'),
      [],
      `10.244.0.1 with port TCP/6443 is a port of the node's own kube-apiserver`,
    ],
    ['elsewhere, with an own port', 6443, external('198.51.100.1'), ['198.51.100.1']],
    [
      'that is the node’s, with a node port',
      30_080,
      external(NODE),
      [],
      `${NODE} with port TCP/30080 is the node port of the Service victim/web`,
    ],
    [
      'of a balancer, that is the DNS',
      53,
      [{}, balancer(DNS)],
      [],
      `${DNS} with port TCP/53 is the address of the Service kube-system/kube-dns`,
    ],
    [
      'of a balancer, the node’s, with an own port',
      6443,
      [{}, balancer(NODE)],
      [],
      `${NODE} with port TCP/6443 is a port of the node's own kube-apiserver`,
    ],
  ])('%s', (_, port, s, right, why) => {
    const [externalIps, loadBalancerIps, , refused] = free(port, s);
    expect([...(externalIps as string[]), ...(loadBalancerIps as string[])]).toEqual(right);
    expect(refused).toEqual(why ? [why] : []);
  });

  it.each<[string, number, string, number | undefined]>([
    ['a node port that is nobody’s', 31_001, 'TCP', 31_001],
    ['of another protocol', 31_000, 'UDP', 31_000],
    ['that the node itself holds', 31_000, 'TCP', undefined],
  ])('%s', (_, nodePort, protocol, right) => {
    const [, , got, refused] = free(80, [{ type: 'NodePort', ports: [{ port: 80, protocol, nodePort }] }]);
    expect([got, (refused as string[]).length]).toEqual([right, right ? 0 : 1]);
  });

  it('that is its own node port’s is served', () => {
    const [ips] = free(30_090, [{ externalIPs: [NODE], ports: [{ port: 30_090, protocol: 'TCP', nodePort: 30_090 }] }]);
    expect(ips).toEqual([NODE]);
  });

  it('is not written, nor refused to others, in any rule', () => {
    const evil = [
      service('aaa', 'evil', '10.96.0.66', { externalIPs: [WEB, '198.51.100.1'] }),
      service('aaa', 'empty', '10.96.0.67', { externalIPs: [NODE], ports: [{ port: 6443, protocol: 'TCP' }] }),
    ];
    const slices = [slice('aaa', 'evil', '10.1.0.6'), slice('victim', 'web', '10.1.0.1')];
    const ports = decide([...evil, ...others], slices, 'n', { own });
    const names = new Map(namesNeeded(ports).map((t, i) => [t, `N${i}`]));
    const rules = restoreText(ports, { node: 'n' }, (t) => names.get(t)!, { nat: [], filter: [] }).split('\n');
    expect(rules.filter((r) => r.includes(`-d ${WEB} `)).map((r) => r.includes('victim/web'))).toEqual([true]);
    expect(rules.filter((r) => r.includes(NODE))).toEqual([]);
    // And what is served stands behind all cluster addresses, whatever their Services are called.
    const at = (text: string) => rules.findIndex((r) => r.startsWith('-A KUBE-SERVICES') && r.includes(text) && r.includes('-j KUBE-'));
    expect(at('198.51.100.1')).toBeGreaterThan(at(`-d ${WEB}`));
  });
});

it.each([
  [' 10.0.0.1\n', '10.0.0.1'],
  ['010.0.0.08', '10.0.0.8'],
  ['010.0.0.0/8', '10.0.0.0/8'],
  ['2001:DB8::1', '2001:db8::1'],
  ['nothing', 'nothing'],
])('%j is read as %j', (text, right) => expect(canonical(text)).toBe(right));
