/** Reviews: questions about access and identity, answered and not stored. */

import type { TokenReview } from '../../api/types/authentication/v1.js';
import type { SubjectAccessReview } from '../../api/types/authorization/v1.js';
import { badRequest, invalidError } from '../../meta/errors.js';
import { type FieldError, invalid } from '../../meta/field-error.js';
import { bearerToken } from '../../util/bearer-token.js';
import { timestamp } from '../../util/clock.js';
import { type Answer, objectAnswer } from '../answer.js';
import { authenticateToken, type TokenAuthenticator } from '../authenticate/authenticator.js';
import type { Call } from '../core.js';
import { readObject } from '../handlers/body.js';
import { writeParameters } from '../handlers/options.js';
import { expected } from '../handlers/write.js';
import { header, type UserInfo } from '../request.js';
import type { SubresourceHandlers } from '../routes.js';

function read<T>(call: Call): T {
  const p = writeParameters(call.request.query, 'CreateOptions', header(call.request, 'user-agent') ?? '');
  return readObject(call.request, expected(call), p.fieldValidation, call.warnings) as unknown as T;
}

/** managedFields and the like mean nothing on a review. */
const bare = (o: object): object => ({ ...o, metadata: {} });

async function accessReview(call: Call, self: boolean): Promise<Answer> {
  const review = read<SubjectAccessReview>(call);
  const { resourceAttributes: r, nonResourceAttributes: n } = review.spec;
  const errors: FieldError[] = [];
  if (Boolean(r) === Boolean(n)) {
    errors.push(
      r
        ? invalid('spec.nonResourceAttributes', n, 'cannot be specified in combination with resourceAttributes')
        : invalid('spec.resourceAttributes', undefined, 'exactly one of nonResourceAttributes or resourceAttributes must be specified'),
    );
  }
  if (!self && !review.spec.user && !review.spec.groups?.length)
    errors.push(invalid('spec.user', '', 'at least one of user or group must be specified'));
  if (errors.length) throw invalidError('authorization.k8s.io', '', '', errors);
  if (call.definition.plural === 'localsubjectaccessreviews') {
    if (n)
      throw invalidError('authorization.k8s.io', '', '', [invalid('spec.nonResourceAttributes', n, 'disallowed on this kind of request')]);
    if (r?.namespace !== call.info.namespace) throw badRequest(`spec.resourceAttributes.namespace must match namespace`);
  }
  const user: UserInfo = self
    ? call.user
    : { name: review.spec.user ?? '', uid: review.spec.uid, groups: review.spec.groups ?? [], extra: review.spec.extra };
  const d = await call.core.authorizer.authorize({
    user,
    isResource: Boolean(r),
    verb: (r?.verb ?? n?.verb) || '',
    group: r?.group ?? '',
    version: r?.version ?? '',
    resource: r?.resource ?? '',
    subresource: r?.subresource ?? '',
    namespace: r?.namespace ?? '',
    name: r?.name ?? '',
    path: n?.path ?? '',
  });
  const status = {
    allowed: d.decision === 'allow',
    ...(d.decision === 'deny' ? { denied: true } : {}),
    ...(d.reason ? { reason: d.reason } : {}),
  };
  return objectAnswer(201, bare({ ...review, status }));
}

async function rulesReview(call: Call): Promise<Answer> {
  const review = read<{ spec: { namespace?: string } }>(call);
  if (!review.spec.namespace) throw badRequest('no namespace on request');
  const rules = await call.core.authorizer.rules(call.user, review.spec.namespace);
  return objectAnswer(201, { ...bare(review), spec: {}, status: rules });
}

/** Whose token it is, and for which of the audiences that were asked for; a token for others says nothing to who asks. */
const tokenReview =
  (authenticators: readonly TokenAuthenticator[], own: readonly string[]) =>
  async (call: Call): Promise<Answer> => {
    const review = read<TokenReview>(call);
    if (!review.spec.token) throw badRequest('token is required for TokenReview in authentication');
    const audiences = review.spec.audiences?.length ? review.spec.audiences : own;
    // Read as if it had come with a request.
    const token = bearerToken(`Bearer ${review.spec.token}`);
    try {
      const found = await authenticateToken(authenticators, token ?? '', audiences);
      const status = { authenticated: true, user: describe(found.user), audiences: found.audiences };
      return objectAnswer(201, bare({ ...review, status }));
    } catch (e) {
      return objectAnswer(201, bare({ ...review, status: { user: {}, error: (e as Error).message } }));
    }
  };

const describe = (u: UserInfo): object => ({
  username: u.name,
  ...(u.uid ? { uid: u.uid } : {}),
  groups: u.groups,
  ...(u.extra ? { extra: u.extra } : {}),
});

async function selfReview(call: Call): Promise<Answer> {
  read(call);
  return objectAnswer(201, {
    kind: 'SelfSubjectReview',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { creationTimestamp: timestamp(call.core.env.clock.now()) },
    status: { userInfo: describe(call.user) },
  });
}

export const reviewHandlers = (tokens: readonly TokenAuthenticator[], audiences: readonly string[]): SubresourceHandlers => ({
  'authorization.k8s.io/selfsubjectaccessreviews': { POST: (c) => accessReview(c, true) },
  'authorization.k8s.io/subjectaccessreviews': { POST: (c) => accessReview(c, false) },
  'authorization.k8s.io/localsubjectaccessreviews': { POST: (c) => accessReview(c, false) },
  'authorization.k8s.io/selfsubjectrulesreviews': { POST: rulesReview },
  'authentication.k8s.io/tokenreviews': { POST: tokenReview(tokens, audiences) },
  'authentication.k8s.io/selfsubjectreviews': { POST: selfReview },
});
