/** Who is calling. Source: https://kubernetes.io/docs/reference/access-authn-authz/authentication/ */
import { unauthorized } from '../../meta/errors.js';
import { bearerToken } from '../../util/bearer-token.js';
import { type ApiRequest, header, type UserInfo } from '../request.js';
import { webSocketToken } from './bearer.js';

export interface Authenticator {
  /** Throws Unauthorized for wrong credentials, and for none where anonymous requests are not allowed. */
  authenticate(request: ApiRequest): Promise<UserInfo>;
}

/** One kind of bearer token. */
export interface TokenAuthenticator {
  /** The user, and for which of `audiences` the token is meant; undefined where it is not of that kind or not right. May throw why. */
  authenticateToken(token: string, audiences: readonly string[]): Promise<Authenticated | undefined> | Authenticated | undefined;
}

export interface Authenticated {
  readonly user: UserInfo;
  readonly audiences: readonly string[];
}

export const AUTHENTICATED = 'system:authenticated';
export const ANONYMOUS: UserInfo = { name: 'system:anonymous', groups: ['system:unauthenticated'] };

export const withAuthenticated = (user: UserInfo): UserInfo =>
  user.groups.includes(AUTHENTICATED) ? user : { ...user, groups: [...user.groups, AUTHENTICATED] };

/** Whoever knows tokens without audiences vouches for those of the API server. */
export const audienceAgnostic = (own: readonly string[], find: (token: string) => UserInfo | undefined): TokenAuthenticator => ({
  authenticateToken(token, audiences) {
    const shared = own.filter((a) => audiences.includes(a));
    const user = shared.length ? find(token) : undefined;
    return user && { user, audiences: shared };
  },
});

/** Asks one after another; throws what they said against the token where none knows it. */
export async function authenticateToken(
  authenticators: readonly TokenAuthenticator[],
  token: string,
  audiences: readonly string[],
): Promise<Authenticated> {
  const problems: string[] = [];
  for (const t of authenticators) {
    try {
      const found = await t.authenticateToken(token, audiences);
      if (found) return { ...found, user: withAuthenticated(found.user) };
    } catch (e) {
      problems.push((e as Error).message);
    }
  }
  throw new Error(`[invalid bearer token, ${problems.length ? problems.join(', ') : 'token lookup failed'}]`);
}

/** Client certificate, then bearer token, then anonymous. A wrong credential is refused, never treated as anonymous. */
export function requestAuthenticator(options: {
  tokens: readonly TokenAuthenticator[];
  /** The API server's own. */
  audiences: readonly string[];
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
      const token = bearerToken(header(request, 'authorization') ?? '') ?? webSocketToken(request);
      if (token !== undefined) {
        const found = await authenticateToken(options.tokens, token, options.audiences).catch(() => undefined);
        if (!found) throw unauthorized();
        return found.user;
      }
      if (request.foreignCertificate || !options.anonymous) throw unauthorized();
      return ANONYMOUS;
    },
  };
}
