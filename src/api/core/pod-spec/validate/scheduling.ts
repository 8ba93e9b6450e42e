/** Where a pod may run: affinity, tolerations, topology spread. */

import { duplicate, forbidden, invalid, notSupported, required } from '../../../../meta/field-error.js';
import { validateLabelName, validateLabelSelector } from '../../../../meta/metadata.js';
import { dns1123Label, dns1123Subdomain, labelValue } from '../../../../meta/names.js';
import type { LabelSelector } from '../../../../meta/types/v1.js';
import { addAll } from '../../../../util/add-all.js';
import { aboveZero, type Errors, invalidAll, repeats } from '../../../check.js';
import type {
  Affinity,
  NodeAffinity,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinityTerm,
  Toleration,
  TopologySelectorTerm,
  TopologySpreadConstraint,
  WeightedPodAffinityTerm,
} from '../../../types/core/v1.js';

const TAINT_EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

export const validateTaintEffect = (effect: string, path: string): Errors =>
  TAINT_EFFECTS.includes(effect) ? [] : [notSupported(path, effect, TAINT_EFFECTS)];

function requirement(r: NodeSelectorRequirement, checkValues: boolean, path: string): Errors {
  const errors: Errors = [];
  const values = r.values ?? [];
  switch (r.operator) {
    case 'In':
    case 'NotIn':
      if (!values.length) errors.push(required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
      break;
    case 'Exists':
    case 'DoesNotExist':
      if (values.length) errors.push(forbidden(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
      break;
    case 'Gt':
    case 'Lt':
      if (values.length !== 1) errors.push(required(`${path}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'"));
      break;
    default:
      errors.push(invalid(`${path}.operator`, r.operator, 'not a valid selector operator'));
  }
  addAll(errors, validateLabelName(r.key, `${path}.key`));
  if (checkValues) for (const [i, v] of values.entries()) addAll(errors, invalidAll(`${path}.values[${i}]`, v, labelValue(v)));
  return errors;
}

function fieldRequirement(r: NodeSelectorRequirement, path: string): Errors {
  const errors: Errors = [];
  const values = r.values ?? [];
  if (r.operator !== 'In' && r.operator !== 'NotIn') errors.push(invalid(`${path}.operator`, r.operator, 'not a valid selector operator'));
  else if (values.length !== 1)
    errors.push(required(`${path}.values`, "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"));
  if (r.key !== 'metadata.name') errors.push(invalid(`${path}.key`, r.key, 'not a valid field selector key'));
  else for (const [i, v] of values.entries()) addAll(errors, invalidAll(`${path}.values[${i}]`, v, dns1123Subdomain(v)));
  return errors;
}

const term = (t: NodeSelectorTerm, checkValues: boolean, path: string): Errors => [
  ...(t.matchExpressions ?? []).flatMap((r, i) => requirement(r, checkValues, `${path}.matchExpressions[${i}]`)),
  ...(t.matchFields ?? []).flatMap((r, i) => fieldRequirement(r, `${path}.matchFields[${i}]`)),
];

export function validateNodeSelector(s: NodeSelector, path: string): Errors {
  const at = `${path}.nodeSelectorTerms`;
  const terms = s.nodeSelectorTerms ?? [];
  return terms.length ? terms.flatMap((t, i) => term(t, true, `${at}[${i}]`)) : [required(at, 'must have at least one node selector term')];
}

const weight = (w: number, path: string): Errors => (w <= 0 || w > 100 ? [invalid(`${path}.weight`, w, 'must be in the range 1-100')] : []);

export function validateNodeAffinity(a: NodeAffinity, path: string): Errors {
  const wanted = a.requiredDuringSchedulingIgnoredDuringExecution;
  const at = `${path}.preferredDuringSchedulingIgnoredDuringExecution`;
  return [
    ...(wanted ? validateNodeSelector(wanted, `${path}.requiredDuringSchedulingIgnoredDuringExecution`) : []),
    // A preference may name values that no label can have: it only never matches.
    ...(a.preferredDuringSchedulingIgnoredDuringExecution ?? []).flatMap((t, i) => [
      ...weight(t.weight, `${at}[${i}]`),
      ...term(t.preference, false, `${at}[${i}].preference`),
    ]),
  ];
}

function labelKeys(keys: readonly string[] | undefined, selector: LabelSelector | undefined, path: string): Errors {
  if (!keys?.length) return [];
  if (!selector) return [forbidden(path, 'must not be specified when labelSelector is not set')];
  return keys.flatMap((k, i) => validateLabelName(k, `${path}[${i}]`));
}

/** Keys whose values are taken from the pod itself: they may not stand in the selector, too. */
function matchKeys(
  match: readonly string[] | undefined,
  mismatch: readonly string[] | undefined,
  selector: LabelSelector | undefined,
  path: string,
): Errors {
  const errors = [...labelKeys(match, selector, `${path}.matchLabelKeys`), ...labelKeys(mismatch, selector, `${path}.mismatchLabelKeys`)];
  const seen = new Set(Object.keys(selector?.matchLabels ?? {}));
  /** The last place of each. */
  const places = new Map((match ?? []).map((key, i) => [key, i]));
  const mismatched = new Set(mismatch ?? []);
  for (const e of selector?.matchExpressions ?? []) {
    const i = places.get(e.key) ?? -1;
    if (i >= 0 && seen.has(e.key)) errors.push(invalid(`${path}[${i}]`, e.key, 'exists in both matchLabelKeys and labelSelector'));
    seen.add(e.key);
  }
  for (const [i, k] of (match ?? []).entries())
    if (mismatched.has(k)) errors.push(invalid(`${path}.matchLabelKeys[${i}]`, k, 'exists in both matchLabelKeys and mismatchLabelKeys'));
  return errors;
}

function podTerm(t: PodAffinityTerm, path: string): Errors {
  return [
    ...validateLabelSelector(t.labelSelector, `${path}.labelSelector`),
    ...validateLabelSelector(t.namespaceSelector, `${path}.namespaceSelector`),
    ...(t.namespaces ?? []).flatMap((n) => invalidAll(`${path}.namespace`, n, dns1123Label(n))),
    ...matchKeys(t.matchLabelKeys, t.mismatchLabelKeys, t.labelSelector, path),
    ...(t.topologyKey ? [] : [required(`${path}.topologyKey`, 'can not be empty')]),
    ...validateLabelName(t.topologyKey, `${path}.topologyKey`),
  ];
}

interface PodTerms {
  readonly requiredDuringSchedulingIgnoredDuringExecution?: PodAffinityTerm[];
  readonly preferredDuringSchedulingIgnoredDuringExecution?: WeightedPodAffinityTerm[];
}

function podAffinity(a: PodTerms, path: string): Errors {
  const wanted = `${path}.requiredDuringSchedulingIgnoredDuringExecution`;
  const preferred = `${path}.preferredDuringSchedulingIgnoredDuringExecution`;
  return [
    ...(a.requiredDuringSchedulingIgnoredDuringExecution ?? []).flatMap((t, i) => podTerm(t, `${wanted}[${i}]`)),
    ...(a.preferredDuringSchedulingIgnoredDuringExecution ?? []).flatMap((t, i) => [
      ...weight(t.weight, `${preferred}[${i}]`),
      ...podTerm(t.podAffinityTerm, `${preferred}[${i}].podAffinityTerm`),
    ]),
  ];
}

export const validateAffinity = (a: Affinity | undefined, path: string): Errors => [
  ...(a?.nodeAffinity ? validateNodeAffinity(a.nodeAffinity, `${path}.nodeAffinity`) : []),
  ...(a?.podAffinity ? podAffinity(a.podAffinity, `${path}.podAffinity`) : []),
  ...(a?.podAntiAffinity ? podAffinity(a.podAntiAffinity, `${path}.podAntiAffinity`) : []),
];

export function validateTolerations(tolerations: readonly Toleration[] | undefined, path: string): Errors {
  const errors: Errors = [];
  for (const [i, t] of (tolerations ?? []).entries()) {
    const at = `${path}[${i}]`;
    if (t.key) addAll(errors, validateLabelName(t.key, `${at}.key`));
    else if (t.operator !== 'Exists')
      errors.push(
        invalid(
          `${at}.operator`,
          t.operator ?? '',
          'operator must be Exists when `key` is empty, which means "match all values and all keys"',
        ),
      );
    if (t.tolerationSeconds !== undefined && t.effect !== 'NoExecute')
      errors.push(invalid(`${at}.effect`, t.effect ?? '', "effect must be 'NoExecute' when `tolerationSeconds` is set"));
    addAll(errors, tolerationOperator(t, at));
    if (t.effect) addAll(errors, validateTaintEffect(t.effect, `${at}.effect`));
  }
  return errors;
}

function tolerationOperator(t: Toleration, path: string): Errors {
  const value = t.value ?? '';
  const at = `${path}.operator`;
  switch (t.operator ?? '') {
    case '':
    case 'Equal': {
      const wrong = labelValue(value);
      return wrong.length ? [invalid(at, value, wrong.join(';'))] : [];
    }
    case 'Exists':
      return value ? [invalid(at, value, "value must be empty when `operator` is 'Exists'")] : [];
    // Comparison needs the TaintTolerationComparisonOperators feature, which is off in 1.36.
    case 'Lt':
    case 'Gt':
      return [notSupported(at, t.operator, ['Equal', 'Exists', 'Lt', 'Gt'])];
    default:
      return [notSupported(at, t.operator, ['Equal', 'Exists'])];
  }
}

const ACTIONS = ['DoNotSchedule', 'ScheduleAnyway'];
const INCLUSION = ['Honor', 'Ignore'];

export function validateSpread(constraints: readonly TopologySpreadConstraint[] | undefined, path: string): Errors {
  const errors: Errors = [];
  const pair = (c: TopologySpreadConstraint): string => JSON.stringify([c.topologyKey, c.whenUnsatisfiable]);
  /** Where each pair comes last. */
  const last = new Map((constraints ?? []).map((c, i) => [pair(c), i]));
  for (const [i, c] of (constraints ?? []).entries()) {
    const at = `${path}[${i}]`;
    addAll(errors, aboveZero(c.maxSkew, `${at}.maxSkew`));
    if (!c.topologyKey) errors.push(required(`${at}.topologyKey`, 'can not be empty'));
    if (!ACTIONS.includes(c.whenUnsatisfiable)) errors.push(notSupported(`${at}.whenUnsatisfiable`, c.whenUnsatisfiable, ACTIONS));
    if (last.get(pair(c)) !== i) {
      errors.push({
        field: `${at}.{topologyKey, whenUnsatisfiable}`,
        reason: 'FieldValueDuplicate',
        message: `Duplicate value: ${JSON.stringify(`{${c.topologyKey}, ${c.whenUnsatisfiable}}`)}`,
      });
    }
    if (c.minDomains !== undefined) {
      addAll(errors, aboveZero(c.minDomains, `${at}.minDomains`));
      if (c.whenUnsatisfiable !== 'DoNotSchedule')
        errors.push(
          invalid(
            `${at}.minDomains`,
            c.minDomains,
            `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${c.whenUnsatisfiable}`,
          ),
        );
    }
    for (const f of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const)
      if (c[f] !== undefined && !INCLUSION.includes(c[f])) errors.push(notSupported(`${at}.${f}`, c[f], INCLUSION));
    addAll(
      errors,
      matchKeys(c.matchLabelKeys, undefined, c.labelSelector, at),
      validateLabelSelector(c.labelSelector, `${at}.labelSelector`),
    );
  }
  return errors;
}

/** Of a StorageClass: keys and values of topology, each once. */
export function validateTopologyTerm(t: TopologySelectorTerm, path: string): Errors {
  const errors: Errors = [];
  const keys = new Set<string>();
  for (const [i, r] of (t.matchLabelExpressions ?? []).entries()) {
    const at = `${path}.matchLabelExpressions[${i}]`;
    if (!r.values?.length) errors.push(required(`${at}.values`));
    const again = repeats(r.values ?? []);
    for (const [j, v] of (r.values ?? []).entries()) if (again[j]) errors.push(duplicate(`${at}.values[${j}]`, v));
    addAll(errors, validateLabelName(r.key, `${at}.key`));
    if (keys.has(r.key)) errors.push(duplicate(`${at}.key`, r.key));
    keys.add(r.key);
  }
  return errors;
}
