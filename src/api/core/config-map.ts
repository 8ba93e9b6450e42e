/** ConfigMaps: settings for pods. Source: https://kubernetes.io/docs/concepts/configuration/configmap/ */

import { forbidden, invalid, tooLong } from '../../meta/field-error.js';
import { byteLength, configMapKey } from '../../meta/names.js';
import { addAll } from '../../util/add-all.js';
import { type Errors, invalidAll, same } from '../check.js';
import { ageColumn, column, nameColumn } from '../columns.js';
import { defineResource } from '../define.js';
import type { ConfigMap } from '../types/core/v1.js';
import { base64Length } from './base64.js';

export const configMap = defineResource<ConfigMap>({
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  shortNames: ['cm'],
  storageVersionHash: 'qFsyl6wFWjQ=',
  metadataLooks: 2,
  validate,
  validateUpdate: (map, old) => [...frozen(map, old), ...validate(map)],
  columns: [nameColumn, column('Data', (m) => Object.keys(m.data ?? {}).length + Object.keys(m.binaryData ?? {}).length), ageColumn],
});

/** All values together, in bytes. */
const SIZE_LIMIT = 1024 * 1024;

function validate({ data = {}, binaryData = {} }: ConfigMap): Errors {
  const errors: Errors = [];
  let size = 0;
  for (const [key, value] of Object.entries(data)) {
    addAll(errors, invalidAll(`data[${key}]`, key, configMapKey(key)));
    if (Object.hasOwn(binaryData, key)) errors.push(invalid(`data[${key}]`, key, 'duplicate of key present in binaryData'));
    size += byteLength(value);
  }
  for (const [key, value] of Object.entries(binaryData)) {
    addAll(errors, invalidAll(`binaryData[${key}]`, key, configMapKey(key)));
    size += base64Length(value);
  }
  return size > SIZE_LIMIT ? [...errors, tooLong('', SIZE_LIMIT)] : errors;
}

function frozen(map: ConfigMap, old: ConfigMap): Errors {
  if (!old.immutable) return [];
  const why = 'field is immutable when `immutable` is set';
  const errors = map.immutable ? [] : [forbidden('immutable', why)];
  for (const f of ['data', 'binaryData'] as const) if (!same(map[f] ?? {}, old[f] ?? {})) errors.push(forbidden(f, why));
  return errors;
}
