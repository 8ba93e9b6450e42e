/** How the API server's own parts (bootstrap, allocators, admission) write: through the same pipeline, as the loopback administrator. */

import { isAlreadyExists, StatusError } from '../meta/errors.js';
import { parseApiVersion } from '../meta/gvk.js';
import type { AnyObject } from '../meta/object.js';
import type { Answer } from './answer.js';
import type { Core } from './core.js';
import { type ApiRequest, requestInfo, type UserInfo } from './request.js';
import type { ApiServer } from './server.js';

export const LOOPBACK: UserInfo = { name: 'system:apiserver', groups: ['system:masters', 'system:authenticated'] };
const AGENT = 'kube-apiserver/v1.36';

export class LocalClient {
  constructor(private readonly server: ApiServer) {}

  /** Throws the StatusError of a refusal. */
  async request(method: string, path: string, object?: unknown, headers: Record<string, string> = {}): Promise<AnyObject> {
    const at = path.indexOf('?');
    const request: ApiRequest = {
      method,
      path: at < 0 ? path : path.slice(0, at),
      query: new URLSearchParams(at < 0 ? '' : path.slice(at + 1)),
      headers: { 'user-agent': AGENT, 'content-type': 'application/json', ...headers },
      ...(object === undefined ? {} : { body: { object } }),
      user: LOOPBACK,
    };
    return objectOf(await this.server.dispatch(request, requestInfo(request), LOOPBACK, []));
  }

  path(object: { apiVersion: string; kind: string; metadata: { name?: string; namespace?: string } }, named: boolean): string {
    const { group, version } = parseApiVersion(object.apiVersion);
    const d = (this.server as Core).resources.ofKind(object.apiVersion, object.kind);
    if (!d) throw new StatusError(404, 'NotFound', `no resource for ${object.apiVersion} ${object.kind}`);
    const ns = object.metadata.namespace ? `/namespaces/${object.metadata.namespace}` : '';
    return `${group ? `/apis/${group}` : '/api'}/${version}${ns}/${d.plural}${named ? `/${object.metadata.name}` : ''}`;
  }

  /** The object of that name, as it is now; shared. */
  find(object: AnyObject): AnyObject | undefined {
    const d = this.server.resources.ofKind(object.apiVersion, object.kind);
    return d?.keyPrefix ? this.server.storage.get(d, object.metadata.namespace ?? '', object.metadata.name)?.object : undefined;
  }

  create(object: AnyObject): Promise<AnyObject> {
    return this.request('POST', this.path(object, false), structuredClone(object));
  }

  /** Makes the object where it is missing. What is there already is not written again: a restart is quiet. */
  async ensure(object: AnyObject): Promise<void> {
    if (this.find(object)) return;
    try {
      await this.create(object);
    } catch (e) {
      if (!isAlreadyExists(e)) throw e;
    }
  }
}

function objectOf(answer: Answer): AnyObject {
  if (answer.is === 'entry') return answer.entry.object;
  if (answer.is === 'object') {
    if (answer.status >= 400) throw StatusError.from(answer.object as StatusError['status']);
    return answer.object as AnyObject;
  }
  throw new Error(`a ${answer.is} answer where an object was expected`);
}
