/** Which handler a resource request goes to, read from the resource's definition. */

import type { Verb } from '../api/resource.js';
import { StatusError } from '../meta/errors.js';
import { table } from '../util/own.js';
import type { Answer } from './answer.js';
import type { Call } from './core.js';
import { remove, removeCollection } from './handlers/delete.js';
import { get, list, watch } from './handlers/read.js';
import { create, patch, update } from './handlers/write.js';

export type Handler = (call: Call) => Promise<Answer>;
/** Handlers of subresources with a behaviour of their own, by `group/plural/name`; by HTTP method, or for all. */
export type SubresourceHandlers = Readonly<Record<string, Handler | Partial<Record<string, Handler>>>>;

export const notAllowed = (): StatusError =>
  new StatusError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});
export const noSuchResource = (): StatusError => new StatusError(404, 'NotFound', 'the server could not find the requested resource', {});

const HANDLERS: Record<string, Handler> = table({
  get,
  list,
  watch,
  create,
  update: (call) => update(call, 'spec'),
  patch: (call) => patch(call, 'spec'),
  delete: remove,
  deletecollection: removeCollection,
});

/**
 * A path must name a resource at its own scope: authorization judged by the path, so `namespaces/x/nodes` would open all nodes to who may do
 * anything in x. Across namespaces there are lists and watches only.
 */
export function checkScope({ definition, info }: Pick<Call, 'definition' | 'info'>): void {
  const { namespace, name, verb } = info;
  if (!definition.namespaced) {
    const isItsOwn = definition.group === '' && definition.plural === 'namespaces' && namespace === name;
    if (namespace && !isItsOwn) throw noSuchResource();
  } else if (!namespace) {
    if (name) throw noSuchResource();
    if (verb !== 'list' && verb !== 'watch') throw notAllowed();
  }
}

export function route(call: Call, special: SubresourceHandlers): Handler {
  const { definition, info, request } = call;
  checkScope(call);
  // What is proxied is for the far end to refuse.
  if ((request.method === 'HEAD' || request.method === 'OPTIONS') && info.subresource !== 'proxy') throw notAllowed();
  const own = special[`${definition.group}/${definition.plural}${info.subresource ? `/${info.subresource}` : ''}`];
  if (own) {
    const handler = typeof own === 'function' ? own : own[request.method];
    if (handler) return handler;
    if (info.subresource) throw notAllowed();
  }
  if (info.subresource) {
    if (info.subresource === 'status' && definition.subresources.status) return status(call);
    throw noSuchResource();
  }
  const onItem = info.verb === 'get' || info.verb === 'update' || info.verb === 'patch' || info.verb === 'delete';
  if (onItem !== Boolean(info.name) && info.verb !== 'watch') throw notAllowed();
  if (!definition.verbs.includes(info.verb as Verb)) throw notAllowed();
  return HANDLERS[info.verb] ?? raise(notAllowed());
}

function status(call: Call): Handler {
  switch (call.request.method) {
    case 'GET':
      return get;
    case 'PUT':
      return (c) => update(c, 'status');
    case 'PATCH':
      return (c) => patch(c, 'status');
    default:
      throw notAllowed();
  }
}

function raise(e: Error): never {
  throw e;
}
