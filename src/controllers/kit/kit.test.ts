import { describe, expect, it } from 'vitest';
import type { ReplicaSet } from '../../api/types/apps/v1.js';
import { REPLICA_SETS } from '../../client/kinds.js';
import { conflictError, notFoundError } from '../../meta/errors.js';
import type { ControllerContext } from '../framework.js';
import { setCondition, withoutCondition } from './conditions.js';
import { Expectations } from './expectations.js';
import { sameStatus, writeStatus } from './status.js';

describe('expectations', () => {
  it('hold until what was asked for is seen, or five minutes are over', () => {
    const e = new Expectations();
    expect(e.satisfied('a', 0)).toBe(true);
    e.expectCreations('a', 3, 0);
    e.created('a');
    e.created('b');
    expect(e.satisfied('a', 1)).toBe(false);
    e.created('a', 2);
    expect(e.satisfied('a', 1)).toBe(true);
    e.expectDeletions('a', ['x', 'y'], 0);
    e.deleted('a', 'x');
    e.deleted('a', 'x');
    expect(e.satisfied('a', 1)).toBe(false);
    expect(e.satisfied('a', 299_999)).toBe(false);
    expect(e.satisfied('a', 300_000)).toBe(true);
    e.forget('a');
    expect(e.satisfied('a', 1)).toBe(true);
  });
});

describe('conditions', () => {
  const old = { type: 'A', status: 'True', reason: 'R', message: 'm', lastTransitionTime: '1' };
  const other = { type: 'B', status: 'True' };
  it.each([
    ['a new one', [other], [other, { ...old, lastTransitionTime: '2' }]],
    ['of the same status and reason stays whole', [old, other], [old, other]],
    ['of another reason keeps its time', [{ ...old, reason: 'Q' }, other], [other, { ...old, message: 'n' }]],
    ['of another status does not', [{ ...old, status: 'False' }, other], [other, { ...old, message: 'n', lastTransitionTime: '2' }]],
  ])('%s', (name, before, want) => {
    const next = { ...old, message: name === 'a new one' ? 'm' : 'n', lastTransitionTime: '2' };
    expect(setCondition(before, next)).toEqual(want);
  });
  it('and without one', () => expect(withoutCondition([old, other], 'A')).toEqual([other]));
});

describe('writing a status', () => {
  const set = (rv: string, status: object, more: object = {}) =>
    ({
      ...REPLICA_SETS,
      metadata: { name: 'web', namespace: 'ns', uid: 'u', generation: 2, resourceVersion: rv, ...more },
      status,
    }) as unknown as ReplicaSet;
  const conflict = () => conflictError({ group: 'apps', resource: 'replicasets' }, 'web', 'changed');

  function api(present: ReplicaSet | undefined) {
    const calls: string[] = [];
    const client = {
      async update(o: ReplicaSet) {
        calls.push(`update ${o.metadata.resourceVersion} ${JSON.stringify(o.status)}`);
        if (!present) throw notFoundError({ group: 'apps', resource: 'replicasets' }, 'web');
        if (o.metadata.resourceVersion !== present.metadata.resourceVersion) throw conflict();
      },
      async get() {
        calls.push('get');
        if (!present) throw notFoundError({ group: 'apps', resource: 'replicasets' }, 'web');
        return present;
      },
    };
    return { calls, c: { client } as unknown as ControllerContext };
  }

  it('only where it changed; what is zero and what is absent are one', async () => {
    const { calls, c } = api(set('1', {}));
    await writeStatus(c, REPLICA_SETS, set('1', { replicas: 1, conditions: [{ type: 'A', status: 'True' }] }), {
      conditions: [{ status: 'True', type: 'A', message: undefined }],
      readyReplicas: 0,
      replicas: 1,
    });
    expect(calls).toEqual([]);
    expect(sameStatus({ replicas: 1 }, { replicas: 2 })).toBe(false);
  });

  it('on a conflict into the object as it is now', async () => {
    const { calls, c } = api(set('7', {}));
    await writeStatus(c, REPLICA_SETS, set('1', {}), { replicas: 1 });
    expect(calls).toEqual(['update 1 {"replicas":1}', 'get', 'update 7 {"replicas":1}']);
  });

  it('not where something else is wanted by now', async () => {
    const { calls, c } = api(set('7', {}, { generation: 3 }));
    await expect(writeStatus(c, REPLICA_SETS, set('1', {}), { replicas: 1 })).rejects.toMatchObject({ reason: 'Conflict' });
    expect(calls).toHaveLength(2);
  });

  it('nor into another object of its name, nor where it is gone', async () => {
    const another = api(set('7', {}, { uid: 'v' }));
    await writeStatus(another.c, REPLICA_SETS, set('1', {}), { replicas: 1 });
    expect(another.calls).toHaveLength(2);
    const gone = api(undefined);
    await writeStatus(gone.c, REPLICA_SETS, set('1', {}), { replicas: 1 });
    expect(gone.calls).toHaveLength(1);
  });
});
