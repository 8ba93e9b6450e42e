/** Webhooks that look at requests, and those that change them. Source: https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/ */
import { duplicate, invalid, required } from '../../meta/field-error.js';
import { validateLabelSelector } from '../../meta/metadata.js';
import { dns1035Label, dns1123Subdomain } from '../../meta/names.js';
import { type Errors, oneOf, repeats, same } from '../check.js';
import type { MutatingWebhook, ValidatingWebhook } from '../types/admissionregistration/v1.js';
import { validateWebhookService, validateWebhookUrl } from '../webhook-client.js';
import { FAILURE_POLICIES, MATCH_POLICIES, validateMatchConditions, validateRule } from './rules.js';

type Webhook = ValidatingWebhook | MutatingWebhook;

const REVIEW_VERSIONS = ['v1', 'v1beta1'];
const NO_SIDE_EFFECTS = ['None', 'NoneOnDryRun'];
const SIDE_EFFECTS = ['None', 'NoneOnDryRun', 'Some', 'Unknown'];
const MAX_TIMEOUT_SECONDS = 30;

/** What was tolerated before is tolerated still. */
export function validateWebhooks(webhooks: readonly Webhook[], old?: readonly Webhook[]): Errors {
  const strict = {
    sideEffects: !old || old.every((h) => NO_SIDE_EFFECTS.includes(h.sideEffects ?? '')),
    versions:
      !old || old.every((h) => !h.admissionReviewVersions?.length || h.admissionReviewVersions.some((v) => REVIEW_VERSIONS.includes(v))),
    names: !old || new Set(old.map((h) => h.name)).size === old.length,
  };
  const sameConditions = old?.length === webhooks.length && old.every((h, i) => same(h.matchConditions, webhooks[i]!.matchConditions));
  const again = repeats(webhooks, (h) => h.name);
  return webhooks.flatMap((hook, i) => {
    const path = `webhooks[${i}]`;
    return [
      ...webhook(hook, strict.sideEffects ? NO_SIDE_EFFECTS : SIDE_EFFECTS, path),
      ...(sameConditions ? [] : validateMatchConditions(hook.matchConditions ?? [], `${path}.matchConditions`)),
      ...reviewVersions(hook.admissionReviewVersions ?? [], strict.versions, `${path}.admissionReviewVersions`),
      ...(strict.names && hook.name && again[i] ? [duplicate(`${path}.name`, hook.name)] : []),
    ];
  });
}

function webhook(hook: Webhook, sideEffects: readonly string[], path: string): Errors {
  const { failurePolicy, matchPolicy, timeoutSeconds } = hook;
  const reinvocation = 'reinvocationPolicy' in hook ? hook.reinvocationPolicy : undefined;
  return [
    ...fullName(hook.name, `${path}.name`),
    ...(hook.rules ?? []).flatMap((r, i) => validateRule(r, `${path}.rules[${i}]`)),
    ...(failurePolicy === undefined ? [] : oneOf(failurePolicy, FAILURE_POLICIES, `${path}.failurePolicy`)),
    ...(matchPolicy === undefined ? [] : oneOf(matchPolicy, MATCH_POLICIES, `${path}.matchPolicy`)),
    ...sideEffectClass(hook.sideEffects as string | null | undefined, sideEffects, `${path}.sideEffects`),
    ...(timeoutSeconds !== undefined && (timeoutSeconds < 1 || timeoutSeconds > MAX_TIMEOUT_SECONDS)
      ? [invalid(`${path}.timeoutSeconds`, timeoutSeconds, `the timeout value must be between 1 and ${MAX_TIMEOUT_SECONDS} seconds`)]
      : []),
    ...validateLabelSelector(hook.namespaceSelector, `${path}.namespaceSelector`),
    ...validateLabelSelector(hook.objectSelector, `${path}.objectSelector`),
    ...(reinvocation === undefined ? [] : oneOf(reinvocation, ['IfNeeded', 'Never'], `${path}.reinvocationPolicy`)),
    ...client(hook, `${path}.clientConfig`),
  ];
}

const sideEffectClass = (value: string | null | undefined, allowed: readonly string[], path: string): Errors =>
  value === undefined || value === null ? [required(path, `must specify one of ${allowed.join(', ')}`)] : oneOf(value, allowed, path);

function fullName(name: string | undefined, path: string): Errors {
  if (!name) return [required(path)];
  const wrong = dns1123Subdomain(name);
  if (wrong.length) return [invalid(path, name, wrong.join(','))];
  return name.split('.').length < 3 ? [invalid(path, name, 'should be a domain with at least three segments separated by dots')] : [];
}

function client({ clientConfig: { url, service } }: Webhook, path: string): Errors {
  if ((url === undefined) === !service) return [required(path, 'exactly one of url or service is required')];
  return service ? validateWebhookService(service, `${path}.service`, true) : validateWebhookUrl(url!, `${path}.url`);
}

function reviewVersions(versions: readonly string[], needsKnown: boolean, path: string): Errors {
  if (!versions.length) return [required(path, `must specify one of ${REVIEW_VERSIONS.join(', ')}`)];
  const again = repeats(versions);
  const errors = versions.flatMap((v, i) =>
    again[i] ? [invalid(`${path}[${i}]`, v, 'duplicate version')] : dns1035Label(v).map((message) => invalid(`${path}[${i}]`, v, message)),
  );
  if (needsKnown && !versions.some((v) => REVIEW_VERSIONS.includes(v)))
    errors.push(invalid(path, versions, `must include at least one of ${REVIEW_VERSIONS.join(', ')}`));
  return errors;
}
