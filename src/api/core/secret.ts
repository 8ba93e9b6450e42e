/** Secrets: settings that are not for every eye. Source: https://kubernetes.io/docs/concepts/configuration/secret/ */

import { forbidden, invalid, required, tooLong } from '../../meta/field-error.js';
import { parseJson } from '../../meta/json.js';
import { configMapKey } from '../../meta/names.js';
import { type Errors, immutable, invalidAll, same } from '../check.js';
import { ageColumn, column, nameColumn } from '../columns.js';
import { defineResource } from '../define.js';
import type { Secret } from '../types/core/v1.js';
import { base64Length, fromBase64, toBase64 } from './base64.js';

export const secret = defineResource<Secret>({
  group: '',
  version: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  storageVersionHash: 'S6u1pOWzb84=',
  metadataLooks: 2,
  defaults(secret) {
    for (const [key, text] of Object.entries(secret.stringData ?? {})) (secret.data ??= {})[key] = toBase64(text);
    delete secret.stringData;
  },
  validate,
  validateUpdate: (secret, old) => [...immutable(secret.type, old.type, 'type'), ...frozen(secret, old), ...validate(secret)],
  warnings: ({ type, data }) => (type === 'kubernetes.io/tls' ? certificateWarnings(data ?? {}) : []),
  columns: [nameColumn, column('Type', (s) => s.type ?? ''), column('Data', (s) => Object.keys(s.data ?? {}).length), ageColumn],
  selectableFields: { type: (s) => s.type ?? '' },
});

/** All values together, in bytes. */
const SIZE_LIMIT = 1024 * 1024;
const HIDDEN = '<secret contents redacted>';

function validate(secret: Secret): Errors {
  const data = secret.data ?? {};
  const errors = Object.keys(data).flatMap((key) => invalidAll(`data[${key}]`, key, configMapKey(key)));
  const size = Object.values(data).reduce((n, v) => n + base64Length(v), 0);
  if (size > SIZE_LIMIT) errors.push(tooLong('data', SIZE_LIMIT));
  return [...errors, ...ofType(secret, data)];
}

/** Each type of secret has keys that must be there. */
function ofType({ metadata, type }: Secret, data: Readonly<Record<string, string>>): Errors {
  const needs = (...keys: string[]) => keys.filter((k) => data[k] === undefined).map((k) => required(`data[${k}]`));
  switch (type) {
    case 'kubernetes.io/service-account-token': {
      const name = 'kubernetes.io/service-account.name';
      return metadata.annotations?.[name] ? [] : [required(`metadata.annotations[${name}]`)];
    }
    case 'kubernetes.io/dockercfg':
      return dockerConfig(data, '.dockercfg');
    case 'kubernetes.io/dockerconfigjson':
      return dockerConfig(data, '.dockerconfigjson');
    case 'kubernetes.io/basic-auth':
      return data.username === undefined && data.password === undefined ? needs('username', 'password') : [];
    case 'kubernetes.io/ssh-auth':
      return data['ssh-privatekey'] ? [] : [required('data[ssh-privatekey]')];
    case 'kubernetes.io/tls':
      return needs('tls.crt', 'tls.key');
    default:
      return [];
  }
}

function dockerConfig(data: Readonly<Record<string, string>>, key: string): Errors {
  const value = data[key];
  if (value === undefined) return [required(`data[${key}]`)];
  const path = `data[${key}]`;
  const text = fromBase64(value);
  if (!text.trim()) return [invalid(path, HIDDEN, 'unexpected end of JSON input')];
  try {
    const parsed: unknown = parseJson(text);
    if (typeof parsed === 'object' && !Array.isArray(parsed)) return [];
    return [
      invalid(
        path,
        HIDDEN,
        `json: cannot unmarshal ${Array.isArray(parsed) ? 'array' : typeof parsed === 'boolean' ? 'bool' : typeof parsed} into Go value of type map[string]interface {}`,
      ),
    ];
  } catch (e) {
    return [invalid(path, HIDDEN, `invalid character: ${(e as Error).message}`)];
  }
}

function frozen(secret: Secret, old: Secret): Errors {
  if (!old.immutable) return [];
  const why = 'field is immutable when `immutable` is set';
  return [
    ...(secret.immutable ? [] : [forbidden('immutable', why)]),
    ...(same(secret.data ?? {}, old.data ?? {}) ? [] : [forbidden('data', why)]),
  ];
}

function certificateWarnings(data: Readonly<Record<string, string>>): string[] {
  for (const [key, what, block] of [
    ['tls.crt', 'certificate', 'CERTIFICATE'],
    ['tls.key', 'key', 'PRIVATE KEY'],
  ] as const) {
    const text = fromBase64(data[key] ?? '');
    const blocks = [...text.matchAll(/-----BEGIN ([^-]+)-----/g)].map((m) => m[1]!);
    if (!blocks.length) return [`tls: failed to find any PEM data in ${what} input`];
    if (!blocks.some((b) => b.endsWith(block)))
      return [
        `tls: failed to find ${block === 'CERTIFICATE' ? '"CERTIFICATE" PEM block' : 'PEM block with type ending in "PRIVATE KEY"'} in ${what} input after skipping PEM blocks of the following types: [${blocks.join(' ')}]`,
      ];
  }
  return [];
}
