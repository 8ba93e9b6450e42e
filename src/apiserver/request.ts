/**
 * A request as the pipeline sees it, whatever it came over (HTTP/1.1, HTTP/2, in process), and what is known of it from its path.
 * Source: https://kubernetes.io/docs/reference/access-authn-authz/authorization/#determine-the-request-verb
 */
import { parseFieldSelector } from '../meta/fields.js';
import { pathSegmentName } from '../meta/names.js';
import { queryBool } from '../meta/query.js';
import { table } from '../util/own.js';

export interface UserInfo {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export interface ApiRequest {
  readonly method: string;
  /** Without the query, still percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The whole body; an in-process caller hands over the parsed object. */
  readonly body?: Uint8Array | { readonly object: unknown };
  /** In the place of a body that has not come yet: read once it is known who asks, and that he may. `take` is told of bytes and may throw. */
  readonly read?: (take: (bytes: number) => void) => Promise<Uint8Array>;
  /** Calls back once the answer was written, or never can be; absent: it is as soon as it is made. */
  readonly written?: (fn: () => void) => void;
  /** Set where the transport itself knows who calls (in process). */
  readonly user?: UserInfo;
  /** The verified client certificate's subject, where one was given. */
  readonly certificate?: { readonly commonName: string; readonly organizations: readonly string[]; readonly uid?: string };
  /** A client certificate was given, of no authority that is trusted. */
  readonly foreignCertificate?: boolean;
  readonly remoteAddress?: string;
  /** Aborts when the client has gone. */
  readonly signal?: AbortSignal;
}

export interface RequestInfo {
  /** Of a resource request: get, list, watch, create, update, patch, delete, deletecollection, proxy; else the method in lower case. */
  readonly verb: string;
  readonly path: string;
  readonly isResource: boolean;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  /** What follows the subresource (`proxy/a/b`). */
  readonly rest: string;
  readonly namespace: string;
  readonly name: string;
}

const VERBS: Record<string, string> = table({ POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete', GET: 'get', HEAD: 'get' });
const NONE = { isResource: false, group: '', version: '', resource: '', subresource: '', rest: '', namespace: '', name: '' };

/** Subresources of a namespace object itself; any other third part is a resource in the namespace. */
const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize']);

export function requestInfo(request: ApiRequest): RequestInfo {
  const path = request.path;
  const parts = path
    .split('/')
    .filter((p) => p !== '')
    .map(safeDecode);
  const nonResource: RequestInfo = { ...NONE, verb: request.method.toLowerCase(), path };
  let rest: string[];
  let group = '';
  let version: string;
  if (parts[0] === 'api' && parts.length >= 3) {
    version = parts[1]!;
    rest = parts.slice(2);
  } else if (parts[0] === 'apis' && parts.length >= 4) {
    group = parts[1]!;
    version = parts[2]!;
    rest = parts.slice(3);
  } else return nonResource;

  // Other methods have no verb: only a rule for all verbs lets them through.
  let verb = VERBS[request.method] ?? '';
  // The legacy form /api/v1/watch/…: it reads only, and no subresource has it. Otherwise "may watch" would let a caller through to any method.
  const legacyWatch = rest[0] === 'watch' && rest.length > 1 && request.method === 'GET';
  if (legacyWatch) {
    verb = 'watch';
    rest = rest.slice(1);
  }
  let namespace = '';
  if (rest[0] === 'namespaces' && rest.length > 1) {
    if (rest.length > 2 && !NAMESPACE_SUBRESOURCES.has(rest[2]!)) {
      namespace = rest[1]!;
      rest = rest.slice(2);
    } else if (group === '') namespace = rest[1]!;
  }
  const [resource = '', name = '', subresource = '', ...tail] = rest;
  if (legacyWatch && subresource) return { ...NONE, verb, path, isResource: true, group, version, resource: 'watch' };
  if (!name && verb !== 'watch') {
    if (verb === 'get') verb = queryBool(request.query, 'watch') ? 'watch' : 'list';
    else if (verb === 'delete') verb = 'deletecollection';
  } else if (name && !subresource && verb === 'get' && queryBool(request.query, 'watch')) verb = 'watch';
  return { verb, path, isResource: true, group, version, resource, subresource, rest: tail.join('/'), namespace, name };
}

/**
 * As authorization sees a list or watch: whoever asks by field selector for the object of one name alone, asks about that object, and may be
 * allowed to by a role that names it.
 */
export function narrowed(info: RequestInfo, fieldSelector: string): RequestInfo {
  if (info.name || (info.verb !== 'list' && info.verb !== 'watch')) return info;
  try {
    const name = parseFieldSelector(fieldSelector).find((f) => f.field === 'metadata.name' && f.equal)?.value;
    return name && !pathSegmentName(name, false).length ? { ...info, name } : info;
  } catch {
    return info; // told when the list is made
  }
}

export function safeDecode(s: string): string {
  if (!s.includes('%')) return s;
  try {
    return decodeURIComponent(s);
  } catch {
    return s;
  }
}

export const header = (request: ApiRequest, name: string): string | undefined => {
  const v = request.headers[name];
  return typeof v === 'string' ? v : v?.[0];
};
