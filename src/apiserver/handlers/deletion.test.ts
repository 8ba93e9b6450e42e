/** What a delete does: the five ways a grace period is found, what may be made of a deletion under way, and what is told of dependents. */
import { describe, expect, it } from 'vitest';
import { resourceOf } from '../../api/table.js';
import type { AnyObject } from '../../meta/object.js';
import type { DeleteOptions } from './delete.js';
import { afterDelete } from './deletion.js';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const at = (seconds: number): string => new Date(NOW + seconds * 1000).toISOString().replace('.000', '');
const pods = resourceOf('', 'v1', 'pods')!;
const configMaps = resourceOf('', 'v1', 'configmaps')!;
const namespaces = resourceOf('', 'v1', 'namespaces')!;
const jobs = resourceOf('batch', 'v1', 'jobs')!;
type Meta = Partial<AnyObject['metadata']>;

const pod = (spec: object = {}, phase = 'Running', meta: Meta = {}): AnyObject =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', generation: 3, ...meta },
    spec: { nodeName: 'n', terminationGracePeriodSeconds: 30, ...spec },
    status: { phase },
  }) as unknown as AnyObject;
const object = (meta: Meta = {}): AnyObject => ({ apiVersion: 'v1', kind: 'X', metadata: { name: 'x', ...meta } }) as unknown as AnyObject;
const deleting = (grace: number, from = -10): Meta => ({ deletionTimestamp: at(from + grace), deletionGracePeriodSeconds: grace });

/** `gone`, `same`, or what is written of the deletion. */
function told(definition: Parameters<typeof afterDelete>[0], old: AnyObject, options: Partial<DeleteOptions> = {}): string {
  const before = JSON.stringify(old);
  const next = afterDelete(definition, old, { dryRun: false, ...options }, NOW);
  expect(JSON.stringify(old)).toBe(before);
  if (!next) return 'gone';
  if (next === old) return 'same';
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers, generation } = next.metadata;
  return [deletionTimestamp, deletionGracePeriodSeconds, ...(generation ? [`g${generation}`] : []), ...(finalizers ?? [])].join(' ');
}
const g = (gracePeriodSeconds: number): Partial<DeleteOptions> => ({ gracePeriodSeconds });

describe('the grace period of a Pod', () => {
  it.each<[string, AnyObject, Partial<DeleteOptions>, string]>([
    ['is its own', pod(), {}, `${at(30)} 30 g4`],
    ['is its own, of another length', pod({ terminationGracePeriodSeconds: 5 }), {}, `${at(5)} 5 g4`],
    ['is nothing where it has none', pod({ terminationGracePeriodSeconds: undefined }), {}, 'gone'],
    ['is nothing where its own is 0', pod({ terminationGracePeriodSeconds: 0 }), {}, 'gone'],
    ['is one second where its own is negative', pod({ terminationGracePeriodSeconds: -1 }), {}, `${at(1)} 1 g4`],
    ['is what is asked for', pod(), g(7), `${at(7)} 7 g4`],
    ['is what is asked for, though no date is so late', pod(), g(99999999999999), '9999-12-31T23:59:59Z 99999999999999 g4'],
    ['is what is asked for, though longer', pod(), g(600), `${at(600)} 600 g4`],
    ['is what is asked for, though its own is 0', pod({ terminationGracePeriodSeconds: 0 }), g(60), `${at(60)} 60 g4`],
    ['is what is asked for, though it has none', pod({ terminationGracePeriodSeconds: undefined }), g(60), `${at(60)} 60 g4`],
    ['is nothing where 0 is asked for', pod(), g(0), 'gone'],
    ['is one second where less is asked for', pod(), g(-5), `${at(1)} 1 g4`],
    ['is nothing before it is on a node', pod({ nodeName: '' }), {}, 'gone'],
    ['is nothing before it is on a node, whatever is asked for', pod({ nodeName: undefined }), g(60), 'gone'],
    ['is nothing once it has succeeded', pod({}, 'Succeeded'), {}, 'gone'],
    ['is nothing once it has failed, whatever is asked for', pod({}, 'Failed'), g(60), 'gone'],
    ['is its own while it is pending', pod({}, 'Pending'), {}, `${at(30)} 30 g4`],
  ])('%s', (_what, old, options, right) => {
    expect(told(pods, old, options)).toBe(right);
  });
});

describe('the deletion of a Pod under way', () => {
  it.each<[string, Meta, Partial<DeleteOptions>, string]>([
    ['is not changed by one that says nothing', deleting(60), {}, 'same'],
    ['is not made longer', deleting(30), g(60), 'same'],
    ['is left where it is', deleting(30), g(30), 'same'],
    ['is made shorter', deleting(30), g(10), `${at(0)} 10 g3`],
    ['is made shorter by a second', deleting(30), g(29), `${at(19)} 29 g3`],
    ['is made shorter by less than nothing', deleting(30), g(-1), `${at(-9)} 1 g3`],
    ['ends', deleting(30), g(0), 'gone'],
    ['ends when its finalizers go', { ...deleting(30), finalizers: ['a/b'] }, g(0), `${at(-10)} 0 g3 a/b`],
    ['does not end twice', { ...deleting(0), finalizers: ['a/b'] }, g(0), 'same'],
    ['keeps what was told of its dependents', { ...deleting(30), finalizers: ['a/b'] }, { propagationPolicy: 'Orphan' }, 'same'],
    [
      'is told of its dependents as it is made shorter',
      deleting(30),
      { ...g(10), propagationPolicy: 'Foreground' },
      `${at(0)} 10 g3 foregroundDeletion`,
    ],
    ['whose grace is not written ends', { deletionTimestamp: at(0) }, { ...g(0) }, 'gone'],
  ])('%s', (_what, meta, options, right) => {
    expect(told(pods, pod({}, 'Running', meta), options)).toBe(right);
  });
});

describe('other objects', () => {
  it.each<[string, Parameters<typeof afterDelete>[0], Meta, Partial<DeleteOptions>, string]>([
    ['go at once', configMaps, {}, {}, 'gone'],
    ['go at once, whatever is asked for', configMaps, {}, g(60), 'gone'],
    ['wait for their finalizers', configMaps, { finalizers: ['a/b'] }, {}, `${at(0)} 0 a/b`],
    ['wait on', configMaps, { ...deleting(0), finalizers: ['a/b'] }, {}, 'same'],
    [
      'that wait may be told more',
      configMaps,
      { ...deleting(0), finalizers: ['a/b'] },
      { propagationPolicy: 'Orphan' },
      `${at(-10)} 0 a/b orphan`,
    ],
    [
      'that waited for their dependents need not any more',
      configMaps,
      { ...deleting(0), finalizers: ['foregroundDeletion'] },
      { propagationPolicy: 'Background' },
      'gone',
    ],
    ['of foreground deletion wait', configMaps, {}, { propagationPolicy: 'Foreground' }, `${at(0)} 0 foregroundDeletion`],
    ['that leave orphans wait', configMaps, {}, { propagationPolicy: 'Orphan' }, `${at(0)} 0 orphan`],
    ['that leave orphans by the old option wait', configMaps, {}, { orphanDependents: true }, `${at(0)} 0 orphan`],
    ['that leave none by the old option go', configMaps, {}, { orphanDependents: false }, 'gone'],
    ['that said they leave orphans do', configMaps, { finalizers: ['orphan'] }, {}, `${at(0)} 0 orphan`],
    ['that said they wait do', configMaps, { finalizers: ['foregroundDeletion', 'a/b'] }, {}, `${at(0)} 0 a/b foregroundDeletion`],
    [
      'that said so are told otherwise',
      configMaps,
      { finalizers: ['orphan', 'a/b'] },
      { propagationPolicy: 'Foreground' },
      `${at(0)} 0 a/b foregroundDeletion`,
    ],
    ['that leave orphans by an old promise', jobs, {}, {}, `${at(0)} 0 orphan`],
    ['of that kind, told otherwise', jobs, {}, { propagationPolicy: 'Background' }, 'gone'],
    ['of that kind, that wait for their dependents', jobs, { finalizers: ['foregroundDeletion'] }, {}, `${at(0)} 0 foregroundDeletion`],
    ['with a generation get a new one', configMaps, { generation: 1, finalizers: ['a/b'] }, {}, `${at(0)} 0 g2 a/b`],
  ])('%s', (_what, definition, meta, options, right) => {
    expect(told(definition, object(meta), options)).toBe(right);
  });

  it('a namespace waits until it is empty', () => {
    const namespace = (finalizers: string[], meta: Meta = {}) =>
      ({ ...object(meta), spec: { finalizers }, status: { phase: 'Active' } }) as unknown as AnyObject;
    const next = afterDelete(namespaces, namespace(['kubernetes']), { dryRun: false }, NOW);
    expect(next).toMatchObject({ metadata: { deletionTimestamp: at(0) }, status: { phase: 'Terminating' } });
    expect(told(namespaces, namespace([], deleting(0)))).toBe('gone');
    expect(told(namespaces, namespace(['kubernetes'], deleting(0)))).toBe('same');
  });
});
