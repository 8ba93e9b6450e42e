import { describe, expect, it } from 'vitest';
import type { Service } from '../api/types/core/v1.js';
import type { EndpointSlice } from '../api/types/discovery/v1.js';
import { namesNeeded, restoreText } from './iptables.js';
import { decide, type ProxyConfig } from './rules.js';

const service = (spec: object = {}, more: object = {}): Service =>
  ({
    metadata: { name: 'web', namespace: 'ns' },
    spec: { type: 'ClusterIP', clusterIP: '10.96.0.9', ports: [{ name: 'http', port: 80, protocol: 'TCP' }], ...spec },
    status: {},
    ...more,
  }) as unknown as Service;

type End = [ip: string, node: string, state?: 'ready' | 'going' | 'dead'];
const slice = (...ends: End[]): EndpointSlice =>
  ({
    metadata: { namespace: 'ns', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: ends.map(([ip, nodeName, state = 'ready']) => ({
      addresses: [ip],
      nodeName,
      conditions: { ready: state === 'ready', serving: state !== 'dead', terminating: state === 'going' },
    })),
  }) as unknown as EndpointSlice;

const TWO: End[] = [
  ['10.1.0.2', 'n2'],
  ['10.1.0.1', 'n1'],
];

describe('decide', () => {
  const ips = (ends: End[], answers?: (ip: string) => boolean) => {
    const [p] = decide([service()], [slice(...ends)], 'n1', { answers });
    return [p!.backends.map((b) => b.ip), p!.localBackends.map((b) => b.ip)];
  };
  it.each<[string, End[], string[], string[]]>([
    ['in order, those of this node known', TWO, ['10.1.0.1', '10.1.0.2'], ['10.1.0.1']],
    [
      'none that is not ready',
      [
        ['a', 'n1', 'dead'],
        ['b', 'n2'],
      ],
      ['b'],
      [],
    ],
    [
      'those that go only where no other is',
      [
        ['a', 'n1', 'going'],
        ['b', 'n1'],
      ],
      ['b'],
      ['b'],
    ],
    [
      'all go',
      [
        ['a', 'n1', 'going'],
        ['b', 'n2', 'going'],
      ],
      ['a', 'b'],
      ['a'],
    ],
    [
      'the last of this node goes: it still serves this node',
      [
        ['a', 'n1', 'going'],
        ['b', 'n2'],
      ],
      ['b'],
      ['a'],
    ],
  ])('%s', (_name, ends, all, local) => expect(ips(ends)).toEqual([all, local]));

  it('ready ones that do not answer wait, unless there is no other', () => {
    expect(ips(TWO, (ip) => ip === '10.1.0.2')[0]).toEqual(['10.1.0.2']);
    expect(ips(TWO, () => false)[0]).toEqual(['10.1.0.1', '10.1.0.2']);
  });

  it('leaves out headless Services, names of elsewhere and those of other proxies', () => {
    const none = [
      service({ clusterIP: 'None' }),
      service({ type: 'ExternalName', clusterIP: undefined }),
      service({}, { metadata: { name: 'web', namespace: 'ns', labels: { 'service.kubernetes.io/service-proxy-name': 'x' } } }),
    ];
    expect(decide(none, [slice(...TWO)], 'n1')).toEqual([]);
  });

  it('an unnamed port bears the name of its Service alone', () => {
    expect(decide([service({ ports: [{ port: 80 }] })], [], 'n1')[0]!.name).toBe('ns/web');
  });
});

/** Chain names that can be read. */
const names = (text: string) =>
  text
    .replace(/^ns\/web:http/, '')
    .replace(/[.:]/g, '')
    .toUpperCase();
const text = (s: Service, ends: End[], config: Partial<ProxyConfig> = {}) => {
  const ports = decide([s], [slice(...ends)], 'n1');
  const known = new Set(namesNeeded(ports));
  const out = restoreText(
    ports,
    { node: 'n1', ...config },
    (t) => {
      expect(known).toContain(t);
      return names(t);
    },
    { nat: [], filter: [] },
  );
  // What every text has is held by the first golden text alone.
  return out.split('\n').filter((l) => /web/.test(l) || /^(:|-A )KUBE-(SVC|SEP|SVL|EXT)-/.test(l));
};
const SEP = (ip: string, chain: string) => [
  `-A KUBE-SEP-${chain} -m comment --comment "ns/web:http" -s ${ip} -j KUBE-MARK-MASQ`,
  `-A KUBE-SEP-${chain} -m comment --comment "ns/web:http" -m tcp -p tcp -j DNAT --to-destination ${ip}:8080`,
];

describe('restoreText', () => {
  it('nothing', () =>
    expect(restoreText([], { node: 'n1' }, names, { nat: ['KUBE-SVC-OLD', 'KUBE-SERVICES'], filter: [] })).toBe(`*filter
:KUBE-SERVICES - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-EXTERNAL-SERVICES - [0:0]
:KUBE-FORWARD - [0:0]
-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
COMMIT
*nat
:KUBE-SERVICES - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-POSTROUTING - [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-SVC-OLD - [0:0]
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --xor-mark 0x4000
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
-A KUBE-MARK-MASQ -j MARK --or-mark 0x4000
-X KUBE-SVC-OLD
COMMIT
`));

  const BOTH = [...SEP('10.1.0.1', 'TCP101018080'), ...SEP('10.1.0.2', 'TCP101028080')];
  const SPREAD = [
    '-A KUBE-SVC-TCP -m comment --comment "ns/web:http -> 10.1.0.1:8080" -m statistic --mode random --probability 0.5000000000 -j KUBE-SEP-TCP101018080',
    '-A KUBE-SVC-TCP -m comment --comment "ns/web:http -> 10.1.0.2:8080" -j KUBE-SEP-TCP101028080',
  ];
  const CHAINS = [':KUBE-SEP-TCP101018080 - [0:0]', ':KUBE-SEP-TCP101028080 - [0:0]', ':KUBE-SVC-TCP - [0:0]'];
  const CLUSTER = '-A KUBE-SERVICES -m comment --comment "ns/web:http cluster IP" -m tcp -p tcp -d 10.96.0.9 --dport 80 -j KUBE-SVC-TCP';
  const masquerade = (match: string) =>
    `-A KUBE-SVC-TCP -m comment --comment "ns/web:http cluster IP" -m tcp -p tcp -d 10.96.0.9 --dport 80${match} -j KUBE-MARK-MASQ`;

  it('a cluster IP', () => expect(text(service(), TWO)).toEqual([...CHAINS, ...BOTH, ...SPREAD, CLUSTER]));
  it('with a pod network: others are masqueraded', () =>
    expect(text(service(), TWO, { clusterCidr: '10.1.0.0/16' })).toEqual([
      ...CHAINS,
      ...BOTH,
      masquerade(' ! -s 10.1.0.0/16'),
      ...SPREAD,
      CLUSTER,
    ]));
  it('masquerade all', () =>
    expect(text(service(), TWO, { clusterCidr: '10.1.0.0/16', masqueradeAll: true })).toEqual([
      ...CHAINS,
      ...BOTH,
      masquerade(''),
      ...SPREAD,
      CLUSTER,
    ]));
  it('no endpoints: refused', () =>
    expect(
      text(service({ type: 'NodePort', ports: [{ name: 'http', port: 80, nodePort: 30080 }], externalIPs: ['192.0.2.7'] }), []),
    ).toEqual([
      '-A KUBE-SERVICES -m comment --comment "ns/web:http has no endpoints" -m tcp -p tcp -d 10.96.0.9 --dport 80 -j REJECT',
      '-A KUBE-EXTERNAL-SERVICES -m comment --comment "ns/web:http has no endpoints" -m tcp -p tcp -d 192.0.2.7 --dport 80 -j REJECT',
      '-A KUBE-EXTERNAL-SERVICES -m comment --comment "ns/web:http has no endpoints" -m addrtype --dst-type LOCAL -m tcp -p tcp --dport 30080 -j REJECT',
    ]));

  const nodePort = { type: 'NodePort', ports: [{ name: 'http', port: 80, nodePort: 30080 }] };
  const PORT = '-A KUBE-NODEPORTS -m comment --comment "ns/web:http" -m tcp -p tcp --dport 30080 -j KUBE-EXT-TCP';
  it('a node port', () =>
    expect(text(service(nodePort), TWO)).toEqual([
      ...CHAINS,
      ':KUBE-EXT-TCP - [0:0]',
      ...BOTH,
      ...SPREAD,
      CLUSTER,
      PORT,
      '-A KUBE-EXT-TCP -m comment --comment "masquerade traffic for ns/web:http external destinations" -j KUBE-MARK-MASQ',
      '-A KUBE-EXT-TCP -j KUBE-SVC-TCP',
    ]));

  const LOCAL = [
    '-A KUBE-EXT-TCP -m comment --comment "masquerade LOCAL traffic for ns/web:http external destinations" -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ',
    '-A KUBE-EXT-TCP -m comment --comment "route LOCAL traffic for ns/web:http external destinations" -m addrtype --src-type LOCAL -j KUBE-SVC-TCP',
  ];
  it('external traffic stays on the node', () =>
    expect(text(service({ ...nodePort, externalTrafficPolicy: 'Local' }), TWO)).toEqual([
      ...CHAINS,
      ':KUBE-SVL-TCP - [0:0]',
      ':KUBE-EXT-TCP - [0:0]',
      ...BOTH,
      ...SPREAD,
      '-A KUBE-SVL-TCP -m comment --comment "ns/web:http -> 10.1.0.1:8080" -j KUBE-SEP-TCP101018080',
      CLUSTER,
      PORT,
      ...LOCAL,
      '-A KUBE-EXT-TCP -j KUBE-SVL-TCP',
    ]));
  it('and is dropped where the node has none, under every address', () => {
    const s = service({ ...nodePort, externalTrafficPolicy: 'Local', externalIPs: ['192.0.2.7'] });
    expect(text(s, [['10.1.0.2', 'n2']]).filter((l) => /DROP/.test(l))).toEqual([
      '-A KUBE-EXTERNAL-SERVICES -m comment --comment "ns/web:http has no local endpoints" -m tcp -p tcp -d 192.0.2.7 --dport 80 -j DROP',
      '-A KUBE-EXTERNAL-SERVICES -m comment --comment "ns/web:http has no local endpoints" -m addrtype --dst-type LOCAL -m tcp -p tcp --dport 30080 -j DROP',
    ]);
  });
  it('a load balancer lets its source ranges in, and nobody else', () => {
    const s = service({ type: 'LoadBalancer', loadBalancerSourceRanges: ['192.0.2.0/24', '198.51.100.0/24'] });
    s.status = { loadBalancer: { ingress: [{ ip: '203.0.113.5' }] } } as never;
    expect(text(s, TWO).filter((l) => l.includes('203.0.113.5'))).toEqual([
      '-A KUBE-EXTERNAL-SERVICES -m comment --comment "ns/web:http traffic not accepted" -m tcp -p tcp -d 203.0.113.5 --dport 80 -j DROP',
      '-A KUBE-SERVICES -m comment --comment "ns/web:http loadbalancer IP" -m tcp -p tcp -d 203.0.113.5 --dport 80 -s 192.0.2.0/24 -j KUBE-EXT-TCP',
      '-A KUBE-SERVICES -m comment --comment "ns/web:http loadbalancer IP" -m tcp -p tcp -d 203.0.113.5 --dport 80 -s 198.51.100.0/24 -j KUBE-EXT-TCP',
    ]);
  });
  it('internal traffic stays on the node, too, or is dropped', () => {
    const s = service({ internalTrafficPolicy: 'Local' });
    expect(text(s, TWO)).toEqual([
      ':KUBE-SEP-TCP101018080 - [0:0]',
      ':KUBE-SVL-TCP - [0:0]',
      ...SEP('10.1.0.1', 'TCP101018080'),
      '-A KUBE-SVL-TCP -m comment --comment "ns/web:http -> 10.1.0.1:8080" -j KUBE-SEP-TCP101018080',
      CLUSTER.replace('KUBE-SVC', 'KUBE-SVL'),
    ]);
    expect(text(s, [['10.1.0.2', 'n2']])).toEqual([
      '-A KUBE-SERVICES -m comment --comment "ns/web:http has no local endpoints" -m tcp -p tcp -d 10.96.0.9 --dport 80 -j DROP',
    ]);
  });
  it('session affinity', () => {
    const lines = text(service({ sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } } }), TWO);
    const recent = (ip: string, chain: string) =>
      `-A KUBE-SVC-TCP -m comment --comment "ns/web:http -> ${ip}:8080" -m recent --name KUBE-SEP-${chain} --rcheck --seconds 60 --reap -j KUBE-SEP-${chain}`;
    expect(lines.filter((l) => l.startsWith('-A KUBE-SVC'))).toEqual([
      recent('10.1.0.1', 'TCP101018080'),
      recent('10.1.0.2', 'TCP101028080'),
      ...SPREAD,
    ]);
    expect(lines).toContain(
      '-A KUBE-SEP-TCP101018080 -m comment --comment "ns/web:http" -m recent --name KUBE-SEP-TCP101018080 --set -m tcp -p tcp -j DNAT --to-destination 10.1.0.1:8080',
    );
  });
});

describe('what is left alone', () => {
  const labels = (l: object) => ({ metadata: { name: 'web', namespace: 'ns', labels: l } });
  it.each<[string, object, object, number]>([
    ['nothing', {}, {}, 1],
    ['a Service that is headless by its label', labels({ 'service.kubernetes.io/headless': '' }), {}, 0],
    ['one with any value', labels({ 'service.kubernetes.io/headless': 'false' }), {}, 0],
    ['a Service of another proxy', labels({ 'service.kubernetes.io/service-proxy-name': '' }), {}, 0],
  ])('%s', (_, more, __, right) => expect(decide([service({}, more)], [slice(...TWO)], 'n1').length).toBe(right));
  it('slices that are headless by their label', () => {
    const headless = {
      ...slice(...TWO),
      metadata: { namespace: 'ns', labels: { 'kubernetes.io/service-name': 'web', 'service.kubernetes.io/headless': '' } },
    };
    expect(decide([service()], [headless as unknown as EndpointSlice], 'n1')[0]!.backends).toEqual([]);
  });
  it('many slices of one Service take a time like their number', () => {
    const many = Array.from({ length: 100_000 }, (_, i) => slice([`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, 'n1']));
    const begun = performance.now();
    expect(decide([service()], many, 'n1')[0]!.backends.length).toBe(100_000);
    expect(performance.now() - begun).toBeLessThan(8_000);
  });
});

it('a port of a Service address that no rule knows is refused, after all that is known', () => {
  const ports = decide(
    [service(), service({ clusterIP: '10.96.0.8' }, { metadata: { name: 'empty', namespace: 'ns' } })],
    [slice(...TWO)],
    'n1',
  );
  const names = new Map(namesNeeded(ports).map((t, i) => [t, `N${i}`]));
  const text = (config: ProxyConfig) => restoreText(ports, config, (t) => names.get(t)!, { nat: [], filter: [] }).split('*nat')[0]!;
  const rules = text({ node: 'n1', serviceCidr: '10.96.0.0/16' })
    .split('\n')
    .filter((l) => l.startsWith('-A KUBE-SERVICES'));
  expect(rules.at(-1)).toBe('-A KUBE-SERVICES -m comment --comment "no such service port" -d 10.96.0.0/16 -j REJECT');
  expect(rules.length).toBe(2);
  expect(text({ node: 'n1' })).not.toContain('no such service port');
});

describe('text of others in rules', () => {
  const EVIL = '10.0.0.1 -j ACCEPT\n-A INPUT -j ACCEPT';
  const withPort = (p: object) => service({ ports: [{ name: 'http', port: 80, protocol: 'TCP', ...p }] });
  it.each<[string, Service, EndpointSlice]>([
    ['an external address', service({ externalIPs: [EVIL] }), slice(...TWO)],
    [
      'an address of a balancer',
      service({ type: 'LoadBalancer' }, { status: { loadBalancer: { ingress: [{ ip: EVIL }] } } }),
      slice(...TWO),
    ],
    ['a source range', service({ type: 'LoadBalancer', loadBalancerSourceRanges: [EVIL] }), slice(...TWO)],
    ['the Service address', service({ clusterIP: EVIL }), slice(...TWO)],
    ['a name', service({}, { metadata: { name: `x"${EVIL}`, namespace: 'ns' } }), slice(...TWO)],
    ['a namespace', service({}, { metadata: { name: 'web', namespace: `ns" ${EVIL}` } }), slice(...TWO)],
    ['the name of a port', withPort({ name: `http" ${EVIL}` }), slice(...TWO)],
    ['an endpoint', service(), slice([EVIL, 'n1'])],
    ['a protocol', withPort({ protocol: `TCP ${EVIL}` }), slice(...TWO)],
    ['a port', withPort({ port: `80 ${EVIL}` }), slice(...TWO)],
    ['a node port', withPort({ nodePort: `30000 ${EVIL}` }), slice(...TWO)],
    ['a port of an endpoint', service(), { ...slice(...TWO), ports: [{ name: 'http', port: `80 ${EVIL}` as never }] }],
    ['a word at the end of a line', service({}, { metadata: { name: 'web\n', namespace: 'ns' } }), slice(...TWO)],
    ['an escape', service({}, { metadata: { name: `web\\" ${EVIL}`, namespace: 'ns' } }), slice(...TWO)],
    [
      'an annotation',
      service({}, { metadata: { name: 'web', namespace: 'ns', annotations: { a: EVIL }, labels: { a: EVIL } } }),
      slice(...TWO),
    ],
    ['a range with a line', service({ type: 'LoadBalancer', loadBalancerSourceRanges: ['10.0.0.0/8\n'] }), slice(...TWO)],
    ['an address after a zero', service({ externalIPs: ['1.2.3.4\0-j ACCEPT'] }), slice(...TWO)],
  ])('never comes in by %s', (_, evil, endpoints) => {
    const ports = decide([evil], [endpoints], 'n1');
    const names = new Map(namesNeeded(ports).map((t, i) => [t, `N${i}`]));
    const text = restoreText(ports, { node: 'n1' }, (t) => names.get(t)!, { nat: [], filter: [] });
    expect(text).not.toMatch(/INPUT|ACCEPT\n-A INPUT|10\.0\.0\.1/);
    for (const line of text.trim().split('\n')) expect(line).toMatch(/^(\*\w+|:KUBE-\S+ - \[0:0\]|-A KUBE-\S+ .*|COMMIT)$/);
  });
});
