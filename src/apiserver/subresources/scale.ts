/** scale: the replicas of any workload as one small object. */

import { schemas } from '../../api/schemas.js';
import type { Scale } from '../../api/types/autoscaling/v1.js';
import { badRequest, invalidError, notFoundError } from '../../meta/errors.js';
import { invalid } from '../../meta/field-error.js';
import { selectorFromObject } from '../../meta/labels.js';
import type { AnyObject } from '../../meta/object.js';
import { jsonPatch } from '../../meta/patch/json-patch.js';
import { mergePatch } from '../../meta/patch/merge-patch.js';
import { strategicMergePatch } from '../../meta/patch/strategic.js';
import type { Answer } from '../answer.js';
import { aboutOf, type Call } from '../core.js';
import { decodeAs, parseBody } from '../handlers/body.js';
import { writeParameters } from '../handlers/options.js';
import { find } from '../handlers/read.js';
import { change, inVersion } from '../handlers/write.js';
import { header } from '../request.js';
import type { Entry } from '../storage/entry.js';

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

export const putScale = (call: Call): Promise<Answer> => writeScale(call, (_current, sent) => sent as AnyObject);

export function patchScale(call: Call): Promise<Answer> {
  const type = (header(call.request, 'content-type') ?? '').split(';')[0]!.trim();
  return writeScale(call, (current, sent) => {
    if (type === 'application/json-patch+json') return jsonPatch(current as unknown as AnyObject, sent) as AnyObject;
    if (type === 'application/merge-patch+json') return mergePatch(current as unknown as AnyObject, sent) as AnyObject;
    if (type === 'application/strategic-merge-patch+json')
      return strategicMergePatch(
        current as unknown as AnyObject,
        sent as Record<string, unknown>,
        schemas.kind('autoscaling/v1', 'Scale')!,
      ) as AnyObject;
    if (type.startsWith('application/apply-patch')) return mergePatch(current as unknown as AnyObject, sent) as AnyObject;
    throw badRequest(`unsupported patch type ${type}`);
  });
}

async function writeScale(call: Call, next: (current: Scale, sent: unknown) => AnyObject): Promise<Answer> {
  const { definition, info, request } = call;
  const paths = definition.subresources.scale!;
  const isPatch = request.method === 'PATCH';
  const parameters = writeParameters(
    request.query,
    isPatch ? 'PatchOptions' : 'UpdateOptions',
    header(request, 'user-agent') ?? '',
    /apply-patch/.test(header(request, 'content-type') ?? ''),
  );
  const { value } = parseBody(
    isPatch
      ? {
          ...request,
          headers: {
            ...request.headers,
            'content-type': /yaml/.test(header(request, 'content-type') ?? '') ? 'application/yaml' : 'application/json',
          },
        }
      : request,
    'Scale',
  );
  if (!call.core.storage.get(definition, info.namespace, info.name)) throw notFoundError(aboutOf(definition), info.name);
  const written = await change(call, parameters, 'spec', (current) => {
    const scale = decodeAs(
      next(scaleOf(call, current), value),
      { apiVersion: 'autoscaling/v1', kind: 'Scale', type: schemas.kind('autoscaling/v1', 'Scale')!, group: 'autoscaling' },
      parameters.fieldValidation,
      call.warnings,
    ) as unknown as Scale;
    if (scale.metadata.name !== info.name)
      throw badRequest(`the name of the object (${scale.metadata.name}) does not match the name on the URL (${info.name})`);
    const replicas = scale.spec?.replicas ?? 0;
    if (replicas < 0)
      throw invalidError('autoscaling', 'Scale', info.name, [invalid('spec.replicas', replicas, 'must be greater than or equal to 0')]);
    const object = structuredClone(current.object);
    set(object, paths.replicas, replicas);
    object.metadata.resourceVersion =
      scale.metadata.resourceVersion && !isPatch ? scale.metadata.resourceVersion : isPatch ? String(current.revision) : '';
    return object;
  });
  return { is: 'object', status: 200, object: scaleOf(call, inVersion(call, written.entry)) };
}
