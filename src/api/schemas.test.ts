import fs from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { FieldSchema, TypeSchema, ValueSchema } from '../meta/schema/schema.js';
import { schemas } from './schemas.js';

/** What a generated class of the official client says about its fields. */
interface Model {
  readonly name: string;
  getAttributeTypeMap(): readonly { readonly baseName: string; readonly type: string; readonly format: string }[];
}
/** The models alone: the client itself asks for more of the runtime. */
const directory = fileURLToPath(new URL('../../node_modules/@kubernetes/client-node/dist/gen/models/', import.meta.url));
const files = [...fs.readFileSync(`${directory}all.js`, 'utf8').matchAll(/models\/(\w*V\d\w*\.js)/g)].map((m) => m[1]!);
const models = await Promise.all(
  files.map(async (file): Promise<Model> => {
    const loaded = (await import(pathToFileURL(directory + file).href)) as Record<string, Model>;
    return loaded[file.slice(0, -'.js'.length)]!;
  }),
);

const RELEASE = 'release-1.36';
const sameRelease = fs.readFileSync(`${directory}V1Pod.js`, 'utf8').includes(RELEASE);

/** A class is named after the version and the type; where two groups have one of the same name, after the group as well. */
const ours = new Map<string, TypeSchema[]>();
for (const name of schemas.names()) {
  const [, group = '', version = '', type = ''] = /\.([a-z0-9]+)\.(v[0-9a-z]+)\.(\w+)$/i.exec(name) ?? [];
  const capital = (s: string) => s.charAt(0).toUpperCase() + s.slice(1);
  for (const key of [capital(version) + type, capital(group) + capital(version) + type])
    ours.set(key, [...(ours.get(key) ?? []), schemas.type(name)]);
}

const SPECIAL: Record<string, string> = {
  Time: 'Date',
  MicroTime: 'V1MicroTime',
  Quantity: 'string',
  Duration: 'string',
  IntOrString: 'IntOrString',
};

/** Our type in the client's words. Messages are compared by the name of the type alone. */
function describeValue(value: ValueSchema): string {
  switch (value.is) {
    case 'list':
      return `Array<${describeValue(value.of)}>`;
    case 'map':
      return `{ [key: string]: ${describeValue(value.of)}; }`;
    case 'scalar':
      return { string: 'string', bytes: 'string', bool: 'boolean', int32: 'number', int64: 'number', double: 'number' }[value.scalar];
    case 'special':
      return SPECIAL[value.special] ?? 'any';
    case 'message':
      // Lists that protobuf wraps in a message of their own; and messages without fields.
      if (/\.(?:ExtraValue|Verbs)$/.test(value.message.name)) return 'Array<string>';
      if (!value.message.fields.length) return 'any';
      return value.message.name.split('.').at(-1)!;
  }
}
const plain = (type: string): string => type.replace(/\b(?:[A-Z][a-z]+)?V\d(?:alpha\d|beta\d)?(?=[A-Z])/g, '');
const fieldsOf = (type: TypeSchema): Map<string, string> => {
  const fields = new Map(type.fields.map((f: FieldSchema) => [f.name, plain(describeValue(f.value))]));
  if (type.kind && !type.name.endsWith('.WatchEvent')) for (const name of ['apiVersion', 'kind']) fields.set(name, 'string');
  return fields;
};

it('finds the client’s classes', () => {
  expect(models.length).toBeGreaterThan(500);
});

describe('the schema tables agree with the official client', () => {
  it.each(models.map((m) => [m.name, m] as const))('%s', (name, model) => {
    const candidates = ours.get(name) ?? [];
    if (!candidates.length) return;
    const theirs = Object.fromEntries(model.getAttributeTypeMap().map((a) => [a.baseName, plain(a.type)]));
    const mine = candidates.map((type) => Object.fromEntries(fieldsOf(type)));
    // A client of an older release knows fewer fields.
    const wanted = sameRelease ? theirs : (expect.objectContaining(theirs) as typeof theirs);
    expect(mine).toContainEqual(wanted);
  });

  it('has a type for each of the client’s classes, but for those of alpha versions', () => {
    expect(models.map((m) => m.name).filter((name) => !ours.has(name) && !name.includes('alpha'))).toEqual([]);
  });
});
