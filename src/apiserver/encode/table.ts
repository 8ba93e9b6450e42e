/** Objects as rows: what `kubectl get` prints. Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables */
import type { ResourceDefinition } from '../../api/resource.js';
import { badRequest } from '../../meta/errors.js';
import type { ApiObject } from '../../meta/object.js';

export type IncludeObject = 'None' | 'Metadata' | 'Object';

export function includeObject(query: URLSearchParams): IncludeObject {
  const v = query.get('includeObject') ?? '';
  if (v === '' || v === 'Metadata') return 'Metadata';
  if (v === 'None' || v === 'Object') return v;
  throw badRequest(`unrecognized includeObject value: ${JSON.stringify(v)}`);
}

interface Row {
  object: ApiObject;
}

export function tableOf(
  definition: ResourceDefinition,
  rows: readonly Row[],
  metadata: object,
  include: IncludeObject,
  now: number,
  version: 'v1' | 'v1beta1',
  withColumns = true,
): object {
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${version}`,
    metadata,
    columnDefinitions: withColumns
      ? definition.columns.map((c) => ({
          name: c.name,
          type: c.type,
          format: c.format ?? (c.name === 'Name' && !definition.custom ? 'name' : ''),
          description: c.description ?? '',
          priority: c.priority ?? 0,
        }))
      : null,
    rows: rows.map(({ object }) => ({
      cells: definition.columns.map((c) => c.cell(object, now)),
      object: include === 'None' ? null : include === 'Object' ? object : partial(object, version),
    })),
  };
}

export const partial = (object: ApiObject, version: 'v1' | 'v1beta1'): object => ({
  kind: 'PartialObjectMetadata',
  apiVersion: `meta.k8s.io/${version}`,
  metadata: object.metadata,
});

export const tableMetadata = (resourceVersion: string, more: { continue?: string; remainingItemCount?: number } = {}): object => ({
  resourceVersion,
  ...(more.continue ? { continue: more.continue } : {}),
  ...(more.remainingItemCount !== undefined ? { remainingItemCount: more.remainingItemCount } : {}),
});
