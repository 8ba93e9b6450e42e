/**
 * Service-account tokens: signed on request, bound to their account and perhaps a Pod, Secret or Node, and no good once that is gone.
 * Source: https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/ and KEP-1205
 */
import { calculateJwkThumbprint, decodeJwt, exportJWK, importPKCS8, importSPKI, type JWK, jwtVerify, SignJWT } from 'jose';
import { outside } from '../../util/clock.js';
import type { Env } from '../../util/component.js';
import { uuid } from '../../util/random.js';
import type { Authenticated, TokenAuthenticator } from './authenticator.js';

export interface BoundObject {
  readonly kind: 'Pod' | 'Secret' | 'Node';
  readonly name: string;
  readonly uid: string;
}

export interface TokenClaims {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly bound?: BoundObject;
  readonly node?: { readonly name: string; readonly uid: string };
  /** Absent: the API server's own. */
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
  /** Seconds after which the holder is warned; the token still works (the extended life of automounted tokens). */
  readonly warnAfterSeconds?: number;
}

/** Looks up what a token is bound to: the uid of the object that is there now. */
export type UidLookup = (kind: 'ServiceAccount' | 'Pod' | 'Secret' | 'Node', namespace: string, name: string) => string | undefined;

/**
 * Verified tokens remembered, so that a busy client's token is not verified for every request: so many characters of them in all, and none that
 * is longer than any client's. Whoever may request tokens says by their audiences how long they are.
 */
const VERIFIED_CHARS = 16 * 1024 * 1024;
const LONGEST_KEPT = 8 * 1024;

interface Private {
  'kubernetes.io'?: {
    namespace: string;
    serviceaccount: { name: string; uid: string };
    pod?: { name: string; uid: string };
    secret?: { name: string; uid: string };
    node?: { name: string; uid: string };
    warnafter?: number;
  };
  [claim: string]: unknown;
}

export class ServiceAccountTokens implements TokenAuthenticator {
  private readonly verified = new Map<string, { claims: Private & { exp?: number; jti?: string }; until: number }>();
  /** How long the tokens are that are remembered. */
  private kept = 0;

  private constructor(
    readonly issuer: string,
    readonly apiAudiences: readonly string[],
    private readonly env: Env,
    private readonly lookup: UidLookup,
    private readonly signingKey: CryptoKey,
    private readonly publicKeys: readonly { key: CryptoKey; jwk: JWK }[],
    private readonly algorithm: string,
  ) {}

  static async create(options: {
    issuer: string;
    apiAudiences?: readonly string[];
    privateKey: string;
    publicKeys: readonly string[];
    env: Env;
    lookup: UidLookup;
  }): Promise<ServiceAccountTokens> {
    const { key: signingKey, algorithm } = await importAny(options.privateKey, 'private');
    const publicKeys: { key: CryptoKey; jwk: JWK }[] = [];
    for (const pem of options.publicKeys) {
      const { key, algorithm: alg } = await importAny(pem, 'public');
      const jwk = await exportJWK(key);
      publicKeys.push({ key, jwk: { use: 'sig', kty: jwk.kty, kid: await calculateJwkThumbprint(jwk), alg, ...jwk } });
    }
    return new ServiceAccountTokens(
      options.issuer,
      options.apiAudiences ?? [options.issuer],
      options.env,
      options.lookup,
      signingKey,
      publicKeys,
      algorithm,
    );
  }

  /** The JWT and when it expires (milliseconds). */
  async issue(c: TokenClaims): Promise<{ token: string; expires: number }> {
    const now = Math.floor(this.env.clock.now() / 1000);
    const exp = now + c.expirationSeconds;
    const bound = c.bound ? { [c.bound.kind.toLowerCase()]: { name: c.bound.name, uid: c.bound.uid } } : {};
    const payload = {
      'kubernetes.io': {
        namespace: c.namespace,
        ...(c.node ? { node: c.node } : {}),
        ...bound,
        serviceaccount: { name: c.name, uid: c.uid },
        ...(c.warnAfterSeconds ? { warnafter: now + c.warnAfterSeconds } : {}),
      },
    };
    const signed = new SignJWT(payload)
      .setProtectedHeader({ alg: this.algorithm, kid: this.publicKeys[0]?.jwk.kid })
      .setAudience([...(c.audiences.length ? c.audiences : this.apiAudiences)])
      .setExpirationTime(exp)
      .setIssuedAt(now)
      .setIssuer(this.issuer)
      .setJti(uuid(this.env.random))
      .setNotBefore(now)
      .setSubject(`system:serviceaccount:${c.namespace}:${c.name}`)
      .sign(this.signingKey);
    const token = await outside(this.env.clock, signed);
    return { token, expires: exp * 1000 };
  }

  async authenticateToken(token: string, audiences: readonly string[]): Promise<Authenticated | undefined> {
    const claims = await this.verify(token);
    const own = claims?.['kubernetes.io'];
    if (!claims || !own) return undefined;
    const given = [claims.aud ?? []].flat() as string[];
    const shared = given.filter((a) => audiences.includes(a));
    if (!shared.length) throw new Error(`token audiences ${listed(given)} is invalid for the target audiences ${listed(audiences)}`);
    const { namespace, serviceaccount, pod, secret, node } = own;
    if (this.lookup('ServiceAccount', namespace, serviceaccount.name) !== serviceaccount.uid) return undefined;
    if (pod && this.lookup('Pod', namespace, pod.name) !== pod.uid) return undefined;
    if (secret && this.lookup('Secret', namespace, secret.name) !== secret.uid) return undefined;
    if (node && !pod && this.lookup('Node', '', node.name) !== node.uid) return undefined;
    const extra: Record<string, string[]> = {};
    if (claims.jti) extra['authentication.kubernetes.io/credential-id'] = [`JTI=${claims.jti}`];
    if (node) {
      extra['authentication.kubernetes.io/node-name'] = [node.name];
      extra['authentication.kubernetes.io/node-uid'] = [node.uid];
    }
    if (pod) {
      extra['authentication.kubernetes.io/pod-name'] = [pod.name];
      extra['authentication.kubernetes.io/pod-uid'] = [pod.uid];
    }
    return {
      user: {
        name: `system:serviceaccount:${namespace}:${serviceaccount.name}`,
        uid: serviceaccount.uid,
        groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`],
        ...(Object.keys(extra).length ? { extra } : {}),
      },
      audiences: shared,
    };
  }

  /** JSON Web Key Set of /openid/v1/jwks. */
  keys(): { keys: JWK[] } {
    return { keys: this.publicKeys.map((k) => k.jwk) };
  }

  get signingAlgorithms(): string[] {
    return [...new Set(this.publicKeys.map((k) => k.jwk.alg!))];
  }

  /** How many characters of tokens are remembered, for tests. */
  get remembered(): number {
    return this.kept;
  }

  private remember(token: string, claims: Private & { exp?: number }): void {
    if (token.length > LONGEST_KEPT || this.verified.has(token)) return;
    if (this.kept + token.length > VERIFIED_CHARS) {
      this.verified.clear();
      this.kept = 0;
    }
    this.kept += token.length;
    this.verified.set(token, { claims, until: (claims.exp ?? 0) * 1000 });
  }

  private async verify(token: string): Promise<(Private & { exp?: number; jti?: string }) | undefined> {
    const now = this.env.clock.now();
    const known = this.verified.get(token);
    if (known) return known.until > now ? known.claims : undefined;
    try {
      if (decodeJwt(token).iss !== this.issuer) return undefined;
    } catch {
      return undefined;
    }
    for (const { key } of this.publicKeys) {
      try {
        const { payload } = await outside(this.env.clock, jwtVerify(token, key, { issuer: this.issuer, currentDate: new Date(now) }));
        const claims = payload as Private & { exp?: number; jti?: string };
        this.remember(token, claims);
        return claims;
      } catch {
        // Signed by another key, expired, or not ours.
      }
    }
    return undefined;
  }
}

const listed = (all: readonly string[]): string => `[${all.map((a) => JSON.stringify(a)).join(' ')}]`;

/** RSA or elliptic-curve keys, as the PEM says. */
async function importAny(pem: string, kind: 'private' | 'public'): Promise<{ key: CryptoKey; algorithm: string }> {
  let last: unknown;
  for (const algorithm of ['ES256', 'RS256', 'ES384', 'ES512']) {
    try {
      const key =
        kind === 'private'
          ? await importPKCS8(pem, algorithm, { extractable: true })
          : await importSPKI(pem, algorithm, { extractable: true });
      return { key: key as CryptoKey, algorithm };
    } catch (e) {
      last = e;
    }
  }
  throw new Error(
    `not a ${kind} key in PEM form that can sign service-account tokens (PKCS#8 or SPKI; RSA or ECDSA): ${(last as Error).message}`,
  );
}
