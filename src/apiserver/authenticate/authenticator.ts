/** Who is calling. Source: https://kubernetes.io/docs/reference/access-authn-authz/authentication/ */
import { unauthorized } from '../../meta/errors.js';
import { type ApiRequest, header, type UserInfo } from '../request.js';

export interface Authenticator {
  /** Throws Unauthorized for wrong credentials, and for none where anonymous requests are not allowed. */
  authenticate(request: ApiRequest): Promise<UserInfo>;
}

/** One kind of bearer token: undefined where the token is not of that kind or not right. */
export interface TokenAuthenticator {
  authenticateToken(token: string): Promise<UserInfo | undefined> | UserInfo | undefined;
}

export const AUTHENTICATED = 'system:authenticated';
export const ANONYMOUS: UserInfo = { name: 'system:anonymous', groups: ['system:unauthenticated'] };

export const withAuthenticated = (user: UserInfo): UserInfo =>
  user.groups.includes(AUTHENTICATED) ? user : { ...user, groups: [...user.groups, AUTHENTICATED] };

/** Client certificate, then bearer token, then anonymous. A wrong token is refused, never treated as anonymous. */
export function requestAuthenticator(options: {
  tokens: readonly TokenAuthenticator[];
  basic?: (user: string, password: string) => UserInfo | undefined;
  anonymous: boolean;
}): Authenticator {
  return {
    async authenticate(request) {
      const { certificate } = request;
      if (certificate?.commonName) {
        return withAuthenticated({
          name: certificate.commonName,
          groups: certificate.organizations,
          ...(certificate.uid ? { uid: certificate.uid } : {}),
        });
      }
      const authorization = header(request, 'authorization') ?? '';
      const bearer = /^bearer +(\S+)\s*$/i.exec(authorization)?.[1] ?? webSocketToken(request);
      if (bearer) {
        for (const t of options.tokens) {
          const user = await t.authenticateToken(bearer);
          if (user) return withAuthenticated(user);
        }
        throw unauthorized();
      }
      const basic = /^basic +(\S+)\s*$/i.exec(authorization)?.[1];
      if (basic && options.basic) {
        const [name = '', ...rest] = atob(basic).split(':');
        const user = options.basic(name, rest.join(':'));
        if (user) return withAuthenticated(user);
        throw unauthorized();
      }
      if (!options.anonymous) throw unauthorized();
      return ANONYMOUS;
    },
  };
}

/** Browsers cannot set headers on a WebSocket: the token comes as a subprotocol. */
function webSocketToken(request: ApiRequest): string | undefined {
  const protocols = header(request, 'sec-websocket-protocol');
  const found = protocols
    ?.split(',')
    .map((p) => p.trim())
    .find((p) => p.startsWith('base64url.bearer.authorization.k8s.io.'));
  if (!found) return undefined;
  try {
    return atob(found.slice('base64url.bearer.authorization.k8s.io.'.length).replace(/-/g, '+').replace(/_/g, '/'));
  } catch {
    throw unauthorized();
  }
}

/** Tokens of a file: `token,user,uid,"group1,group2"` a line (--token-auth-file). */
export function staticTokens(csv: string): TokenAuthenticator {
  const users = new Map<string, UserInfo>();
  for (const line of csv.split('\n')) {
    const fields = [...line.matchAll(/"([^"]*)"|([^,]+)/g)].map((m) => (m[1] ?? m[2] ?? '').trim());
    const [token, name, uid, groups] = fields;
    if (token && name) users.set(token, { name, uid, groups: groups ? groups.split(',').map((g) => g.trim()) : [] });
  }
  return { authenticateToken: (token) => users.get(token) };
}
