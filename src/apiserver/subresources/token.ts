/** POST serviceaccounts/x/token: TokenRequest. Source: https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/ */
import { schemas } from '../../api/schemas.js';
import type { TokenRequest } from '../../api/types/authentication/v1.js';
import { reads } from '../../meta/decode.js';
import { badRequest, conflictError, invalidError, notFoundError } from '../../meta/errors.js';
import { invalid } from '../../meta/field-error.js';
import type { AnyObject } from '../../meta/object.js';
import { timestamp } from '../../util/clock.js';
import { type Answer, objectAnswer } from '../answer.js';
import type { ServiceAccountTokens } from '../authenticate/service-account.js';
import { aboutOf, type Call } from '../core.js';
import { readObject } from '../handlers/body.js';
import { writeParameters } from '../handlers/options.js';
import { admit } from '../handlers/prepare.js';
import { find } from '../handlers/read.js';
import { header } from '../request.js';

const MIN_SECONDS = 600;
const MAX_SECONDS = 2 ** 32;
/** Tokens of the automatic volume live a year, for clients that never read them again; their hour is kept as `warnafter`. */
const EXTENDED_SECONDS = 365 * 24 * 3600;
const VOLUME_SECONDS = 3607;
const DEFAULT_SECONDS = 3600;

export const tokenHandler =
  (tokens: ServiceAccountTokens) =>
  async (call: Call): Promise<Answer> => {
    const { core, info } = call;
    const parameters = writeParameters(call.request.query, 'CreateOptions', header(call.request, 'user-agent') ?? '');
    const request = readObject(
      call.request,
      {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        read: reads(schemas.kind('authentication.k8s.io/v1', 'TokenRequest')!),
        group: 'authentication.k8s.io',
      },
      parameters.fieldValidation,
      call.warnings,
    ) as unknown as TokenRequest;
    const account = find(call, info.name).object;
    const sent = request.metadata;
    if (sent.name && sent.name !== info.name) throw badRequest(`name in URL does not match name in TokenRequest object`);
    const seconds = request.spec.expirationSeconds ?? DEFAULT_SECONDS;
    const errors = [];
    if (seconds < MIN_SECONDS) errors.push(invalid('spec.expirationSeconds', seconds, 'may not specify a duration less than 10 minutes'));
    if (seconds > MAX_SECONDS)
      errors.push(invalid('spec.expirationSeconds', seconds, 'may not specify a duration larger than 2^32 seconds'));
    if (errors.length) throw invalidError('authentication.k8s.io', 'TokenRequest', info.name, errors);
    await admit(call, 'CREATE', request as unknown as AnyObject, parameters.dryRun);
    const bound = request.spec.boundObjectRef && boundTo(call, request.spec.boundObjectRef);
    const forUs = (request.spec.audiences ?? []).every((a) => tokens.apiAudiences.includes(a));
    const extend = seconds === VOLUME_SECONDS && bound?.kind === 'Pod' && forUs;
    const { token, expires } = await tokens.issue({
      namespace: info.namespace,
      name: info.name,
      uid: account.metadata.uid,
      audiences: request.spec.audiences ?? [],
      expirationSeconds: extend ? EXTENDED_SECONDS : seconds,
      ...(extend ? { warnAfterSeconds: seconds } : {}),
      ...(bound ? { bound: { kind: bound.kind, name: bound.name, uid: bound.uid } } : {}),
      ...(bound?.node ? { node: bound.node } : {}),
    });
    const shown = extend ? core.env.clock.now() + seconds * 1000 : expires;
    return objectAnswer(201, {
      kind: 'TokenRequest',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: { name: info.name, namespace: info.namespace, creationTimestamp: timestamp(core.env.clock.now()) },
      spec: {
        audiences: request.spec.audiences?.length ? request.spec.audiences : tokens.apiAudiences,
        expirationSeconds: seconds,
        boundObjectRef: request.spec.boundObjectRef ?? null,
      },
      status: { token, expirationTimestamp: timestamp(shown) },
    });
  };

interface Bound {
  kind: 'Pod' | 'Secret' | 'Node';
  name: string;
  uid: string;
  node?: { name: string; uid: string };
}

function boundTo(call: Call, ref: NonNullable<TokenRequest['spec']['boundObjectRef']>): Bound {
  const { core, info } = call;
  const plural = ({ 'v1/Pod': 'pods', 'v1/Secret': 'secrets', 'v1/Node': 'nodes' } as Record<string, string>)[
    `${ref.apiVersion}/${ref.kind}`
  ];
  if (!plural) throw badRequest(`cannot bind token to object of type ${ref.apiVersion}, Kind=${ref.kind}`);
  const definition = core.resources.find('', 'v1', plural)!;
  const name = ref.name ?? '';
  const object = core.storage.get(definition, plural === 'nodes' ? '' : info.namespace, name)?.object;
  if (!object) throw notFoundError(aboutOf(definition), name);
  if (ref.uid && ref.uid !== object.metadata.uid)
    throw conflictError(
      aboutOf(definition),
      name,
      `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  // A token says whose Pod it is for: that must be a Pod of the account.
  const account = (object as unknown as { spec?: { serviceAccountName?: string } }).spec?.serviceAccountName;
  if (plural === 'pods' && account !== info.name)
    throw badRequest(
      `cannot bind token for serviceaccount ${JSON.stringify(info.name)} to pod running with different serviceaccount name.`,
    );
  const nodeName = (object as unknown as { spec?: { nodeName?: string } }).spec?.nodeName;
  const node = plural === 'pods' && nodeName ? core.storage.get(core.resources.find('', 'v1', 'nodes')!, '', nodeName)?.object : undefined;
  return {
    kind: ref.kind as Bound['kind'],
    name,
    uid: object.metadata.uid,
    ...(nodeName ? { node: { name: nodeName, uid: node?.metadata.uid ?? '' } } : {}),
  };
}
