/** Requests that end at a kubelet (log, exec, attach, portforward, proxy): which node, and which path there. */
import type { Container, Pod } from '../../api/types/core/v1.js';
import { badRequest, invalidError } from '../../meta/errors.js';
import { type FieldError, forbidden, invalid, notSupported } from '../../meta/field-error.js';
import { queryBool } from '../../meta/query.js';
import { table } from '../../util/own.js';
import type { Answer } from '../answer.js';
import type { Call } from '../core.js';
import { integer } from '../handlers/options.js';
import { admit } from '../handlers/prepare.js';
import { find } from '../handlers/read.js';
import { notAllowed } from '../routes.js';
import { proxyTarget } from './proxy.js';
import { type Backends, kubelet, type StreamTarget } from './targets.js';

export type { KubeletAddress, StreamTarget } from './targets.js';

const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container';

export function streamTarget(call: Call): StreamTarget {
  const { info, request } = call;
  const q = request.query;
  switch (`${info.resource}/${info.subresource}`) {
    case 'pods/exec':
    case 'pods/attach': {
      const pod = podOf(call);
      const container = containerOf(pod, q.get('container') ?? '');
      if (!pod.spec.nodeName) throw badRequest(`pod ${info.name} does not have a host assigned`);
      const query = new URLSearchParams();
      for (const stream of ['stdin', 'stdout', 'stderr', 'tty'] as const) if (queryBool(q, stream)) query.set(KUBELET_NAME[stream], '1');
      for (const c of q.getAll('command')) query.append('command', c);
      if (info.subresource === 'exec' && !q.getAll('command').length)
        throw badRequest('you must specify at least 1 command for the container');
      return kubelet(call, pod.spec.nodeName, `/${info.subresource}/${info.namespace}/${info.name}/${container}?${query}`);
    }
    case 'pods/portforward': {
      const pod = podOf(call);
      if (!pod.spec.nodeName) throw badRequest(`pod ${info.name} does not have a host assigned`);
      const query = new URLSearchParams();
      for (const p of q.getAll('ports')) query.append('ports', p);
      return kubelet(call, pod.spec.nodeName, `/portForward/${info.namespace}/${info.name}${query.size ? `?${query}` : ''}`);
    }
    case 'pods/proxy':
    case 'services/proxy':
    case 'nodes/proxy':
      return proxyTarget(call);
    default:
      throw notAllowed();
  }
}

const KUBELET_NAME = table({ stdin: 'input', stdout: 'output', stderr: 'error', tty: 'tty' } as const);

const podOf = (call: Call): Pod => find(call, call.info.name).object as unknown as Pod;

/** The container meant: named, marked as the default, or the only one. */
function containerOf(pod: Pod, name: string): string {
  const all: Container[] = [
    ...(pod.spec.initContainers ?? []),
    ...pod.spec.containers,
    ...((pod.spec.ephemeralContainers ?? []) as unknown as Container[]),
  ];
  if (name) {
    if (!all.some((c) => c.name === name)) throw badRequest(`container ${name} is not valid for pod ${pod.metadata.name}`);
    return name;
  }
  const marked = pod.metadata.annotations?.[DEFAULT_CONTAINER];
  if (marked && all.some((c) => c.name === marked)) return marked;
  if (pod.spec.containers.length === 1) return pod.spec.containers[0]!.name;
  const names = (list: readonly { name: string }[] | undefined) => (list ?? []).map((c) => c.name).join(' ');
  const init = pod.spec.initContainers?.length ? ` or one of the init containers: [${names(pod.spec.initContainers)}]` : '';
  throw badRequest(
    `a container name must be specified for pod ${pod.metadata.name}, choose one of: [${names(pod.spec.containers)}]${init}`,
  );
}

/** Throws what PodLogOptions are refused for. */
function checkLogOptions(pod: string, q: URLSearchParams): void {
  const errors: FieldError[] = [];
  const positive = (name: string): void => {
    const n = integer(q, name);
    if (n !== undefined && n < 1) errors.push(invalid(name, n, 'must be greater than 0'));
  };
  const tail = integer(q, 'tailLines');
  if (tail !== undefined && tail < 0) errors.push(invalid('tailLines', tail, 'must be greater than or equal to 0'));
  positive('limitBytes');
  if (q.get('sinceSeconds') && q.get('sinceTime'))
    errors.push(forbidden('', 'at most one of `sinceTime` or `sinceSeconds` may be specified'));
  else positive('sinceSeconds');
  const stream = q.get('stream') || 'All';
  if (!LOG_STREAMS.includes(stream)) errors.push(notSupported('stream', stream, LOG_STREAMS));
  if (stream !== 'All' && tail !== undefined)
    errors.push(forbidden('', '`tailLines` and specific `stream` are mutually exclusive for now'));
  if (errors.length) throw invalidError('', 'PodLogOptions', pod, errors);
}
const LOG_STREAMS = ['All', 'Stderr', 'Stdout'];

/** GET pods/x/log. */
export const logHandler =
  (backends: Backends) =>
  async (call: Call): Promise<Answer> => {
    const { info, request } = call;
    const pod = podOf(call);
    const container = containerOf(pod, request.query.get('container') ?? '');
    if (!pod.spec.nodeName) return { is: 'bytes', status: 200, contentType: 'text/plain', bytes: new Uint8Array() };
    checkLogOptions(info.name, request.query);
    const query = new URLSearchParams();
    for (const key of ['follow', 'previous', 'timestamps']) if (queryBool(request.query, key)) query.set(key, 'true');
    for (const key of ['sinceSeconds', 'sinceTime', 'tailLines', 'limitBytes', 'stream']) {
      const v = request.query.get(key);
      if (v !== null && v !== '') query.set(key, v);
    }
    const target = kubelet(
      call,
      pod.spec.nodeName,
      `/containerLogs/${info.namespace}/${info.name}/${container}${query.size ? `?${query}` : ''}`,
    );
    const far = await backends.fetch(target, { method: 'GET', headers: {}, signal: request.signal });
    if (far.status >= 400) {
      const parts: Uint8Array[] = [];
      for await (const p of far.body) parts.push(p);
      throw badRequest(new TextDecoder().decode(parts[0] ?? new Uint8Array()).trim() || `the kubelet answered ${far.status}`);
    }
    return { is: 'stream', status: 200, headers: { 'Content-Type': 'text/plain' }, body: far.body };
  };

/** exec and the like without an upgraded connection: what is wrong with the request is said first. */
export async function needsUpgrade(call: Call): Promise<Answer> {
  await admit(call, 'CONNECT', undefined, false);
  streamTarget(call);
  throw badRequest('Upgrade request required');
}
