/** What resources that make pods from a template have in common. */
import { invalid, required } from '../meta/field-error.js';
import { type Selector, selectorFromObject } from '../meta/labels.js';
import { validateLabelSelector } from '../meta/metadata.js';
import { dns1123Label } from '../meta/names.js';
import type { LabelSelector } from '../meta/types/v1.js';
import type { Errors } from './check.js';
import { templateWarnings } from './core/pod-spec/warnings.js';
import type { PodTemplateSpec } from './types/core/v1.js';

/** The selector, or undefined where it cannot be read. Absent selects nothing. */
export function readSelector(selector: LabelSelector | undefined | null): Selector | undefined {
  try {
    return validateLabelSelector(selector, '').length ? undefined : selectorFromObject(selector);
  } catch {
    return undefined;
  }
}

const isEmpty = (s: LabelSelector): boolean => Object.keys(s.matchLabels ?? {}).length + (s.matchExpressions ?? []).length === 0;

/** A selector that must be there and select something. */
export function validateOwnSelector(selector: LabelSelector | undefined | null, owner: string, path: string): Errors {
  if (!selector) return [required(path)];
  return [
    ...validateLabelSelector(selector, path),
    ...(isEmpty(selector) ? [invalid(path, selector, `empty selector is invalid for ${owner}`)] : []),
  ];
}

/** The pods that a template makes must be selected by the selector. */
export function matchesTemplate(selector: Selector, template: PodTemplateSpec, path: string): Errors {
  if (selector.empty || selector.matches(template.metadata?.labels)) return [];
  return [invalid(`${path}.metadata.labels`, template.metadata?.labels ?? null, '`selector` does not match template `labels`')];
}

/** Names of pods are made of the owner's name. */
export function nameWarnings(name: string | undefined): string[] {
  const wrong = dns1123Label(name ?? '');
  return wrong.length
    ? [
        `metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [${wrong.join(' ')}]`,
      ]
    : [];
}

interface Owner {
  readonly metadata: { readonly name?: string; readonly generation?: number };
  readonly spec: { readonly template?: PodTemplateSpec };
}
/** On create, and on updates that change the spec. */
export function ownerWarnings(object: Owner, old: Owner | undefined, checkName = true): string[] {
  if (old && object.metadata.generation === old.metadata.generation) return [];
  return [
    ...(checkName && !old ? nameWarnings(object.metadata.name) : []),
    ...(object.spec.template ? templateWarnings(object.spec.template, 'spec.template') : []),
  ];
}
