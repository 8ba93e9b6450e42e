import { describe, expect, it } from 'vitest';
import type { Node, Pod, Service } from '../api/types/core/v1.js';
import type { EndpointSlice } from '../api/types/discovery/v1.js';
import { subsetsOf } from './endpoints.js';
import { targetPort } from './endpoints-of.js';
import { type Plan, plan } from './endpointslice.js';

const service = (spec: object = {}, labels: Record<string, string> = {}): Service =>
  ({
    metadata: { name: 'web', namespace: 'ns', labels },
    spec: {
      clusterIP: '10.0.0.1',
      ipFamilies: ['IPv4'],
      selector: { app: 'web' },
      ports: [{ name: 'http', port: 80, targetPort: 8080, protocol: 'TCP' }],
      ...spec,
    },
  }) as unknown as Service;

const pod = (
  n: number,
  o: { ready?: boolean; deleting?: boolean; phase?: string; app?: string; ports?: object[]; spec?: object; ips?: string[] } = {},
): Pod =>
  ({
    metadata: {
      name: `p${n}`,
      uid: `u${n}`,
      namespace: 'ns',
      labels: { app: o.app ?? 'web' },
      ...(o.deleting ? { deletionTimestamp: 'now' } : {}),
    },
    spec: { nodeName: 'n1', containers: [{ name: 'c', ports: o.ports ?? [] }], ...o.spec },
    status: {
      phase: o.phase ?? 'Running',
      podIPs: (o.ips ?? [`10.1.${n >> 8}.${n & 255}`]).map((ip) => ({ ip })),
      conditions: [{ type: 'Ready', status: o.ready === false ? 'False' : 'True' }],
    },
  }) as unknown as Pod;
const pods = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => pod(from + i));
const nodes = (name: string): Node => ({ metadata: { name, labels: { 'topology.kubernetes.io/zone': 'z1' } } }) as unknown as Node;

/** The slices as they are after the plan was carried out. */
let serial = 0;
function carriedOut(present: readonly EndpointSlice[], p: Plan, s: Service): EndpointSlice[] {
  const labels = {
    ...s.metadata.labels,
    'kubernetes.io/service-name': 'web',
    'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
  };
  const kept = present.filter((x) => !p.remove.includes(x)).map((x) => p.update.find((u) => u.metadata.name === x.metadata.name) ?? x);
  return [
    ...kept,
    ...p.create.map((w) => ({ ...w, metadata: { name: `web-${serial++}`, namespace: 'ns', labels } }) as unknown as EndpointSlice),
  ];
}
const counts = (p: Plan) => [p.create.length, p.update.length, p.remove.length];
const addresses = (slices: readonly EndpointSlice[]) => slices.flatMap((x) => (x.endpoints ?? []).flatMap((e) => e.addresses));

describe('plan', () => {
  it('a Service without endpoints has one empty slice, and only one', () => {
    const s = service();
    const first = plan(s, [], [], nodes);
    expect(first.create).toEqual([{ addressType: 'IPv4', ports: [], endpoints: [] }]);
    expect(counts(plan(s, [], carriedOut([], first, s), nodes))).toEqual([0, 0, 0]);
  });

  it("lists ports in the original's order, and sees its own slice again", () => {
    const s = service({ ports: [80, 443].map((port) => ({ name: port === 80 ? 'http' : 'https', port, protocol: 'TCP' })) });
    const first = plan(s, [pod(1)], [], nodes);
    expect(first.create[0]!.ports!.map((x) => x.port)).toEqual([443, 80]);
    expect(counts(plan(s, [pod(1)], carriedOut([], first, s), nodes))).toEqual([0, 0, 0]);
  });

  it('says of an endpoint what there is to say', () => {
    const [w] = plan(service(), [pod(1, { spec: { hostname: 'h', subdomain: 'web' } })], [], nodes).create;
    expect(w).toEqual({
      addressType: 'IPv4',
      ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
      endpoints: [
        {
          addresses: ['10.1.0.1'],
          conditions: { ready: true, serving: true, terminating: false },
          hostname: 'h',
          targetRef: { kind: 'Pod', namespace: 'ns', name: 'p1', uid: 'u1' },
          nodeName: 'n1',
          zone: 'z1',
        },
      ],
    });
  });

  it.each([
    [{}, false, true, true, false],
    [{ ready: false }, false, false, false, false],
    [{ deleting: true }, false, false, true, true],
    [{ deleting: true, ready: false }, false, false, false, true],
    [{ ready: false }, true, true, false, false],
    [{ deleting: true }, true, true, true, true],
  ])('%o, publishNotReadyAddresses %s: ready %s, serving %s, terminating %s', (o, publish, ready, serving, terminating) => {
    const [w] = plan(service({ publishNotReadyAddresses: publish }), [pod(1, o)], [], nodes).create;
    expect(w!.endpoints[0]!.conditions).toEqual({ ready, serving, terminating });
  });

  it('leaves out finished pods, pods without an address, and those of others', () => {
    const p = plan(
      service(),
      [pod(1, { phase: 'Failed' }), pod(2, { phase: 'Succeeded' }), pod(3, { ips: [] }), pod(4, { app: 'x' })],
      [],
      nodes,
    );
    expect(p.create).toEqual([{ addressType: 'IPv4', ports: [], endpoints: [] }]);
  });

  it('a hundred to a slice; what is there stays where it is', () => {
    const s = service();
    const first = plan(s, pods(0, 250), [], nodes);
    expect(first.create.map((w) => w.endpoints.length)).toEqual([100, 100, 50]);
    const slices = carriedOut([], first, s);
    expect(counts(plan(s, pods(0, 250), slices, nodes))).toEqual([0, 0, 0]);
    // One more: only the slice with room is written.
    const more = plan(s, pods(0, 251), slices, nodes);
    expect(counts(more)).toEqual([0, 1, 0]);
    expect(more.update[0]!.metadata.name).toBe(slices[2]!.metadata.name);
    // One less: only the slice that had it.
    const less = plan(s, pods(1, 250), slices, nodes);
    expect(counts(less)).toEqual([0, 1, 0]);
    expect(less.update[0]!.endpoints).toHaveLength(99);
    // One gone and one new: the new one takes the place, one write.
    expect(counts(plan(s, pods(1, 251), slices, nodes))).toEqual([0, 1, 0]);
  });

  it('after any changes every address is there once, and no slice is too full', () => {
    const s = service();
    let slices: EndpointSlice[] = [];
    for (const [from, to] of [
      [0, 120],
      [50, 330],
      [300, 310],
      [0, 5],
      [5, 205],
      [0, 0],
      [0, 101],
    ] as const) {
      slices = carriedOut(slices, plan(s, pods(from, to), slices, nodes), s);
      expect(addresses(slices).sort()).toEqual(
        pods(from, to)
          .map((p) => p.status.podIPs![0]!.ip)
          .sort(),
      );
      expect(Math.max(...slices.map((x) => x.endpoints?.length ?? 0))).toBeLessThanOrEqual(100);
    }
  });

  it('when all are gone one empty slice takes the place', () => {
    const s = service();
    const slices = carriedOut([], plan(s, pods(0, 3), [], nodes), s);
    const end = carriedOut(slices, plan(s, [], slices, nodes), s);
    expect(end).toHaveLength(1);
    expect(end[0]!.endpoints).toEqual([]);
  });

  it('pods with other numbers for a named port have slices of their own', () => {
    const s = service({ ports: [{ name: 'http', port: 80, targetPort: 'web' }] });
    const p = plan(
      s,
      [pod(1, { ports: [{ name: 'web', containerPort: 81 }] }), pod(2, { ports: [{ name: 'web', containerPort: 82 }] }), pod(3)],
      [],
      nodes,
    );
    expect(p.create.map((w) => [w.ports!.map((x) => x.port), w.endpoints.length])).toEqual([
      [[81], 1],
      [[82], 1],
      [[], 1],
    ]);
  });

  it('two families, two kinds of slices', () => {
    const p = plan(service({ ipFamilies: ['IPv4', 'IPv6'] }), [pod(1, { ips: ['10.1.0.1', 'fd00::1'] })], [], nodes);
    expect(p.create.map((w) => [w.addressType, w.endpoints[0]!.addresses])).toEqual([
      ['IPv4', ['10.1.0.1']],
      ['IPv6', ['fd00::1']],
    ]);
  });

  it("the Service's labels are carried over", () => {
    const slices = carriedOut([], plan(service(), pods(0, 1), [], nodes), service());
    expect(plan(service({}, { tier: 'x' }), pods(0, 1), slices, nodes).update[0]!.metadata.labels).toMatchObject({ tier: 'x' });
  });
});

describe('targetPort', () => {
  const p = pod(1, {
    ports: [
      { name: 'dns', containerPort: 53, protocol: 'UDP' },
      { name: 'web', containerPort: 81 },
    ],
    spec: undefined,
  });
  it.each([
    [{ port: 80 }, 80],
    [{ port: 80, targetPort: 8080 }, 8080],
    [{ port: 80, targetPort: 'web' }, 81],
    [{ port: 80, targetPort: 'dns' }, undefined],
    [{ port: 80, targetPort: 'dns', protocol: 'UDP' }, 53],
    [{ port: 80, targetPort: 'none' }, undefined],
  ])('%o: %s', (port, want) => expect(targetPort(port as never, p)).toBe(want));
});

describe('Endpoints', () => {
  it('ready and not ready apart, in order, those that go left out', () => {
    const s = service({ ports: [{ port: 80, targetPort: 8080, protocol: 'TCP' }] });
    const [subset, ...more] = subsetsOf(s, [pod(2), pod(1), pod(3, { ready: false }), pod(4, { deleting: true })]);
    expect(more).toEqual([]);
    expect(subset!.ports).toEqual([{ port: 8080, protocol: 'TCP' }]);
    expect(subset!.addresses!.map((a) => a.ip)).toEqual(['10.1.0.1', '10.1.0.2']);
    expect(subset!.notReadyAddresses!.map((a) => a.ip)).toEqual(['10.1.0.3']);
  });
});

it.each<[string | undefined, object | undefined]>([
  [undefined, undefined],
  ['PreferClose', { forZones: [{ name: 'z1' }] }],
  ['PreferSameZone', { forZones: [{ name: 'z1' }] }],
  ['PreferSameNode', { forZones: [{ name: 'z1' }], forNodes: [{ name: 'n1' }] }],
])('trafficDistribution %s: hints %o', (trafficDistribution, hints) => {
  const { create } = plan(service({ trafficDistribution }), [pod(1)], [], nodes);
  expect(create[0]?.endpoints[0]?.hints).toEqual(hints);
});
