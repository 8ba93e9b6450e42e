/** scale: the replicas of any workload as one small object. */

import { schemas } from '../../api/schemas.js';
import type { Scale } from '../../api/types/autoscaling/v1.js';
import { reads } from '../../meta/decode.js';
import { invalidError, notFoundError } from '../../meta/errors.js';
import { invalid } from '../../meta/field-error.js';
import { groupVersion } from '../../meta/gvk.js';
import { selectorFromObject } from '../../meta/labels.js';
import type { AnyObject } from '../../meta/object.js';
import type { Answer } from '../answer.js';
import { aboutOf, type Call } from '../core.js';
import { decodeAs, type Expected, readObject } from '../handlers/body.js';
import { type WriteParameters, writeParameters } from '../handlers/options.js';
import { decodePatched, patchBody, patched, patchType } from '../handlers/patch-types.js';
import { checkName } from '../handlers/prepare.js';
import { find } from '../handlers/read.js';
import { change, inVersion } from '../handlers/write.js';
import { header } from '../request.js';
import type { Entry } from '../storage/entry.js';

const SCALE_TYPE = schemas.kind('autoscaling/v1', 'Scale')!;
const SCALE: Expected = {
  apiVersion: 'autoscaling/v1',
  kind: 'Scale',
  read: reads(SCALE_TYPE),
  group: 'autoscaling',
};

const at = (o: unknown, path: string): unknown =>
  path
    .split('.')
    .filter(Boolean)
    .reduce<unknown>((v, k) => (v as Record<string, unknown> | undefined)?.[k], o);

function set(o: unknown, path: string, value: unknown): void {
  const parts = path.split('.').filter(Boolean);
  let target = o as Record<string, unknown>;
  for (const k of parts.slice(0, -1)) target = (target[k] ??= {}) as Record<string, unknown>;
  target[parts.at(-1)!] = value;
}

function scaleOf(call: Call, entry: Entry): Scale {
  const paths = call.definition.subresources.scale!;
  const o = entry.object;
  const selector = at(o, paths.selector);
  const text = typeof selector === 'string' ? selector : selector === undefined ? '' : selectorText(selector as Record<string, unknown>);
  const m = o.metadata;
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: {
      name: m.name,
      ...(m.namespace ? { namespace: m.namespace } : {}),
      uid: m.uid,
      resourceVersion: String(entry.revision),
      creationTimestamp: m.creationTimestamp,
    },
    spec: { ...((at(o, paths.replicas) as number | undefined) ? { replicas: at(o, paths.replicas) as number } : {}) },
    status: { replicas: (at(o, paths.statusReplicas) as number | undefined) ?? 0, ...(text ? { selector: text } : {}) },
  } as Scale;
}

/** A selector object, or (ReplicationController) a plain map. */
function selectorText(s: Record<string, unknown>): string {
  if (!('matchLabels' in s) && !('matchExpressions' in s)) {
    return Object.keys(s)
      .sort()
      .map((k) => `${k}=${String(s[k])}`)
      .join(',');
  }
  return selectorFromObject(s as never).toString();
}

export async function getScale(call: Call): Promise<Answer> {
  await call.core.storage.fresh();
  return { is: 'object', status: 200, object: scaleOf(call, inVersion(call, find(call, call.info.name))) };
}

export async function putScale(call: Call): Promise<Answer> {
  const { request, warnings } = call;
  const parameters = writeParameters(request.query, 'UpdateOptions', header(request, 'user-agent') ?? '');
  const sent = readObject(request, SCALE, parameters.fieldValidation, warnings);
  return writeScale(call, parameters, () => sent);
}

export async function patchScale(call: Call): Promise<Answer> {
  const { request, warnings } = call;
  const type = patchType(request);
  const parameters = writeParameters(request.query, 'PatchOptions', header(request, 'user-agent') ?? '', type === 'apply');
  const body = patchBody(request, type, SCALE.kind);
  if (type === 'apply') return applyScale(call, parameters, body.value);
  return writeScale(call, parameters, (current) => {
    const after = patched(type, scaleOf(call, current) as unknown as AnyObject, body.value, SCALE_TYPE);
    return decodePatched(type, after, SCALE_TYPE, SCALE, parameters.fieldValidation, warnings, body);
  });
}

/** Applied like the object itself: the count belongs to whoever applied it, in the object's own managed fields. */
function applyScale(call: Call, parameters: WriteParameters, value: unknown): Promise<Answer> {
  const { core, definition } = call;
  const scale = decodeAs(value, SCALE, parameters.fieldValidation, call.warnings);
  const now = core.env.clock.now();
  return writeScale(
    call,
    parameters,
    () => scale,
    (current, replicas) => {
      const intent = { apiVersion: groupVersion(definition.group, definition.version), kind: definition.kind, metadata: {} } as AnyObject;
      if ((scale as unknown as Scale).spec?.replicas !== undefined) set(intent, definition.subresources.scale!.replicas, replicas);
      const { object } = current;
      const merged = core.fields.apply(definition, object, intent, parameters.fieldManager, parameters.force, 'scale', now);
      return definition.read(merged, 'Ignore').object;
    },
  );
}

/** `scale`: the wanted Scale; `next`: the object with so many replicas, by default by setting them. */
async function writeScale(
  call: Call,
  parameters: WriteParameters,
  scale: (current: Entry) => AnyObject,
  next?: (current: Entry, replicas: number) => AnyObject,
): Promise<Answer> {
  const { definition, info } = call;
  if (!call.core.storage.get(definition, info.namespace, info.name)) throw notFoundError(aboutOf(definition), info.name);
  const written = await change(
    call,
    parameters,
    'spec',
    (current) => {
      const wanted = scale(current) as unknown as Scale;
      checkName(call, wanted as unknown as AnyObject);
      const replicas = wanted.spec?.replicas ?? 0;
      if (replicas < 0)
        throw invalidError('autoscaling', 'Scale', info.name, [invalid('spec.replicas', replicas, 'must be greater than or equal to 0')]);
      const object = next ? next(current, replicas) : structuredClone(current.object);
      if (!next) set(object, definition.subresources.scale!.replicas, replicas);
      object.metadata.resourceVersion = wanted.metadata.resourceVersion ?? (next ? String(current.revision) : '');
      return object;
    },
    next !== undefined,
  );
  return { is: 'object', status: 200, object: scaleOf(call, inVersion(call, written.entry)) };
}
