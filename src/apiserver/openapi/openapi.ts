/**
 * /openapi/v2 and /openapi/v3: the description that kubectl explains, validates and completes from. Made from the resource table and the schema
 * when it is first asked for, and again after the table changed. Source: https://kubernetes.io/docs/concepts/overview/kubernetes-api/#openapi-interface-definition
 */
import { schemas } from '../../api/schemas.js';
import { utf8 } from '../../util/bytes.js';
import type { Answer } from '../answer.js';
import { etag } from '../discovery/discovery.js';
import type { NonResourceHandler } from '../non-resource.js';
import { type ApiRequest, header } from '../request.js';
import type { ResourceTable } from '../resources.js';
import type { Json } from './definitions.js';
import { documentV2, documentV3, partsV3, type Source } from './document.js';
import { encodeV2, encodeV3 } from './protobuf.js';

const JSON_TYPE = 'application/json';
/** Clients write either `@` or `.` before the version; the answer has the point. */
const PROTOBUF = /^application\/com\.github\.proto-openapi\.spec\.(v[23])[@.]v1\.0\+protobuf$/;
const protobufType = (version: 2 | 3): string => `application/com.github.proto-openapi.spec.v${version}.v1.0+protobuf`;

interface Made {
  readonly document: Json;
  readonly json: Uint8Array;
  readonly etag: string;
  protobuf?: Uint8Array;
}

const make = (document: Json): Made => {
  const json = JSON.stringify(document);
  return { document, json: utf8(json), etag: etag(json) };
};

export function openapi(table: ResourceTable, docs: () => Readonly<Record<string, string>>): NonResourceHandler {
  let made = new Map<string, Made>();
  let index: { bytes: Uint8Array; etag: string } | undefined;
  table.onChange(() => {
    made = new Map();
    index = undefined;
  });
  const source = (): Source => ({ schemas, resources: table.all(), groups: table.groups(), docs: docs() });
  const kept = (key: string, build: () => Json): Made => {
    let found = made.get(key);
    if (!found) made.set(key, (found = make(build())));
    return found;
  };
  const part = (name: string): Made | undefined => {
    const s = source();
    const operations = partsV3(s).get(name);
    return operations && kept(name, () => documentV3(s, name, operations()));
  };

  return (request) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return undefined;
    if (request.path === '/openapi/v2')
      return answer(
        request,
        2,
        kept('v2', () => documentV2(source())),
      );
    if (request.path === '/openapi/v3' || request.path === '/openapi/v3/') {
      if (!index) {
        const paths = Object.fromEntries(
          [...partsV3(source()).keys()].map((name) => [name, { serverRelativeURL: `/openapi/v3/${name}?hash=${part(name)!.etag}` }]),
        );
        const json = JSON.stringify({ paths });
        index = { bytes: utf8(json), etag: etag(json) };
      }
      return bytes(request, JSON_TYPE, index.bytes, index.etag);
    }
    if (!request.path.startsWith('/openapi/v3/')) return undefined;
    const found = part(request.path.slice('/openapi/v3/'.length).replace(/\/$/, ''));
    return found && answer(request, 3, found);
  };
}

/** What the client wants, in the order it names it: JSON or protobuf. */
function wanted(request: ApiRequest, version: 2 | 3): 'json' | 'protobuf' | undefined {
  const accept = header(request, 'accept');
  if (!accept) return 'json';
  for (const range of accept.split(',')) {
    const type = range.split(';')[0]!.trim();
    if (type === '*/*' || type === 'application/*' || type === JSON_TYPE) return 'json';
    if (PROTOBUF.exec(type)?.[1] === `v${version}`) return 'protobuf';
  }
  return undefined;
}

function answer(request: ApiRequest, version: 2 | 3, made: Made): Answer {
  const form = wanted(request, version);
  if (!form) return { is: 'bytes', status: 406, contentType: 'text/plain; charset=utf-8', bytes: new Uint8Array() };
  const hash = request.query.get('hash');
  // A client that comes with an old hash is sent on to the present one.
  if (hash && hash !== made.etag)
    return {
      is: 'bytes',
      status: 301,
      contentType: 'text/plain; charset=utf-8',
      bytes: new Uint8Array(),
      headers: { Location: `${request.path}?hash=${made.etag}` },
    };
  const more = { Vary: 'Accept' };
  if (form === 'json') return bytes(request, JSON_TYPE, made.json, made.etag, more);
  made.protobuf ??= version === 2 ? encodeV2(made.document) : encodeV3(made.document);
  return bytes(request, protobufType(version), made.protobuf, made.etag, more);
}

function bytes(
  request: ApiRequest,
  contentType: string,
  body: Uint8Array,
  tag: string,
  more: Readonly<Record<string, string>> = {},
): Answer {
  const quoted = `"${tag}"`;
  const headers = { ETag: quoted, ...more };
  const known = (header(request, 'if-none-match') ?? '').split(',').some((t) => t.trim().replace(/^W\//, '') === quoted);
  return known
    ? { is: 'bytes', status: 304, contentType, bytes: new Uint8Array(), headers }
    : { is: 'bytes', status: 200, contentType, bytes: body, headers };
}
