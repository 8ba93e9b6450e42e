/** Lists that are encoded item by item have the bytes of the whole encoded at once, and let others have their turn. */
import { describe, expect, it } from 'vitest';
import { resourceOf } from '../../api/table.js';
import { decode } from '../../meta/decode.js';
import { groupVersion } from '../../meta/gvk.js';
import type { ApiObject } from '../../meta/object.js';
import { stringifyYaml } from '../../meta/yaml.js';
import { text } from '../../util/bytes.js';
import type { ListAnswer } from '../answer.js';
import { Entry, serialize } from '../storage/entry.js';
import { encodeAnswer, encodeObject } from './encode.js';
import { sortKeys } from './long-list.js';
import type { Representation } from './negotiate.js';
import { PROTOBUF } from './protobuf.js';
import { partial, tableMetadata, tableOf } from './table.js';

const definition = resourceOf('', 'v1', 'configmaps')!;
const entry = (i: number, size = 5): Entry => {
  const object = decode(
    definition.type,
    {
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: { name: `c${i}`, namespace: 'n', labels: { a: 'b' } },
      data: { k: 'v\n'.repeat(size), z: '"{' },
    },
    'Ignore',
  ).object;
  return new Entry(`/registry/configmaps/n/c${i}`, 'n', `c${i}`, i + 1, serialize(object));
};
const list = (n: number, size?: number): ListAnswer => ({
  is: 'list',
  definition,
  entries: Array.from({ length: n }, (_, i) => entry(i, size)),
  resourceVersion: '9',
  continue: 'more',
  remainingItemCount: 3,
});

const FORMS: [string, Representation][] = [
  ['JSON', { mediaType: 'application/json', version: 'v1', pretty: false }],
  ['indented', { mediaType: 'application/json', version: 'v1', pretty: true }],
  ['YAML', { mediaType: 'application/yaml', version: 'v1', pretty: false }],
  ['protobuf', { mediaType: PROTOBUF, version: 'v1', pretty: false }],
  ['a table', { mediaType: 'application/json', as: 'Table', version: 'v1', pretty: false }],
  ['an indented table', { mediaType: 'application/json', as: 'Table', version: 'v1', pretty: true }],
  ['a table as YAML', { mediaType: 'application/yaml', as: 'Table', version: 'v1', pretty: false }],
  ['metadata', { mediaType: 'application/json', as: 'PartialObjectMetadataList', version: 'v1', pretty: false }],
  ['metadata in protobuf', { mediaType: PROTOBUF, as: 'PartialObjectMetadataList', version: 'v1', pretty: false }],
] as [string, Representation][];

/** All of it at once. */
function atOnce(answer: ListAnswer, r: Representation) {
  const metadata = tableMetadata(answer.resourceVersion, answer);
  if (r.as === 'Table') return encodeObject(200, tableOf(definition, answer.entries, metadata, 'Object', 0, 'v1'), r);
  const items = answer.entries.map((e) => {
    if (r.as) return partial(e.object, 'v1');
    const { kind: _k, apiVersion: _a, ...rest } = e.object as ApiObject;
    return rest;
  });
  return encodeObject(
    200,
    r.as
      ? { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata, items }
      : { kind: 'ConfigMapList', apiVersion: groupVersion('', 'v1'), metadata, items },
    r,
  );
}

describe.each([0, 1, 3])('a list of %i', (n) => {
  it.each(FORMS.slice(1))('%s', async (_form, r) => {
    const answer = list(n);
    const [mine, whole] = [await encodeAnswer(answer, r, 'Object', 0), atOnce(answer, r)];
    expect(mine.contentType).toBe(whole.contentType);
    if (r.mediaType === PROTOBUF) expect(Buffer.from(mine.body).equals(Buffer.from(whole.body))).toBe(true);
    else expect(text(mine.body)).toBe(text(whole.body));
  });
});

it.each(FORMS.slice(1))('others have their turn while a long one is made: %s', async (_form, r) => {
  const answer = list(40, 30_000);
  let turns = 0;
  let going = true;
  const turn = () => {
    turns++;
    if (going) setImmediate(turn);
  };
  setImmediate(turn);
  await encodeAnswer(answer, r, 'Object', 0);
  going = false;
  expect(turns).toBeGreaterThan(3);
});

it('keys in order', () =>
  expect(stringifyYaml(sortKeys({ b: 1, a: { d: 1, c: [{ f: 1, e: 2 }] } }))).toBe('a:\n  c:\n  - e: 2\n    f: 1\n  d: 1\nb: 1\n'));
