import { describe, expect, it } from 'vitest';
import { resourceOf } from '../../api/table.js';
import { decode } from '../../meta/decode.js';
import { StatusError } from '../../meta/errors.js';
import type { AnyObject } from '../../meta/object.js';
import type { ManagedFieldsEntry } from '../../meta/types/v1.js';
import { lastAppliedFields } from './last-applied.js';
import { fieldManager } from './manager.js';

const deployments = resourceOf('apps', 'v1', 'deployments')!;
const configMaps = resourceOf('', 'v1', 'configmaps')!;
const pods = resourceOf('', 'v1', 'pods')!;
const AT = Date.UTC(2030, 0, 1);
const SECOND = 1000;

const configMap = (data: Record<string, string>, metadata: object = {}): AnyObject =>
  decode(
    configMaps.type,
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', namespace: 'n', uid: 'u', ...metadata }, data },
    'Ignore',
  ).object;
const created = (data: Record<string, string>, manager = 'one'): AnyObject => {
  const object = configMap(data);
  fieldManager.track(configMaps, object, undefined, manager, '', AT);
  return object;
};
const updated = (old: AnyObject, next: AnyObject, manager: string, at = AT): AnyObject => {
  fieldManager.track(configMaps, next, old, manager, '', at);
  return next;
};
const applied = (live: AnyObject | undefined, data: object, manager: string, force = false, at = AT): AnyObject =>
  fieldManager.apply(
    configMaps,
    live,
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data } as unknown as AnyObject,
    manager,
    force,
    '',
    at,
  );
const entriesOf = (o: AnyObject): ManagedFieldsEntry[] => (o.metadata.managedFields ?? []) as ManagedFieldsEntry[];
/** manager/operation -> fields, short. */
const table = (o: AnyObject): Record<string, unknown> =>
  Object.fromEntries(entriesOf(o).map((e) => [`${e.manager} ${e.operation}`, e.fieldsV1]));
const M = {};
const data = (...keys: string[]): object => ({ 'f:data': Object.fromEntries(keys.map((k) => [k === '.' ? k : `f:${k}`, M])) });

describe('updates', () => {
  it('a creator owns what was sent, without what the server sets', () => {
    expect(entriesOf(created({ a: '1' }))).toEqual([
      {
        manager: 'one',
        operation: 'Update',
        apiVersion: 'v1',
        time: '2030-01-01T00:00:00Z',
        fieldsType: 'FieldsV1',
        fieldsV1: data('.', 'a'),
      },
    ]);
  });

  it('who changes a field takes it, and its time moves alone', () => {
    const old = created({ a: '1', b: '1' });
    const next = updated(old, configMap({ a: '2', b: '1', c: '1' }), 'two', AT + SECOND);
    expect(table(next)).toEqual({ 'one Update': data('.', 'b'), 'two Update': data('a', 'c') });
    expect(entriesOf(next).map((e) => e.time)).toEqual(['2030-01-01T00:00:00Z', '2030-01-01T00:00:01Z']);
  });

  it('a field that goes is nobody’s; an entry without fields goes, too', () => {
    const old = updated(created({ a: '1' }), configMap({ a: '1', b: '1' }), 'two');
    expect(table(updated(old, configMap({ a: '1' }), 'three'))).toEqual({ 'one Update': data('.', 'a') });
  });

  it('changes nothing when nothing changed', () => {
    const old = created({ a: '1' });
    const next = updated(old, configMap({ a: '1' }), 'two', AT + SECOND);
    expect(JSON.stringify(next.metadata.managedFields)).toBe(JSON.stringify(old.metadata.managedFields));
  });

  it('an object from before has no managers, and one that cleared them keeps none', () => {
    expect(updated(configMap({ a: '1' }), configMap({ a: '2' }), 'two').metadata.managedFields).toBeUndefined();
    expect(updated(created({ a: '1' }), configMap({ a: '1' }, { managedFields: [{}] }), 'two').metadata.managedFields).toBeUndefined();
  });

  it('a broken table that a client sends is not taken', () => {
    const old = created({ a: '1' });
    const broken = [{ manager: 'x', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: { 'k:nonsense': {} } }];
    expect(table(updated(old, configMap({ a: '1' }, { managedFields: broken }), 'two'))).toEqual(table(old));
  });

  it('many updaters become few', () => {
    let object = created({ k0: '0' }, 'm0');
    for (let i = 1; i < 15; i++) {
      const all = Object.fromEntries(Array.from({ length: i + 1 }, (_, k) => [`k${k}`, '0']));
      object = updated(object, configMap(all), `m${i}`, AT + i * SECOND);
    }
    const entries = entriesOf(object);
    expect(entries.map((e) => e.manager)).toEqual(['ancient-changes', 'm6', 'm7', 'm8', 'm9', 'm10', 'm11', 'm12', 'm13', 'm14']);
    expect(entries[0]!.fieldsV1).toEqual(data('.', 'k0', 'k1', 'k2', 'k3', 'k4', 'k5'));
  });

  it('status belongs to who writes status', () => {
    const pod = (spec: object, status: object): AnyObject =>
      decode(pods.type, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [], ...spec }, status }, 'Ignore')
        .object;
    const first = pod({ nodeName: 'n' }, { phase: 'Pending' });
    fieldManager.track(pods, first, undefined, 'user', '', AT);
    expect(entriesOf(first)).toMatchObject([{ manager: 'user', fieldsV1: { 'f:spec': { 'f:nodeName': M } } }]);
    const second = pod({ nodeName: 'n' }, { phase: 'Running' });
    fieldManager.track(pods, second, first, 'kubelet', 'status', AT);
    expect(entriesOf(second)).toMatchObject([
      { manager: 'kubelet', subresource: 'status', fieldsV1: { 'f:status': { 'f:phase': M } } },
      { manager: 'user' },
    ]);
  });
});

describe('apply', () => {
  const conflict = (run: () => unknown): StatusError => {
    try {
      run();
    } catch (e) {
      if (e instanceof StatusError) return e;
      throw e;
    }
    throw new Error('no conflict');
  };

  it('makes an object', () => {
    const made = applied(undefined, { a: '1' }, 'one');
    expect(made).toMatchObject({ kind: 'ConfigMap', metadata: { name: 'c' }, data: { a: '1' } });
    expect(table(made)).toEqual({ 'one Apply': data('a') });
  });

  it('the same value may be held by two, another value is a conflict', () => {
    const both = applied(applied(undefined, { a: '1' }, 'one'), { a: '1' }, 'two');
    expect(table(both)).toEqual({ 'one Apply': data('a'), 'two Apply': data('a') });
    const e = conflict(() => applied(both, { a: '2' }, 'three'));
    expect(e.status).toMatchObject({
      code: 409,
      reason: 'Conflict',
      message: 'Apply failed with 2 conflicts: conflicts with "one":\n- .data.a\nconflicts with "two":\n- .data.a',
    });
    expect(e.status.details!.causes).toEqual([
      { reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.data.a' },
      { reason: 'FieldManagerConflict', message: 'conflict with "two"', field: '.data.a' },
    ]);
  });

  it('names an updater with its version', () => {
    const live = created({ a: '1' }, 'hand');
    expect(conflict(() => applied(live, { a: '2' }, 'one')).message).toBe(
      'Apply failed with 1 conflict: conflict with "hand" using v1: .data.a',
    );
  });

  it('force takes the field', () => {
    const live = created({ a: '1', b: '1' }, 'hand');
    const next = applied(live, { a: '2' }, 'one', true);
    expect(next).toMatchObject({ data: { a: '2', b: '1' } });
    expect(table(next)).toEqual({ 'hand Update': data('.', 'b'), 'one Apply': data('a') });
  });

  it('what is applied no more goes, unless another holds it', () => {
    const live = applied(applied(undefined, { a: '1', b: '1' }, 'one'), { b: '1' }, 'two');
    const next = applied(live, {}, 'one');
    expect(next.data).toEqual({ b: '1' });
    expect(table(next)).toEqual({ 'one Apply': { 'f:data': M }, 'two Apply': data('b') });
  });

  it('the same again changes nothing, not even the time', () => {
    const live = applied(undefined, { a: '1' }, 'one');
    expect(JSON.stringify(applied(live, { a: '1' }, 'one', false, AT + SECOND))).toBe(JSON.stringify(live));
  });

  it('fields of an object without managers belong to those before', () => {
    const next = applied(configMap({ a: '1', b: '1' }), { a: '1' }, 'one');
    expect(table(next)).toEqual({ 'one Apply': data('a'), 'before-first-apply Update': data('.', 'a', 'b') });
  });

  it('the live object is not touched', () => {
    const live = created({ a: '1' }, 'hand');
    const before = JSON.stringify(live);
    applied(live, { a: '2' }, 'one', true);
    expect(JSON.stringify(live)).toBe(before);
  });

  it.each<[string, object, string]>([
    [
      'another version',
      { apiVersion: 'apps/v2', kind: 'Deployment', metadata: { name: 'd' } },
      'Incorrect version specified in apply patch. Specified patch version: apps/v2, expected: apps/v1',
    ],
    [
      'an unknown field',
      { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' }, spec: { nonsense: 1 } },
      '.spec.nonsense: field not declared in schema',
    ],
  ])('refuses %s', (_, object, message) => {
    expect(conflict(() => fieldManager.check(deployments, object as AnyObject)).message).toContain(message);
  });
});

describe('from client-side apply', () => {
  const LAST = 'kubectl.kubernetes.io/last-applied-configuration';
  const config = (d: Record<string, string>) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: d });
  /** As `kubectl apply` left it. */
  const clientSide = (d: Record<string, string>, last: unknown = config(d)) => {
    const object = configMap(d, { annotations: { [LAST]: typeof last === 'string' ? last : `${JSON.stringify(last)}\n` } });
    fieldManager.track(configMaps, object, undefined, 'kubectl-client-side-apply', '', AT);
    return object;
  };

  it('kubectl changes what it applied before without a conflict, and the annotation follows', () => {
    const next = applied(clientSide({ a: '1', b: '1' }), { a: '2', b: '1' }, 'kubectl');
    expect(next.data).toEqual({ a: '2', b: '1' });
    expect(next.metadata.annotations![LAST]).toBe(
      `${JSON.stringify({ apiVersion: 'v1', data: { a: '2', b: '1' }, kind: 'ConfigMap', metadata: { name: 'c' } })}\n`,
    );
  });

  it.each<[string, AnyObject, string]>([
    ['another manager than kubectl', clientSide({ a: '1' }), 'other'],
    ['a field that was changed since', clientSide({ a: '1' }, config({ a: '0' })), 'kubectl'],
    ['a field that was not applied', clientSide({ a: '1' }, config({})), 'kubectl'],
    ['an annotation of another version', clientSide({ a: '1' }, { ...config({ a: '1' }), apiVersion: 'v2' }), 'kubectl'],
    ['an annotation that is no JSON', clientSide({ a: '1' }, '{'), 'kubectl'],
    ['an annotation of another shape', clientSide({ a: '1' }, { ...config({ a: '1' }), data: [] }), 'kubectl'],
    ['no annotation', created({ a: '1' }, 'kubectl-client-side-apply'), 'kubectl'],
  ])('%s: a conflict', (_what, live, manager) => {
    expect(() => applied(live, { a: '2' }, manager)).toThrow(StatusError);
  });

  it('an annotation that nests without end is none', () => {
    const deep = `${'{"not":'.repeat(20_000)}{}${'}'.repeat(20_000)}`;
    const crd = 'apiextensions.k8s.io/v1';
    const text = `{"apiVersion":"${crd}","kind":"CustomResourceDefinition","spec":{"versions":[{"name":"v1","schema":{"openAPIV3Schema":${deep}}}]}}`;
    const live = { apiVersion: crd, kind: 'CustomResourceDefinition', metadata: { name: 'x', annotations: { [LAST]: text } } };
    const definitions = resourceOf('apiextensions.k8s.io', 'v1', 'customresourcedefinitions')!;
    expect(lastAppliedFields(definitions, live as unknown as AnyObject)).toEqual({});
  });

  it('no annotation is made where there is none, and one that grows too large goes', () => {
    expect(applied(undefined, { a: '1' }, 'kubectl').metadata.annotations).toBeUndefined();
    const large = applied(clientSide({ a: '1' }), { a: 'x'.repeat(300_000) }, 'kubectl');
    expect(large.metadata.annotations).toEqual({});
  });
});
