/**
 * The API server: one function, `handle`, from a request to an answer, whatever the request came over.
 * authenticate -> impersonate -> authorize -> limit -> read the body -> route by the resource table -> handler -> answer.
 */
import { internalError, type Status, StatusError } from '../meta/errors.js';
import type { Env } from '../util/component.js';
import type { AdmissionChain } from './admission/chain.js';
import type { Answer } from './answer.js';
import type { Authenticator } from './authenticate/authenticator.js';
import { impersonate } from './authenticate/impersonate.js';
import type { Authorizer } from './authorize/authorizer.js';
import { demand, forbiddenAnswer } from './authorize/forbidden.js';
import type { Call, Core, FieldManager, Resources, WriteHook } from './core.js';
import { Flow, kindOf, type Release, weightOf } from './flow.js';
import { admit } from './handlers/prepare.js';
import type { NonResourceHandler } from './non-resource.js';
import { type ApiRequest, narrowed, type RequestInfo, requestInfo, type UserInfo } from './request.js';
import { checkScope, noSuchResource, notAllowed, route, type SubresourceHandlers } from './routes.js';
import type { Storage } from './storage/storage.js';
import { type KubeletAddress, type StreamTarget, streamTarget } from './subresources/streams.js';

export interface ApiServerParts {
  readonly env: Env;
  readonly storage: Storage;
  readonly resources: Resources;
  readonly admission: AdmissionChain;
  readonly fields: FieldManager;
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  readonly allowPrivileged: boolean;
  readonly kubelets: ReadonlyMap<string, KubeletAddress>;
  readonly subresources: SubresourceHandlers;
  readonly hooks: Readonly<Record<string, WriteHook>>;
  /** Discovery, OpenAPI, health, metrics, version: undefined answers are 404s. */
  readonly nonResource: NonResourceHandler;
}

export interface Handled {
  readonly answer: Answer;
  readonly info: RequestInfo;
  readonly user?: UserInfo;
  readonly warnings: readonly string[];
}

export class ApiServer implements Core {
  readonly env: Env;
  readonly storage: Storage;
  readonly resources: Resources;
  readonly admission: AdmissionChain;
  readonly fields: FieldManager;
  readonly authorizer: Authorizer;
  readonly allowPrivileged: boolean;
  readonly kubelets: ReadonlyMap<string, KubeletAddress>;
  readonly hooks: Readonly<Record<string, WriteHook>>;
  readonly flow = new Flow();

  constructor(private readonly parts: ApiServerParts) {
    this.env = parts.env;
    this.storage = parts.storage;
    this.resources = parts.resources;
    this.admission = parts.admission;
    this.fields = parts.fields;
    this.authorizer = parts.authorizer;
    this.allowPrivileged = parts.allowPrivileged;
    this.kubelets = parts.kubelets;
    this.hooks = parts.hooks;
  }

  /** Never throws: what goes wrong becomes a Status. */
  async handle(request: ApiRequest): Promise<Handled> {
    const info = requestInfo(request);
    const warnings: string[] = [];
    let user: UserInfo | undefined;
    const held: Release[] = [];
    try {
      user = await this.enter(request, info, (known) => {
        user = known;
      });
      const inside = request.user !== undefined;
      const kind = kindOf(info);
      const slot = this.flow.enter(user, kind, inside, weightOf(kind, request.query));
      if (request.written) request.written(slot);
      else held.push(slot);
      let whole = request;
      if (request.read) {
        const from = user;
        whole = { ...request, body: await request.read((n) => void held.push(this.flow.enter(from, 'bytesIn', inside, n))) };
      }
      return { answer: await this.dispatch(whole, info, user, warnings), info, user, warnings };
    } catch (e) {
      return { answer: this.failure(e, info), info, user, warnings };
    } finally {
      for (const give of held) give();
    }
  }

  /** Who is calling, once that is known (then `known` is told) and allowed. Throws the refusal. */
  private async enter(request: ApiRequest, info: RequestInfo, known?: (user: UserInfo) => void): Promise<UserInfo> {
    const caller = request.user ?? (await this.parts.authenticator.authenticate(request));
    const user = await impersonate(request, caller, this.parts.authorizer);
    known?.(user);
    const fieldSelector = request.query.get('fieldSelector') ?? '';
    const asked = fieldSelector ? narrowed(info, fieldSelector) : info;
    const allowed = this.parts.authorizer.authorize({ ...asked, user, fieldSelector });
    const decision = allowed instanceof Promise ? await allowed : allowed;
    if (decision.decision !== 'allow') throw forbiddenAnswer(user, asked, decision.reason);
    return user;
  }

  /** A request that wants the connection itself (exec, attach, port-forward, proxied upgrades): where to, or the refusal. */
  async upgrade(request: ApiRequest): Promise<{ target: StreamTarget } | { refused: Status }> {
    const info = requestInfo(request);
    try {
      const user = await this.enter(request, info);
      const slot = this.flow.enter(user, 'long', false);
      request.written?.(slot);
      const definition = info.isResource ? this.resources.find(info.group, info.version, info.resource) : undefined;
      if (!definition) throw noSuchResource();
      checkScope({ definition, info });
      // Whoever may read or change a pod is not therefore let into it: by whatever method the connection was opened.
      if (INTO_PODS.has(`${info.resource}/${info.subresource}`)) {
        if (!OPENS.has(request.method)) throw notAllowed();
        await demand(this.authorizer, user, { ...info, verb: 'create' });
      }
      const call: Call = { core: this, request, info, user, definition, warnings: [] };
      await admit(call, 'CONNECT', undefined, false);
      return { target: streamTarget(call) };
    } catch (e) {
      const answer = this.failure(e, info);
      return { refused: (answer as { object: Status }).object };
    }
  }

  /** A resource request as `user`, past authentication and authorization: in-process callers such as bootstrap. */
  async dispatch(request: ApiRequest, info: RequestInfo, user: UserInfo, warnings: string[]): Promise<Answer> {
    if (!info.isResource) {
      const answer = await this.parts.nonResource(request, info, user);
      if (answer) return answer;
      return {
        is: 'bytes',
        status: 404,
        contentType: 'text/plain; charset=utf-8',
        bytes: new TextEncoder().encode('404 page not found\n'),
        headers: { 'X-Content-Type-Options': 'nosniff' },
      };
    }
    const definition = this.resources.find(info.group, info.version, info.resource);
    if (!definition) {
      const proxied = await this.parts.nonResource(request, info, user);
      if (proxied) return proxied;
      if (info.group && !this.resources.versions(info.group)) {
        return {
          is: 'bytes',
          status: 404,
          contentType: 'text/plain; charset=utf-8',
          bytes: new TextEncoder().encode('404 page not found\n'),
          headers: { 'X-Content-Type-Options': 'nosniff' },
        };
      }
      throw noSuchResource();
    }
    if (definition.deprecated) warnings.push(definition.deprecated);
    const call: Call = { core: this, request, info, user, definition, warnings };
    return route(call, this.parts.subresources)(call);
  }

  private failure(e: unknown, info: RequestInfo): Answer {
    let error = e;
    if (!(error instanceof StatusError)) {
      this.env.log.error('a request failed', { verb: info.verb, path: info.path, error: (e as Error)?.stack ?? String(e) });
      error = internalError((e as Error)?.message ?? String(e));
    }
    const status: Status = (error as StatusError).status;
    const retry = status.details?.retryAfterSeconds;
    return { is: 'object', status: status.code ?? 500, object: status, headers: retry ? { 'Retry-After': String(retry) } : undefined };
  }
}

/** Source: the feature gate AuthorizePodWebsocketUpgradeCreatePermission, on since 1.35. */
const INTO_PODS = new Set(['pods/exec', 'pods/attach', 'pods/portforward']);
/** The methods that open them: GET is a WebSocket's. */
const OPENS = new Set(['GET', 'POST']);
