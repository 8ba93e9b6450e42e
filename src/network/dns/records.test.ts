import { describe, expect, it } from 'vitest';
import type { Service } from '../../api/types/core/v1.js';
import type { EndpointSlice } from '../../api/types/discovery/v1.js';
import { resolve, type Zone } from './records.js';

const service = (name: string, spec: object): Service => ({ metadata: { name, namespace: 'ns' }, spec }) as unknown as Service;
const services = [
  service('web', {
    clusterIP: '10.96.0.9',
    clusterIPs: ['10.96.0.9', 'fd00::9'],
    ports: [
      { name: 'http', port: 80, protocol: 'TCP' },
      { name: 'dns', port: 53, protocol: 'UDP' },
    ],
  }),
  service('db', { clusterIP: 'None', ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }] }),
  service('empty', { clusterIP: 'None', ports: [] }),
  service('far', { type: 'ExternalName', externalName: 'example.org' }),
];
const slices = [
  {
    metadata: { name: 's', namespace: 'ns', labels: { 'kubernetes.io/service-name': 'db' } },
    addressType: 'IPv4',
    ports: [{ name: 'sql', port: 5433, protocol: 'TCP' }],
    endpoints: [
      { addresses: ['10.1.0.1'], hostname: 'db-0', conditions: { ready: true } },
      { addresses: ['10.1.0.2'], conditions: { ready: true } },
      { addresses: ['10.1.0.3'], conditions: { ready: false } },
    ],
  },
] as unknown as EndpointSlice[];
const zone: Zone = {
  domain: 'cluster.local',
  service: (ns, name) => (ns === 'ns' ? services.find((s) => s.metadata.name === name) : undefined),
  slices: (ns, name) => slices.filter((s) => ns === 'ns' && s.metadata.labels?.['kubernetes.io/service-name'] === name),
  hasNamespace: (n) => n === 'ns',
  serviceByIp: (ip) => services.find((s) => s.spec.clusterIPs?.includes(ip)),
  slicesByIp: (ip) => slices.filter((s) => s.endpoints?.some((e) => e.addresses.includes(ip))),
};

/** What is answered, in short: NXDOMAIN, NODATA, `not ours`, or the data. */
const ask = (name: string, type: string) => {
  const r = resolve(zone, name, type);
  if (!r) return 'not ours';
  if (!r.answers) return 'NXDOMAIN';
  if (!r.answers.length) return 'NODATA';
  return r.answers.map((a) => ('ip' in a ? a.ip : 'port' in a ? `${a.port} ${a.target}` : 'target' in a ? a.target : a.text));
};
const SVC = 'ns.svc.cluster.local';

describe('resolve', () => {
  it.each<[string, string, string | string[]]>([
    [`web.${SVC}`, 'A', ['10.96.0.9']],
    [`web.${SVC}`, 'AAAA', ['fd00::9']],
    [`web.${SVC}`, 'MX', 'NODATA'],
    [`web.${SVC}`, 'SRV', [`80 web.${SVC}`, `53 web.${SVC}`]],
    [`_http._tcp.web.${SVC}`, 'SRV', [`80 web.${SVC}`]],
    [`_dns._udp.web.${SVC}`, 'SRV', [`53 web.${SVC}`]],
    [`_dns._tcp.web.${SVC}`, 'SRV', 'NXDOMAIN'],
    [`_http._tcp.web.${SVC}`, 'A', 'NODATA'],
    [`http.tcp.web.${SVC}`, 'SRV', 'NXDOMAIN'],
    [`none.${SVC}`, 'A', 'NXDOMAIN'],
    ['web.other.svc.cluster.local', 'A', 'NXDOMAIN'],
    ['ns.svc.cluster.local', 'A', 'NODATA'],
    ['svc.cluster.local', 'A', 'NODATA'],
    ['cluster.local', 'A', 'NODATA'],
    ['nonsense.cluster.local', 'A', 'NXDOMAIN'],
    ['example.org', 'A', 'not ours'],
    ['xcluster.local', 'A', 'not ours'],
    ['dns-version.cluster.local', 'TXT', ['1.1.0']],
    [`db.${SVC}`, 'A', ['10.1.0.1', '10.1.0.2']],
    [`db.${SVC}`, 'AAAA', 'NODATA'],
    [`db.${SVC}`, 'SRV', [`5433 db-0.db.${SVC}`, `5433 10-1-0-2.db.${SVC}`]],
    [`_sql._tcp.db.${SVC}`, 'SRV', [`5433 db-0.db.${SVC}`, `5433 10-1-0-2.db.${SVC}`]],
    [`db-0.db.${SVC}`, 'A', ['10.1.0.1']],
    [`10-1-0-2.db.${SVC}`, 'A', ['10.1.0.2']],
    [`10-1-0-3.db.${SVC}`, 'A', 'NXDOMAIN'],
    [`db-9.db.${SVC}`, 'A', 'NXDOMAIN'],
    [`empty.${SVC}`, 'A', 'NXDOMAIN'],
    [`far.${SVC}`, 'A', ['example.org']],
    [`far.${SVC}`, 'CNAME', ['example.org']],
    [`x.far.${SVC}`, 'A', 'NXDOMAIN'],
    ['10-1-2-3.ns.pod.cluster.local', 'A', ['10.1.2.3']],
    ['10-1-2-3.ns.pod.cluster.local', 'AAAA', 'NODATA'],
    ['fd00--1.ns.pod.cluster.local', 'AAAA', ['fd00::1']],
    ['10-1-2-300.ns.pod.cluster.local', 'A', 'NXDOMAIN'],
    ['10-1-2-3.other.pod.cluster.local', 'A', 'NXDOMAIN'],
    ['9.0.96.10.in-addr.arpa', 'PTR', [`web.${SVC}`]],
    ['1.0.1.10.in-addr.arpa', 'PTR', [`db-0.db.${SVC}`]],
    ['2.0.1.10.in-addr.arpa', 'PTR', [`10-1-0-2.db.${SVC}`]],
    ['9.0.96.10.in-addr.arpa', 'A', 'NODATA'],
    ['8.8.8.8.in-addr.arpa', 'PTR', 'not ours'],
    [
      `${[...'00000000000000000000000000000000'].map((_, i) => (i === 0 ? '9' : i === 31 ? 'f' : i === 30 ? 'd' : '0')).join('.')}.ip6.arpa`,
      'PTR',
      [`web.${SVC}`],
    ],
  ])('%s %s: %s', (name, type, want) => expect(ask(name, type)).toEqual(want));

  it('an SRV answer brings the addresses of its targets, each once', () => {
    expect(resolve(zone, `db.${SVC}`, 'SRV')!.additional).toEqual([
      { type: 'A', name: `db-0.db.${SVC}`, ip: '10.1.0.1' },
      { type: 'A', name: `10-1-0-2.db.${SVC}`, ip: '10.1.0.2' },
    ]);
  });
  it.each<[string, number[]]>([
    [`db.${SVC}`, [50, 50]],
    [`_sql._tcp.db.${SVC}`, [50, 50]],
    [`web.${SVC}`, [50, 50]],
    [`_http._tcp.web.${SVC}`, [100]],
  ])('SRV records share a weight of a hundred: %s', (name, right) => {
    expect(resolve(zone, name, 'SRV')!.answers!.map((a) => 'weight' in a && a.weight)).toEqual(right);
  });

  it('an SRV answer of a hundred thousand endpoints takes a time like their number', () => {
    const endpoints = Array.from({ length: 100_000 }, (_, i) => ({ addresses: [`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`] }));
    const parts = Array.from({ length: 100 }, (_, i) => ({
      ...slices[0]!,
      endpoints: endpoints.slice(i * 1000, (i + 1) * 1000),
    })) as EndpointSlice[];
    const begun = performance.now();
    const { answers, additional } = resolve({ ...zone, slices: () => parts }, `db.${SVC}`, 'SRV')!;
    expect([answers!.length, additional.length, answers!.some((a) => 'weight' in a && a.weight !== 1)]).toEqual([100_000, 100_000, false]);
    expect(performance.now() - begun).toBeLessThan(5_000);
  });
});
