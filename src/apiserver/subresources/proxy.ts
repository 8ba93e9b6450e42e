/**
 * pods/proxy, services/proxy, nodes/proxy: plain requests handed on. Whatever is behind them was chosen by someone who may be no friend of the
 * API server: it is reached only at addresses that are somebody's own, and learns nothing of who asked or of what the API server may do.
 */
import type { Pod, Service } from '../../api/types/core/v1.js';
import type { EndpointSlice } from '../../api/types/discovery/v1.js';
import { badRequest, unavailable } from '../../meta/errors.js';
import { isGlobalUnicast } from '../../meta/ip.js';
import type { Answer } from '../answer.js';
import { withoutTokens } from '../authenticate/bearer.js';
import type { Call } from '../core.js';
import { admit } from '../handlers/prepare.js';
import { find } from '../handlers/read.js';
import type { ApiRequest } from '../request.js';
import { type Backends, checkAddress, kubelet, type StreamTarget, toldAddress } from './targets.js';

const HTTP_PORT = 80;

/** What follows `<resource>/<name>/proxy/`, as it was sent: a namespace or an object may be called `proxy`, too. */
function beyondProxy(path: string): string {
  let at = 0;
  /** The next segment, empty ones left out. */
  const next = (): string => {
    while (path[at] === '/') at++;
    const end = path.indexOf('/', at);
    const segment = path.slice(at, end < 0 ? path.length : end);
    at += segment.length;
    return segment;
  };
  next(); // api
  next(); // v1
  if (next() === 'namespaces') {
    // Of the namespace, or of a resource in it: `namespaces` has no proxy itself.
    next();
    next();
  }
  next(); // the name
  return next() === 'proxy' ? path.slice(at + 1) : '';
}

/** `name`, `name:port` or `scheme:name:port`. */
function meant(call: Call): { scheme: 'http' | 'https'; name: string; port: string } {
  const parts = call.info.name.split(':');
  const [scheme = '', name = '', port = ''] = parts.length === 3 ? parts : ['', ...parts];
  if (parts.length > 3 || !name || !['', 'http', 'https'].includes(scheme))
    throw badRequest(`invalid ${call.definition.singular} request ${JSON.stringify(call.info.name)}`);
  return { scheme: scheme === 'https' ? 'https' : 'http', name, port };
}

export function proxyTarget(call: Call): StreamTarget {
  const { info, request } = call;
  const { scheme, name, port } = meant(call);
  const path = `/${beyondProxy(request.path)}${request.query.size ? `?${request.query}` : ''}`;
  const named: Call = { ...call, info: { ...info, name } };
  switch (info.resource) {
    case 'nodes':
      return toNode(named, scheme, port, path);
    case 'pods':
      return { scheme, path, ...ofPod(find(named, name).object as unknown as Pod, port) };
    default:
      return { scheme, path, ...ofService(named, port) };
  }
}

function toNode(call: Call, scheme: 'http' | 'https', port: string, path: string): StreamTarget {
  find(call, call.info.name);
  const own = kubelet(call, call.info.name, path);
  if (!port || port === String(own.port)) return own;
  // Another program of that machine, which is not the kubelet: nobody shows it the kubelet's credentials, or sends it to the machine itself.
  const { host } = toldAddress(call, call.info.name);
  checkAddress(host);
  return { scheme, host, port: number(port), path };
}

function number(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw badRequest(`invalid port ${JSON.stringify(text)}`);
  return port;
}

function ofPod(pod: Pod, port: string): { host: string; port: number } {
  const host = pod.status.podIP ?? '';
  if (!isGlobalUnicast(host)) throw badRequest('address not allowed');
  const ports = pod.spec.containers.flatMap((c) => c.ports ?? []);
  if (!port) return { host, port: ports[0]?.containerPort ?? HTTP_PORT };
  return { host, port: ports.find((p) => p.name === port)?.containerPort ?? number(port) };
}

function ofService(call: Call, port: string): { host: string; port: number } {
  const { core, info } = call;
  const service = find(call, info.name).object as unknown as Service;
  const ports = service.spec.ports ?? [];
  const wanted = ports.find((p) => (/^\d+$/.test(port) ? String(p.port) === port : !port || p.name === port));
  if (!wanted) throw unavailable(`no service port ${JSON.stringify(port)} found for service ${JSON.stringify(info.name)}`);
  const pods = core.resources.find('', 'v1', 'pods')!;
  for (const { object } of core.storage.list(core.resources.find('discovery.k8s.io', 'v1', 'endpointslices')!, info.namespace)) {
    const slice = object as unknown as EndpointSlice;
    if (slice.metadata.labels?.['kubernetes.io/service-name'] !== info.name) continue;
    const number = slice.ports?.find((p) => (p.name ?? '') === (wanted.name ?? ''))?.port;
    if (!number) continue;
    for (const { addresses, conditions, targetRef } of slice.endpoints ?? []) {
      const host = addresses[0];
      if (!host || conditions?.ready === false || !isGlobalUnicast(host)) continue;
      // Anyone may write slices: only an address that really is that Pod's is gone to.
      if (!targetRef?.name || (targetRef.namespace ?? '') !== info.namespace) continue;
      const pod = core.storage.get(pods, info.namespace, targetRef.name)?.object as unknown as Pod | undefined;
      if (pod?.status.podIPs?.some(({ ip }) => ip === host)) return { host, port: number };
    }
  }
  throw unavailable(`no endpoints available for service ${JSON.stringify(info.name)}`);
}

/** Where pages are sent that name the proxy without a slash: else what they link to would be looked for beside it. */
export function asFolder({ method, path, query }: Pick<ApiRequest, 'method' | 'path' | 'query'>): string | undefined {
  if ((method !== 'GET' && method !== 'HEAD') || !path.endsWith('/proxy') || beyondProxy(path)) return undefined;
  // Two slashes at the start would name another host.
  return `${path.replace(/^\/+/, '/')}/${query.size ? `?${query}` : ''}`;
}

/** Plain HTTP through …/proxy/…, by any method. */
export const proxyHandler =
  (backends: Backends) =>
  async (call: Call): Promise<Answer> => {
    const { request } = call;
    await admit(call, 'CONNECT', undefined, false);
    const target = proxyTarget(call);
    const folder = asFolder(request);
    if (folder) {
      const headers = { Location: folder };
      return { is: 'bytes', status: 301, contentType: 'text/plain; charset=utf-8', bytes: new Uint8Array(), headers };
    }
    try {
      const far = await backends.fetch(target, {
        method: request.method,
        headers: outwardHeaders(request),
        body: request.body instanceof Uint8Array ? request.body : undefined,
        signal: request.signal,
      });
      return {
        is: 'stream',
        status: far.status,
        headers: Object.fromEntries(Object.entries(far.headers).filter(([k]) => !HOP_BY_HOP.has(k) && !k.startsWith(CORS))),
        body: far.body,
      };
    } catch (e) {
      throw unavailable(`error trying to reach service: ${(e as Error).message}`);
    }
  };

/** Which pages of other origins may read an answer is for the API server to say. */
const CORS = 'access-control-allow-';

const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'host',
  'authorization',
  'content-length',
  'http2-settings',
]);
/** What tells the API server who someone is, or as whom he acts. It means the same to another API server, or to a kubelet. */
const IDENTITY = ['impersonate-', 'x-remote-'];

/** The headers of a request that may leave with it. */
export function outwardHeaders(request: ApiRequest): Record<string, string> {
  const nominated = new Set(
    [request.headers.connection ?? []].flat().flatMap((v) =>
      v
        .toLowerCase()
        .split(',')
        .map((s) => s.trim()),
    ),
  );
  const out: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value === undefined || name.startsWith(':') || HOP_BY_HOP.has(name) || nominated.has(name)) continue;
    if (IDENTITY.some((prefix) => name.startsWith(prefix))) continue;
    const text = [value].flat().join(name === 'cookie' ? '; ' : ', ');
    const kept = name === 'sec-websocket-protocol' ? withoutTokens(text) : text;
    if (kept || !text) out[name] = kept;
  }
  if (request.remoteAddress) out['x-forwarded-for'] = [out['x-forwarded-for'], request.remoteAddress].filter(Boolean).join(', ');
  return out;
}
