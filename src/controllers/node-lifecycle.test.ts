import { describe, expect, it } from 'vitest';
import type { Node, Pod, Taint } from '../api/types/core/v1.js';
import { timestamp } from '../util/clock.js';
import { labelsMissing, taintsAfter, wantedTaints } from './node-lifecycle.js';
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

describe('old names of labels', () => {
  it.each([
    [{}, undefined],
    [{ 'kubernetes.io/os': 'linux' }, { 'beta.kubernetes.io/os': 'linux' }],
    [{ 'kubernetes.io/arch': 'arm64', 'beta.kubernetes.io/arch': 'amd64' }, { 'beta.kubernetes.io/arch': 'arm64' }],
    [{ 'kubernetes.io/os': 'linux', 'beta.kubernetes.io/os': 'linux' }, undefined],
  ])('%o: %o', (labels, wanted) => expect(labelsMissing({ metadata: { labels } } as unknown as Node)).toEqual(wanted));
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
