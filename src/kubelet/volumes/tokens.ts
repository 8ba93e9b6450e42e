/** Service-account tokens of pods, asked of the API by TokenRequest, bound to the pod, renewed before they run out. */
import type { Pod } from '../../api/types/core/v1.js';
import type { Client } from '../../client/client.js';
import type { Clock } from '../../util/clock.js';
import { nameOf, namespaceOf, uidOf } from '../pods.js';

interface Token {
  readonly value: string;
  readonly issued: number;
  readonly expires: number;
}

/** A token is renewed when a fifth of its life is left, and daily. */
const RENEW_AT = 0.8;
const MAX_AGE_MS = 24 * 3_600_000;

export class TokenCache {
  private readonly tokens = new Map<string, Token>();

  constructor(
    private readonly client: Client,
    private readonly clock: Clock,
  ) {}

  async get(pod: Pod, audience: string, expirationSeconds: number): Promise<string> {
    const key = `${uidOf(pod)}/${audience}/${expirationSeconds}`;
    const known = this.tokens.get(key);
    const now = this.clock.now();
    if (known && now < known.issued + Math.min((known.expires - known.issued) * RENEW_AT, MAX_AGE_MS)) return known.value;
    try {
      const fresh = await this.request(pod, audience, expirationSeconds, now);
      this.tokens.set(key, fresh);
      return fresh.value;
    } catch (e) {
      if (known && now < known.expires) return known.value; // still good: try again at the next refresh
      throw new Error(`failed to fetch token: ${(e as Error).message}`);
    }
  }

  forget(podUid: string): void {
    for (const key of this.tokens.keys()) if (key.startsWith(`${podUid}/`)) this.tokens.delete(key);
  }

  private async request(pod: Pod, audience: string, expirationSeconds: number, now: number): Promise<Token> {
    const name = pod.spec.serviceAccountName || 'default';
    const answer = await this.client.post({ apiVersion: 'v1', kind: 'ServiceAccount', namespace: namespaceOf(pod), name }, 'token', {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {
        ...(audience ? { audiences: [audience] } : {}),
        expirationSeconds,
        boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: nameOf(pod), uid: uidOf(pod) },
      },
    });
    const status = answer.status as { token: string; expirationTimestamp: string };
    return { value: status.token, issued: now, expires: Date.parse(status.expirationTimestamp) };
  }
}
