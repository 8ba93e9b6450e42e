/** Who may ask the kubelet what: client certificates, tokens by TokenReview, and the cluster's own say by SubjectAccessReview. */

import type { Client } from '../../client/client.js';
import { bearerToken } from '../../util/bearer-token.js';
import type { Clock } from '../../util/clock.js';
import { table } from '../../util/own.js';
import type { KubeletRequest, User } from './http.js';

export interface AuthOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly nodeName: string;
  /** Requests without credentials are `system:anonymous`; else refused. */
  readonly anonymous: boolean;
  /** `webhook` asks the API server; `always-allow` lets every known user do all. */
  readonly authorization: 'webhook' | 'always-allow';
}

const TOKEN_TTL_MS = 120_000;
const ALLOWED_TTL_MS = 300_000;
const DENIED_TTL_MS = 30_000;
const MAX_ENTRIES = 4096;

interface Cached<T> {
  readonly until: number;
  readonly value: T;
}

const VERBS: Readonly<Record<string, string>> = table({ POST: 'create', GET: 'get', PUT: 'update', PATCH: 'patch', DELETE: 'delete' });
const FINE: readonly (readonly [string, string])[] = [
  ['/pods', 'pods'],
  ['/runningpods', 'pods'],
  ['/healthz', 'healthz'],
  ['/configz', 'configz'],
];
const OWN: readonly (readonly [string, string])[] = [
  ['/stats', 'stats'],
  ['/metrics', 'metrics'],
  ['/logs', 'log'],
  ['/checkpoint', 'checkpoint'],
];

const under = (path: string, prefix: string): boolean => path === prefix || path.startsWith(`${prefix}/`);

/** Subresources of `nodes`, any of which opens a path. Source: https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/ */
export function subresourcesOf(path: string): string[] {
  const fine = FINE.filter(([p]) => under(path, p)).map(([, s]) => s);
  return [...fine, OWN.find(([p]) => under(path, p))?.[1] ?? 'proxy'];
}

export class KubeletAuth {
  private readonly tokens = new Map<string, Cached<User | undefined>>();
  private readonly decisions = new Map<string, Cached<boolean>>();

  constructor(private readonly o: AuthOptions) {}

  /** Undefined: 401. */
  async authenticate(request: KubeletRequest): Promise<User | undefined> {
    if (request.certificate) return { ...request.certificate, groups: [...request.certificate.groups, 'system:authenticated'] };
    const token = bearerToken(request.headers.authorization ?? '');
    if (token) return this.cached(this.tokens, token, TOKEN_TTL_MS, () => this.review(token));
    return this.o.anonymous ? { name: 'system:anonymous', groups: ['system:unauthenticated'] } : undefined;
  }

  async authorize(user: User, request: KubeletRequest): Promise<boolean> {
    if (this.o.authorization === 'always-allow') return true;
    for (const subresource of subresourcesOf(request.path)) {
      const resourceAttributes = {
        verb: VERBS[request.method] ?? '',
        version: 'v1',
        resource: 'nodes',
        subresource,
        name: this.o.nodeName,
      };
      const key = JSON.stringify([user, resourceAttributes]);
      const allowed = await this.cached(
        this.decisions,
        key,
        (yes) => (yes ? ALLOWED_TTL_MS : DENIED_TTL_MS),
        () => this.access(user, resourceAttributes),
      );
      if (allowed) return true;
    }
    return false;
  }

  private async cached<T>(
    map: Map<string, Cached<T>>,
    key: string,
    ttl: number | ((value: T) => number),
    get: () => Promise<T>,
  ): Promise<T> {
    const now = this.o.clock.now();
    const known = map.get(key);
    if (known && known.until > now) return known.value;
    const value = await get();
    map.delete(key);
    map.set(key, { value, until: now + (typeof ttl === 'number' ? ttl : ttl(value)) });
    if (map.size > MAX_ENTRIES) map.delete(map.keys().next().value!);
    return value;
  }

  private async review(token: string): Promise<User | undefined> {
    const answer = await this.o.client.create({
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      metadata: {},
      spec: { token },
    });
    const { status } = answer as {
      status?: { authenticated?: boolean; user?: { username?: string; uid?: string; groups?: string[]; extra?: Record<string, string[]> } };
    };
    if (!status?.authenticated || !status.user?.username) return undefined;
    const { username, uid, groups = [], extra } = status.user;
    return { name: username, groups, ...(uid ? { uid } : {}), ...(extra ? { extra } : {}) };
  }

  private async access(user: User, resourceAttributes: object): Promise<boolean> {
    const answer = await this.o.client.create({
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      metadata: {},
      spec: {
        user: user.name,
        groups: [...user.groups],
        resourceAttributes,
        ...(user.uid ? { uid: user.uid } : {}),
        ...(user.extra ? { extra: user.extra } : {}),
      },
    } as never);
    return (answer as { status?: { allowed?: boolean } }).status?.allowed === true;
  }
}
