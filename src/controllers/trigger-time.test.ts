import { describe, expect, it } from 'vitest';
import type { Pod, Service } from '../api/types/core/v1.js';
import { LAST_CHANGE, TriggerTimes, withTrigger } from './trigger-time.js';

const service = { metadata: { name: 's', creationTimestamp: '2026-01-01T00:00:00Z' } } as Service;
const pod = (name: string, at?: string): Pod =>
  ({
    metadata: { name },
    status: { conditions: at ? [{ type: 'Ready', status: 'True', lastTransitionTime: `2026-01-01T00:00:${at}Z` }] : [] },
  }) as unknown as Pod;

describe('the time that a write of endpoints answers', () => {
  it.each<[string, Pod[][], (string | undefined)[]]>([
    ['first the Service itself', [[pod('a', '05')]], ['00']],
    ['then the Pod that changed', [[], [pod('a', '05')]], ['00', '05']],
    ['the earliest of several', [[], [pod('a', '07'), pod('b', '06')]], ['00', '06']],
    ['nothing where nothing is new', [[pod('a', '05')], [pod('a', '05')]], ['00', undefined]],
    ['nothing for a Pod that goes', [[pod('a', '05')], []], ['00', undefined]],
    ['a Pod without the condition says nothing', [[], [pod('a')]], ['00', undefined]],
  ])('%s', (_what, looks, wanted) => {
    const times = new TriggerTimes();
    expect(looks.map((pods) => times.look('ns/s', service, pods)?.slice(17, 19))).toEqual(wanted);
  });

  it('a Service that comes again begins again', () => {
    const times = new TriggerTimes();
    times.look('ns/s', service, []);
    times.forget('ns/s');
    expect(times.look('ns/s', service, [])).toBe(service.metadata.creationTimestamp);
  });
});

it.each([
  ['set', undefined, 't', { [LAST_CHANGE]: 't' }],
  ['beside others', { a: 'b' }, 't', { a: 'b', [LAST_CHANGE]: 't' }],
  ['taken away', { a: 'b', [LAST_CHANGE]: 't' }, undefined, { a: 'b' }],
  ['none left', { [LAST_CHANGE]: 't' }, undefined, undefined],
])('the annotation: %s', (_what, before, at, after) => expect(withTrigger(before as never, at)).toEqual(after));
