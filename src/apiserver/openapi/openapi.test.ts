import fs from 'node:fs';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import type { Answer } from '../answer.js';
import type { ApiRequest } from '../request.js';
import { ResourceTable } from '../resources.js';
import { openapi } from './openapi.js';

/** What the original serves, without texts: recorded beside the checkout. */
const truth = new URL('../../../../shared/oracle/truth/', import.meta.url);
const there = fs.existsSync(truth);

type Json = Record<string, unknown>;
type Doc = {
  paths: Record<string, Record<string, Json>>;
  definitions: Record<string, Json>;
  components: { schemas?: Record<string, Json> };
};

const handler = openapi(new ResourceTable(), () => ({
  'io.k8s.api.core.v1.Pod': 'Pod text.',
  'io.k8s.api.core.v1.Pod.spec': 'Spec text.',
}));
const ask = (path: string, headers: ApiRequest['headers'] = {}): Extract<Answer, { is: 'bytes' }> | undefined => {
  const [p, q] = path.split('?');
  return handler(
    { method: 'GET', path: p!, query: new URLSearchParams(q), headers } as ApiRequest,
    undefined as never,
    undefined as never,
  ) as Extract<Answer, { is: 'bytes' }> | undefined;
};
const json = (path: string): Doc => JSON.parse(new TextDecoder().decode(ask(path)!.bytes)) as Doc;

/** Leaves out texts and answers, which the recording does not have, and the order of what has none. */
function bare(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) {
    const list = value.map((v) => bare(v));
    return key === 'required' ? list.sort() : list;
  }
  if (typeof value !== 'object' || value === null) return value;
  const out: Json = {};
  for (const k of Object.keys(value).sort()) {
    const inner = (value as Json)[k];
    if ((k === 'description' && typeof inner === 'string') || k === 'responses') continue;
    out[k] = bare(inner, k);
  }
  // A reference is wrapped where a text stands beside it.
  if (Object.keys(out).join() === 'allOf') return (out.allOf as unknown[])[0];
  return out;
}

const operations = (doc: Doc): string[] =>
  Object.entries(doc.paths)
    .flatMap(([path, item]) =>
      Object.entries(item)
        .filter(([m]) => m !== 'parameters')
        .map(
          ([m, o]) =>
            `${m} ${path} ${o.operationId} ${o.tags} ${o['x-kubernetes-action']} ${JSON.stringify(bare(o['x-kubernetes-group-version-kind']))}`,
        ),
    )
    .sort();

/** Legacy group versions, which nobody serves, are listed with these in the original. */
const withoutVersions = (name: string, schema: unknown): unknown =>
  /\.(DeleteOptions|WatchEvent)$/.test(name) ? { ...(schema as Json), 'x-kubernetes-group-version-kind': undefined } : schema;

function differences(ours: Record<string, Json>, theirs: Record<string, Json>): string[] {
  const out: string[] = [];
  for (const name of Object.keys(theirs)) if (!ours[name]) out.push(`- ${name}`);
  for (const name of Object.keys(ours)) {
    if (!theirs[name]) {
      out.push(`+ ${name}`);
      continue;
    }
    const a = withoutVersions(name, bare(ours[name])) as Json;
    const b = withoutVersions(name, bare(theirs[name])) as Json;
    const [pa, pb] = [(a.properties ?? {}) as Json, (b.properties ?? {}) as Json];
    for (const p of new Set([...Object.keys(pa), ...Object.keys(pb)])) {
      if (JSON.stringify(pa[p]) !== JSON.stringify(pb[p])) out.push(`${name}.${p}: ${JSON.stringify(pa[p])} | ${JSON.stringify(pb[p])}`);
    }
    for (const k of new Set([...Object.keys(a), ...Object.keys(b)])) {
      if (k !== 'properties' && JSON.stringify(a[k]) !== JSON.stringify(b[k]))
        out.push(`${name} ${k}: ${JSON.stringify(a[k])} | ${JSON.stringify(b[k])}`);
    }
  }
  return out;
}

describe.skipIf(!there)('OpenAPI against what the original serves (left out where the recording is absent)', () => {
  const read = (name: string): Doc => JSON.parse(fs.readFileSync(new URL(name, truth), 'utf8')) as Doc;

  it('version 2: operations', () => {
    const [a, b] = [operations(json('/openapi/v2')), operations(read('openapi-v2.json'))];
    expect({ more: a.filter((x) => !b.includes(x)), less: b.filter((x) => !a.includes(x)) }).toEqual({ more: [], less: [] });
  });

  it('version 2: definitions', () => {
    expect(differences(json('/openapi/v2').definitions, read('openapi-v2.json').definitions)).toEqual([]);
  });

  const files = there ? fs.readdirSync(new URL('openapi-v3/', truth)).filter((f) => f !== 'index.json') : [];
  it('version 3: parts', () => {
    const index = JSON.parse(fs.readFileSync(new URL('openapi-v3/index.json', truth), 'utf8')) as string[];
    expect(Object.keys(json('/openapi/v3').paths)).toEqual(index);
  });
  it.each(files)('version 3: %s', (file) => {
    const ours = json(`/openapi/v3/${file.replace(/\.json$/, '').replaceAll('_', '/')}`);
    const theirs = read(`openapi-v3/${file}`);
    expect(operations(ours)).toEqual(operations(theirs));
    expect(differences(ours.components.schemas ?? {}, theirs.components.schemas ?? {})).toEqual([]);
    for (const [path, item] of Object.entries(theirs.paths)) expect(bare(ours.paths[path]), path).toEqual(bare(item));
  });
});

describe('OpenAPI as it is served', () => {
  it('carries the documentation it was given', () => {
    const pod = json('/openapi/v2').definitions['io.k8s.api.core.v1.Pod']!;
    expect(pod.description).toBe('Pod text.');
    expect((pod.properties as Record<string, Json>).spec!.description).toBe('Spec text.');
  });

  it.each(['/openapi/v2', '/openapi/v3/api/v1', '/openapi/v3/apis/autoscaling/v2', '/openapi/v3/version'])(
    '%s: every operation and every parameter has a description',
    (path) => {
      const document = json(path);
      const without: string[] = [];
      const look = (at: string, o: Json) => {
        if (!('$ref' in o) && !o.description) without.push(at);
      };
      for (const [at, p] of Object.entries((document as { parameters?: Json }).parameters ?? {})) look(at, p as Json);
      for (const [p, item] of Object.entries(document.paths)) {
        for (const x of (item.parameters ?? []) as Json[]) look(`${p} ${x.name}`, x);
        for (const [method, o] of Object.entries(item)) {
          if (method === 'parameters') continue;
          look(`${method} ${p}`, o as Json);
          for (const x of ((o as Json).parameters ?? []) as Json[]) look(`${method} ${p} ${x.name}`, x);
        }
      }
      expect(without).toEqual([]);
    },
  );

  it('keeps dryRun in the PATCH itself, where old clients look for it', () => {
    const patch = json('/openapi/v2').paths['/api/v1/namespaces/{namespace}/pods/{name}']!.patch!;
    expect((patch.parameters as Json[]).map((p) => p.name)).toContain('dryRun');
  });

  it.each(['/openapi/v2', '/openapi/v3', '/openapi/v3/apis/apps/v1'])('%s answers 304 to one that has it', (path) => {
    const etag = ask(path)!.headers!.ETag!;
    expect(ask(path, { 'if-none-match': `"other", ${etag}` })).toMatchObject({ status: 304, bytes: new Uint8Array() });
    expect(ask(path, { 'if-none-match': '"other"' })!.status).toBe(200);
  });

  it('sends one with an old hash on to the new', () => {
    const { serverRelativeURL } = (json('/openapi/v3').paths as Json)['apis/apps/v1'] as { serverRelativeURL: string };
    expect(ask('/openapi/v3/apis/apps/v1?hash=OLD')).toMatchObject({ status: 301, headers: { Location: serverRelativeURL } });
    expect(ask(serverRelativeURL)!.status).toBe(200);
  });

  it('knows no other parts', () => {
    expect(ask('/openapi/v3/apis/nothing/v1')).toBeUndefined();
    expect(ask('/openapi/v4')).toBeUndefined();
    expect(ask('/openapi/v2', { accept: 'text/html' })!.status).toBe(406);
  });

  it('speaks the binary form', () => {
    const root = protobuf.parse(`syntax = "proto3";
      message Any { string yaml = 2; } message NamedAny { string name = 1; Any value = 2; }
      message TypeItem { repeated string value = 1; }
      message Items { repeated Schema schema = 1; }
      message NamedSchema { string name = 1; Schema value = 2; } message Schemas { repeated NamedSchema entries = 1; }
      message Schema { string ref = 1; string description = 4; TypeItem type = 22; Items items = 23; Schemas properties = 25; repeated NamedAny x = 31; }
      message Operation { string operationId = 5; repeated NamedAny x = 13; }
      message PathItem { Operation get = 2; } message NamedPath { string name = 1; PathItem value = 2; } message Paths { repeated NamedPath path = 2; }
      message Document { string swagger = 1; Paths paths = 8; Schemas definitions = 9; }`).root;
    const answer = ask('/openapi/v2', { accept: 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf' })!;
    expect(answer.contentType).toBe('application/com.github.proto-openapi.spec.v2.v1.0+protobuf');
    const document = root.lookupType('Document').decode(answer.bytes).toJSON() as {
      swagger: string;
      paths: { path: { name: string; value: Json }[] };
      definitions: { entries: { name: string; value: Json }[] };
    };
    const whole = json('/openapi/v2');
    expect(document.paths.path.map((p) => p.name)).toEqual(Object.keys(whole.paths));
    expect(document.definitions.entries.map((d) => d.name)).toEqual(Object.keys(whole.definitions));
    const pod = document.definitions.entries.find((d) => d.name === 'io.k8s.api.core.v1.PodList')!.value as {
      properties: { entries: object[] };
    };
    expect(pod.properties.entries[1]).toEqual({
      name: 'items',
      value: { type: { value: ['array'] }, items: { schema: [{ ref: '#/definitions/io.k8s.api.core.v1.Pod' }] } },
    });
    expect(document.paths.path.find((p) => p.name === '/api/v1/nodes')!.value.get).toEqual({
      operationId: 'listCoreV1Node',
      x: [
        { name: 'x-kubernetes-action', value: { yaml: '"list"' } },
        { name: 'x-kubernetes-group-version-kind', value: { yaml: '{"group":"","kind":"Node","version":"v1"}' } },
      ],
    });
  });
});
