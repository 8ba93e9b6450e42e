/** Who may do what. Source: https://kubernetes.io/docs/reference/access-authn-authz/authorization/ */
import type { UserInfo } from '../request.js';

export interface AccessAttributes {
  readonly user: UserInfo;
  readonly verb: string;
  /** A resource request, else `path` counts. */
  readonly isResource: boolean;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly path: string;
  /** Of a list or watch, as it was sent. */
  readonly fieldSelector?: string;
}

export interface Decision {
  readonly decision: 'allow' | 'deny' | 'no-opinion';
  readonly reason: string;
}

export interface RuleSet {
  readonly resourceRules: { verbs: string[]; apiGroups?: string[]; resources?: string[]; resourceNames?: string[] }[];
  readonly nonResourceRules: { verbs: string[]; nonResourceURLs?: string[] }[];
  readonly incomplete: boolean;
  readonly evaluationError?: string;
}

export interface Authorizer {
  authorize(a: AccessAttributes): Decision | Promise<Decision>;
  /** All that a user may do in a namespace, where the mode can tell. */
  rules(user: UserInfo, namespace: string): RuleSet | Promise<RuleSet>;
}

export const NO_OPINION: Decision = { decision: 'no-opinion', reason: '' };

/** The first opinion counts. */
export function union(authorizers: readonly Authorizer[]): Authorizer {
  return {
    async authorize(a) {
      const reasons: string[] = [];
      for (const z of authorizers) {
        const found = z.authorize(a);
        const d = found instanceof Promise ? await found : found;
        if (d.decision !== 'no-opinion') return d;
        if (d.reason) reasons.push(d.reason);
      }
      return { decision: 'no-opinion', reason: reasons.join('\n') };
    },
    async rules(user, namespace) {
      const all = await Promise.all(authorizers.map((z) => z.rules(user, namespace)));
      const errors = all.map((r) => r.evaluationError).filter(Boolean);
      return {
        resourceRules: all.flatMap((r) => r.resourceRules),
        nonResourceRules: all.flatMap((r) => r.nonResourceRules),
        incomplete: all.some((r) => r.incomplete),
        ...(errors.length ? { evaluationError: errors.join('; ') } : {}),
      };
    },
  };
}

export const alwaysAllow: Authorizer = {
  authorize: () => ({ decision: 'allow', reason: '' }),
  rules: () => ({
    resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
    nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
    incomplete: false,
  }),
};

export const alwaysDeny: Authorizer = {
  authorize: () => ({ decision: 'no-opinion', reason: 'Everything is forbidden.' }),
  rules: () => ({ resourceRules: [], nonResourceRules: [], incomplete: false }),
};
