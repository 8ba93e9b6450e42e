import { describe, expect, it } from 'vitest';
import type { Pod, Taint } from '../api/types/core/v1.js';
import { timestamp } from '../util/clock.js';
import { leavesAt, stayBegan, staysFor } from './taint-eviction.js';

const NOW = Date.UTC(2026, 0, 1);

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
