import { describe, expect, it } from 'vitest';
import type { Node, Pod, Taint } from '../api/types/core/v1.js';
import { timestamp } from '../util/clock.js';
import { leavesAt, stayBegan, staysFor, taintsAfter, wantedTaints } from './node-lifecycle.js';
import { surplus } from './pod-gc.js';

const NOW = Date.UTC(2026, 0, 1);
const node = (conditions: Record<string, string>, taints: Taint[] = [], spec: object = {}): Node =>
  ({
    metadata: { name: 'n' },
    spec: { taints, ...spec },
    status: { conditions: Object.entries(conditions).map(([type, status]) => ({ type, status })) },
  }) as unknown as Node;
const short = (taints: readonly Taint[]) => taints.map((t) => `${t.key.replace('node.kubernetes.io/', '')}:${t.effect}`);

describe('wantedTaints', () => {
  it.each<[Record<string, string>, object, string[]]>([
    [{ Ready: 'True' }, {}, []],
    [{ Ready: 'False' }, {}, ['not-ready:NoSchedule', 'not-ready:NoExecute']],
    [{ Ready: 'Unknown' }, {}, ['unreachable:NoSchedule', 'unreachable:NoExecute']],
    [{}, {}, ['not-ready:NoSchedule']],
    [
      { Ready: 'True', MemoryPressure: 'True', DiskPressure: 'True', PIDPressure: 'True' },
      {},
      ['memory-pressure:NoSchedule', 'disk-pressure:NoSchedule', 'pid-pressure:NoSchedule'],
    ],
    [{ Ready: 'True', MemoryPressure: 'Unknown', NetworkUnavailable: 'True' }, {}, ['network-unavailable:NoSchedule']],
    [{ Ready: 'True' }, { unschedulable: true }, ['unschedulable:NoSchedule']],
  ])('%o %o: %o', (conditions, spec, want) => expect(short(wantedTaints(node(conditions, [], spec)))).toEqual(want));
});

describe('taintsAfter', () => {
  const user: Taint = { key: 'gpu', effect: 'NoSchedule', value: 'x' };
  const own = (k: string, effect: Taint['effect']): Taint => ({ key: `node.kubernetes.io/${k}`, effect });

  it('undefined where all is as it should be', () => {
    expect(taintsAfter(node({ Ready: 'True' }, [user]), NOW)).toBeUndefined();
    expect(taintsAfter(node({ Ready: 'False' }, [own('not-ready', 'NoSchedule'), own('not-ready', 'NoExecute')]), NOW)).toBeUndefined();
  });
  it('takes ours away and leaves the rest', () =>
    expect(taintsAfter(node({ Ready: 'True' }, [user, own('not-ready', 'NoExecute')]), NOW)).toEqual([user]));
  it('adds ours with the time', () =>
    expect(taintsAfter(node({ Ready: 'Unknown' }, [user]), NOW)).toEqual([
      user,
      { ...own('unreachable', 'NoSchedule'), timeAdded: timestamp(NOW) },
      { ...own('unreachable', 'NoExecute'), timeAdded: timestamp(NOW) },
    ]));
  it('one in place of the other', () =>
    expect(short(taintsAfter(node({ Ready: 'Unknown' }, [own('not-ready', 'NoSchedule'), own('not-ready', 'NoExecute')]), NOW)!)).toEqual([
      'unreachable:NoSchedule',
      'unreachable:NoExecute',
    ]));
});

describe('staysFor', () => {
  const taint: Taint = { key: 'a', value: 'v', effect: 'NoExecute' };
  const pod = (tolerations: object[]): Pod => ({ spec: { tolerations }, metadata: {}, status: {} }) as unknown as Pod;
  it.each<[string, object[], number | undefined]>([
    ['none', [], 0],
    ['for ever', [{ key: 'a', operator: 'Exists' }], undefined],
    ['everything', [{ operator: 'Exists' }], undefined],
    ['another effect', [{ key: 'a', operator: 'Exists', effect: 'NoSchedule' }], 0],
    ['its value', [{ key: 'a', operator: 'Equal', value: 'v', tolerationSeconds: 5 }], 5000],
    ['another value', [{ key: 'a', operator: 'Equal', value: 'w' }], 0],
    ['the first that bears it counts', [{ operator: 'Exists' }, { key: 'a', operator: 'Exists', tolerationSeconds: 5 }], undefined],
    ['less than nothing is nothing', [{ key: 'a', operator: 'Exists', tolerationSeconds: -1 }], 0],
  ])('%s', (_name, tolerations, want) => expect(staysFor(pod(tolerations), [taint])).toBe(want));

  it('the shortest of several taints; none where one is not borne', () => {
    const both = pod([
      { key: 'a', operator: 'Exists', tolerationSeconds: 9 },
      { key: 'b', operator: 'Exists', tolerationSeconds: 3 },
    ]);
    expect(staysFor(both, [taint, { ...taint, key: 'b' }])).toBe(3000);
    expect(staysFor(both, [taint, { ...taint, key: 'c' }])).toBe(0);
  });

  it('each taint counts from its own time: an old one that is borne does not shorten the stay under a new one', () => {
    const tolerations = [
      { key: 'dedicated', operator: 'Exists' },
      { key: 'b', operator: 'Exists', tolerationSeconds: 300 },
    ];
    const old: Taint = { key: 'dedicated', effect: 'NoExecute' };
    const fresh: Taint = { key: 'b', effect: 'NoExecute' };
    const p = { spec: { tolerations }, metadata: { creationTimestamp: timestamp(NOW - 86_400_000) }, status: {} } as unknown as Pod;
    const since = (t: Taint) => (t === old ? NOW - 86_400_000 : NOW);
    expect(leavesAt(p, [old], since)).toBeUndefined();
    expect(leavesAt(p, [old, fresh], since)).toBe(NOW + 300_000);
    expect(leavesAt(p, [old, fresh, { key: 'c', effect: 'NoExecute' }], since)).toBe(NOW);
  });

  it('a pod that came later has its own time', () => {
    const p = { metadata: { creationTimestamp: timestamp(NOW) }, status: { startTime: timestamp(NOW + 5000) } } as unknown as Pod;
    expect(stayBegan(p, NOW - 60_000)).toBe(NOW + 5000);
    expect(stayBegan(p, NOW + 60_000)).toBe(NOW + 60_000);
  });
});

describe('pod GC', () => {
  const p = (name: string, o: { node?: string; phase?: string; deleting?: boolean } = {}): Pod =>
    ({
      metadata: { name, creationTimestamp: `2026-01-01T00:00:0${name.length}Z`, ...(o.deleting ? { deletionTimestamp: 'x' } : {}) },
      spec: o.node === undefined ? {} : { nodeName: o.node },
      status: { phase: o.phase ?? 'Running' },
    }) as unknown as Pod;
  const names = (pods: Pod[], missing = new Map<string, number>(), limit = 12_500) =>
    surplus(pods, (n) => n === 'here', missing, NOW, limit).map((x) => x.metadata.name);

  it('the oldest finished ones past the limit', () =>
    expect(
      names([p('ccc', { phase: 'Failed' }), p('a', { phase: 'Succeeded' }), p('bb', { phase: 'Failed' }), p('d')], undefined, 1),
    ).toEqual(['a', 'bb']));
  it('pods of a node that is gone, after a while', () => {
    const pods = [p('a', { node: 'here' }), p('b', { node: 'lost' }), p('c', { node: 'new' })];
    expect(
      names(
        pods,
        new Map([
          ['lost', NOW - 40_000],
          ['new', NOW - 39_999],
        ]),
      ),
    ).toEqual(['b']);
    expect(names(pods)).toEqual([]);
  });
  it('those deleted before they had a node', () =>
    expect(names([p('a', { deleting: true }), p('b'), p('c', { deleting: true, node: 'here' })])).toEqual(['a']));
});
