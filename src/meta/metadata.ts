/**
 * What every object's metadata must satisfy, on create and on update. Labels, selectors and conditions of specs are checked here, too.
 * Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/
 */
import { addAll } from '../util/add-all.js';
import { type FieldError, findErrors, forbidden, invalid, notSupported, required, tooLong } from './field-error.js';
import { parseApiVersion } from './gvk.js';
import { byteLength, conditionReason, dns1123Label, labelValue, type NameRule, pathSegmentName, qualifiedName } from './names.js';
import type { AnyObject } from './object.js';
import type { Condition, LabelSelector, ManagedFieldsEntry, ObjectMeta, OwnerReference } from './types/v1.js';

/** What the checks need of a resource definition. */
export interface MetadataRules {
  readonly namespaced: boolean;
  readonly validateName: NameRule;
  /** Finalizers need not be fully qualified (kinds outside the core library: leases, webhooks, …). */
  readonly anyFinalizer?: boolean;
  /**
   * How many times over the kind's own update check looks at the metadata, besides the two looks every kind gets.
   * Clients see a fault once for each look in the list of causes. Default 1.
   */
  readonly metadataLooks?: number;
}

/** All annotations together, in bytes. */
export const ANNOTATIONS_LIMIT = 256 * 1024;
const FIELD_MANAGER_LIMIT = 128;
const SUBRESOURCE_LIMIT = 256;
const REASON_LIMIT = 1024;
const MESSAGE_LIMIT = 32 * 1024;
const STANDARD_FINALIZERS = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

export function validateObjectMeta(object: AnyObject, rules: MetadataRules): FieldError[] {
  return findErrors(() => [
    ...whole(object.metadata, rules.namespaced, rules.validateName),
    ...(rules.anyFinalizer ? [] : qualifiedFinalizers(object.metadata)),
  ]);
}

export function validateObjectMetaUpdate(object: AnyObject, old: AnyObject, rules: MetadataRules): FieldError[] {
  return findErrors(() => metadataUpdate(object, old, rules));
}

function metadataUpdate(object: AnyObject, old: AnyObject, rules: MetadataRules): FieldError[] {
  const meta = object.metadata;
  const changes = changed(meta, old.metadata);
  const labels = common(meta);
  const once = [...(rules.anyFinalizer ? [] : qualifiedFinalizers(meta)), ...changes, ...labels];
  const looks = Array.from({ length: rules.metadataLooks ?? 1 }, () => once).flat();
  return [...whole(meta, rules.namespaced, pathSegmentName), ...changes, ...labels, ...looks];
}

function whole(meta: ObjectMeta, namespaced: boolean, rule: NameRule): FieldError[] {
  const errors: FieldError[] = [];
  if (meta.generateName) for (const m of rule(meta.generateName, true)) errors.push(invalid('metadata.generateName', meta.generateName, m));
  if (!meta.name) errors.push(required('metadata.name', 'name or generateName is required'));
  else for (const m of rule(meta.name, false)) errors.push(invalid('metadata.name', meta.name, m));
  if (!namespaced) {
    if (meta.namespace) errors.push(forbidden('metadata.namespace', 'not allowed on this type'));
  } else if (!meta.namespace) errors.push(required('metadata.namespace'));
  else for (const m of dns1123Label(meta.namespace)) errors.push(invalid('metadata.namespace', meta.namespace, m));
  if ((meta.generation ?? 0) < 0) errors.push(invalid('metadata.generation', meta.generation, 'must be greater than or equal to 0'));
  addAll(errors, common(meta), finalizers(meta));
  return errors;
}

/** What creates and updates share. */
function common(meta: ObjectMeta): FieldError[] {
  return [
    ...validateLabels(meta.labels, 'metadata.labels'),
    ...validateAnnotations(meta.annotations, 'metadata.annotations'),
    ...ownerReferences(meta.ownerReferences ?? []),
    ...managedFields(meta.managedFields ?? []),
  ];
}

function changed(meta: ObjectMeta, old: ObjectMeta): FieldError[] {
  const errors: FieldError[] = [];
  if (old.deletionTimestamp) {
    const before = new Set(old.finalizers ?? []);
    const extra = (meta.finalizers ?? []).filter((f) => !before.has(f)).sort();
    if (extra.length) {
      const list = `[]string{${extra.map((f) => JSON.stringify(f)).join(', ')}}`;
      errors.push(
        forbidden('metadata.finalizers', `no new finalizers can be added if the object is being deleted, found new finalizers ${list}`),
      );
    }
  }
  if ((meta.generation ?? 0) < (old.generation ?? 0))
    errors.push(invalid('metadata.generation', meta.generation ?? 0, 'must not be decremented'));
  const fields = ['name', 'namespace', 'uid', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const;
  for (const f of fields)
    if ((meta[f] ?? '') !== (old[f] ?? '')) errors.push(invalid(`metadata.${f}`, meta[f] ?? null, 'field is immutable'));
  return errors;
}

export function validateLabels(labels: Record<string, string> | undefined, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const key in labels) {
    for (const m of qualifiedName(key)) errors.push(invalid(path, key, m));
    for (const m of labelValue(labels[key]!)) errors.push(invalid(path, labels[key], m));
  }
  return errors;
}

export function validateAnnotations(annotations: Record<string, string> | undefined, path: string): FieldError[] {
  const errors: FieldError[] = [];
  let size = 0;
  for (const key in annotations) {
    for (const m of qualifiedName(key.toLowerCase())) errors.push(invalid(path, key, m));
    size += byteLength(key) + byteLength(annotations[key]!);
  }
  if (size > ANNOTATIONS_LIMIT) errors.push(tooLong(path, ANNOTATIONS_LIMIT));
  return errors;
}

function ownerReferences(owners: readonly OwnerReference[]): FieldError[] {
  const path = 'metadata.ownerReferences';
  const errors: FieldError[] = [];
  let controller = '';
  for (const owner of owners) {
    if (parseApiVersion(owner.apiVersion).version === '')
      errors.push(invalid(`${path}.apiVersion`, owner.apiVersion, 'version must not be empty'));
    for (const f of ['kind', 'name', 'uid'] as const) if (!owner[f]) errors.push(invalid(`${path}.${f}`, owner[f], 'must not be empty'));
    if (owner.apiVersion === 'v1' && owner.kind === 'Event')
      errors.push(invalid(path, owner, '/v1, Kind=Event is disallowed from being an owner'));
    if (!owner.controller) continue;
    const name = `${owner.kind}/${owner.name}`;
    if (controller)
      errors.push(
        invalid(
          path,
          owners,
          `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${name}`,
        ),
      );
    else controller = name;
  }
  return errors;
}

function finalizers({ finalizers = [] }: ObjectMeta): FieldError[] {
  const path = 'metadata.finalizers';
  const errors: FieldError[] = [];
  for (const f of finalizers) for (const m of qualifiedName(f)) errors.push(invalid(path, f, m));
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion'))
    errors.push(invalid(path, finalizers, 'finalizer orphan and foregroundDeletion cannot be both set'));
  return errors;
}

function qualifiedFinalizers({ finalizers = [] }: ObjectMeta): FieldError[] {
  const wrong = (f: string) => !f.includes('/') && !STANDARD_FINALIZERS.has(f);
  return finalizers.flatMap((f, i) =>
    wrong(f) ? [invalid(`metadata.finalizers[${i}]`, f, 'name is neither a standard finalizer name nor is it fully qualified')] : [],
  );
}

function managedFields(entries: readonly ManagedFieldsEntry[]): FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, e] of entries.entries()) {
    const path = `metadata.managedFields[${i}]`;
    if (e.operation !== 'Apply' && e.operation !== 'Update')
      errors.push(invalid(`${path}.operation`, e.operation ?? '', 'must be `Apply` or `Update`'));
    if (e.fieldsType && e.fieldsType !== 'FieldsV1') errors.push(invalid(`${path}.fieldsType`, e.fieldsType, 'must be `FieldsV1`'));
    addAll(errors, validateFieldManager(e.manager ?? '', `${path}.manager`));
    if (byteLength(e.subresource ?? '') > SUBRESOURCE_LIMIT) errors.push(tooLong(`${path}.subresource`, SUBRESOURCE_LIMIT));
  }
  return errors;
}

export function validateFieldManager(manager: string, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (byteLength(manager) > FIELD_MANAGER_LIMIT) errors.push(tooLong(path, FIELD_MANAGER_LIMIT));
  let at = 0;
  for (const c of manager) {
    if (/[\p{C}\p{Zl}\p{Zp}]/u.test(c) || (/\p{Zs}/u.test(c) && c !== ' ')) {
      const code = `U+${c.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
      errors.push(invalid(path, manager, `invalid character ${code} (at position ${at})`));
    }
    at += byteLength(c);
  }
  return errors;
}

export const validateLabelName = (name: string, path: string): FieldError[] => qualifiedName(name).map((m) => invalid(path, name, m));

/** A selector of a spec, with matchLabels and matchExpressions. */
export function validateLabelSelector(selector: LabelSelector | undefined | null, path: string): FieldError[] {
  if (!selector) return [];
  const errors = validateLabels(selector.matchLabels, `${path}.matchLabels`);
  for (const [i, e] of (selector.matchExpressions ?? []).entries()) {
    const at = `${path}.matchExpressions[${i}]`;
    const values = e.values ?? [];
    if (e.operator === 'In' || e.operator === 'NotIn') {
      if (!values.length) errors.push(required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
    } else if (e.operator === 'Exists' || e.operator === 'DoesNotExist') {
      if (values.length) errors.push(forbidden(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
    } else errors.push(invalid(`${at}.operator`, e.operator, 'not a valid selector operator'));
    addAll(errors, validateLabelName(e.key, `${at}.key`));
    for (const [j, v] of values.entries()) for (const m of labelValue(v)) errors.push(invalid(`${at}.values[${j}]`, v, m));
  }
  return errors;
}

/** Conditions of the common form. */
export function validateConditions(conditions: readonly Condition[] | undefined, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [i, c] of (conditions ?? []).entries()) {
    const at = `${path}[${i}]`;
    if (seen.has(c.type))
      errors.push({ field: `${at}.type`, reason: 'FieldValueDuplicate', message: `Duplicate value: ${JSON.stringify(c.type)}` });
    seen.add(c.type);
    addAll(errors, validateLabelName(c.type, `${at}.type`));
    if (!['True', 'False', 'Unknown'].includes(c.status)) errors.push(notSupported(`${at}.status`, c.status, ['False', 'True', 'Unknown']));
    if ((c.observedGeneration ?? 0) < 0)
      errors.push(invalid(`${at}.observedGeneration`, c.observedGeneration, 'must be greater than or equal to zero'));
    if (!c.lastTransitionTime) errors.push(required(`${at}.lastTransitionTime`));
    if (!c.reason) errors.push(required(`${at}.reason`));
    else {
      for (const m of conditionReason(c.reason)) errors.push(invalid(`${at}.reason`, c.reason, m));
      if (byteLength(c.reason) > REASON_LIMIT) errors.push(tooLong(`${at}.reason`, REASON_LIMIT));
    }
    if (byteLength(c.message) > MESSAGE_LIMIT) errors.push(tooLong(`${at}.message`, MESSAGE_LIMIT));
  }
  return errors;
}
