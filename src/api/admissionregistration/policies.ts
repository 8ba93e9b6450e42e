/**
 * What policies of admission have in common. Expressions (CEL) must be there; whether they compile is not checked here.
 * Source: https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
 */
import { forbidden, invalid, required } from '../../meta/field-error.js';
import { validateLabelSelector } from '../../meta/metadata.js';
import { dns1035Label, dns1123Subdomain, pathSegment } from '../../meta/names.js';
import { type Errors, invalidAll, oneOf, requiredOneOf, same, subdomain } from '../check.js';
import type { MatchCondition, MatchResources, ParamKind, ParamRef, Variable } from '../types/admissionregistration/v1.js';
import { FAILURE_POLICIES, validateMatchConditions, validateMatchResources } from './rules.js';

interface PolicySpec {
  readonly failurePolicy?: string;
  readonly paramKind?: ParamKind;
  readonly matchConstraints?: MatchResources;
  readonly matchConditions?: MatchCondition[] | null;
  readonly variables?: Variable[] | null;
}

export function validatePolicy(spec: PolicySpec, old?: PolicySpec): Errors {
  const { failurePolicy, paramKind, matchConstraints: match } = spec;
  const sameConditions = old && same(old.paramKind, paramKind) && same(old.matchConditions, spec.matchConditions);
  return [
    ...(failurePolicy === undefined ? [required('spec.failurePolicy')] : oneOf(failurePolicy, FAILURE_POLICIES, 'spec.failurePolicy')),
    ...(paramKind ? validateParamKind(paramKind, 'spec.paramKind') : []),
    ...(match ? validateMatchResources(match, 'spec.matchConstraints') : [required('spec.matchConstraints')]),
    ...(match && !match.resourceRules?.length ? [required('spec.matchConstraints.resourceRules')] : []),
    ...(sameConditions ? [] : validateMatchConditions(spec.matchConditions ?? [], 'spec.matchConditions')),
  ];
}

const IDENTIFIER = /^[_a-zA-Z][_a-zA-Z0-9]*$/;
const RESERVED = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(' '),
);

export const validateVariables = (variables: readonly Variable[]): Errors =>
  variables.flatMap(({ name, expression }, i) => {
    const path = `spec.variables[${i}]`;
    const wrong = !IDENTIFIER.test(name ?? '') || RESERVED.has(name);
    return [
      ...(!name?.trim()
        ? [required(`${path}.name`, 'name is not specified')]
        : wrong
          ? [invalid(`${path}.name`, name, 'must be a valid CEL identifier')]
          : []),
      ...(expression?.trim() ? [] : [required(`${path}.expression`, 'expression is not specified')]),
    ];
  });

function validateParamKind({ apiVersion = '', kind = '' }: ParamKind, path: string): Errors {
  const errors = apiVersion ? paramApiVersion(apiVersion, `${path}.apiVersion`) : [required(`${path}.apiVersion`)];
  if (!kind) return [...errors, required(`${path}.kind`)];
  const wrong = dns1035Label(kind.toLowerCase());
  return wrong.length
    ? [...errors, invalid(`${path}.kind`, kind, `may have mixed case, but should otherwise match: ${wrong.join(',')}`)]
    : errors;
}

function paramApiVersion(text: string, path: string): Errors {
  const parts = text.split('/');
  if (parts.length > 2) return [invalid(path, text, `unexpected GroupVersion string: ${text}`)];
  const [group, version] = parts.length === 2 ? (parts as [string, string]) : ['', text];
  const joined = (value: string, messages: readonly string[]): Errors =>
    messages.length ? [invalid(path, value, messages.join(','))] : [];
  return [
    ...(group ? joined(group, dns1123Subdomain(group)) : []),
    ...(version && text !== '/' ? joined(version, dns1035Label(version)) : [invalid(path, text, 'version must be specified')]),
  ];
}

/** Which policy a binding puts to use, and with what. */
export const validateBinding = (spec: { policyName?: string; paramRef?: ParamRef; matchResources?: MatchResources }): Errors => [
  ...(spec.policyName ? subdomain(spec.policyName, 'spec.policyName') : [required('spec.policyName')]),
  ...(spec.paramRef ? validateParamRef(spec.paramRef, 'spec.paramRef') : []),
  ...(spec.matchResources ? validateMatchResources(spec.matchResources, 'spec.matchResources') : []),
];

function validateParamRef({ name, selector, parameterNotFoundAction: action }: ParamRef, path: string): Errors {
  const exclusive = 'name and selector are mutually exclusive';
  return [
    ...(name ? invalidAll(`${path}.name`, name, pathSegment(name)) : []),
    ...(name && selector ? [forbidden(`${path}.name`, exclusive)] : []),
    ...(selector ? validateLabelSelector(selector, `${path}.selector`) : []),
    ...(name && selector ? [forbidden(`${path}.selector`, exclusive)] : []),
    ...(name || selector ? [] : [required(path, 'one of name or selector must be specified')]),
    ...requiredOneOf(action, ['Deny', 'Allow'], `${path}.parameterNotFoundAction`),
  ];
}

export const paramKindCell = (kind: ParamKind | undefined): string => (kind ? `${kind.apiVersion ?? ''}/${kind.kind ?? ''}` : '<unset>');
export function paramRefCell(ref: ParamRef | undefined): string {
  if (ref?.name) return `${ref.namespace || '*'}/${ref.name}`;
  // The server prints its own structure here.
  return ref?.selector ? `&LabelSelector{MatchLabels:${JSON.stringify(ref.selector.matchLabels ?? {})}}` : '<unset>';
}
