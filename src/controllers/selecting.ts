/**
 * Objects that select Pods (or sets) by labels, found from the labels: each is kept under one pair that its selector needs. A namespace may have
 * tens of thousands of them, and each change of each Pod asks which.
 */
import type { Informer } from '../client/informer.js';
import { type Selector, selectorFromMap, selectorFromObject } from '../meta/labels.js';
import type { ApiObject } from '../meta/object.js';
import type { LabelSelector } from '../meta/types/v1.js';

const INDEX = 'selected-by';
/** A selector that so many values would find is found by all. */
const MOST_VALUES = 16;

type Labels = Readonly<Record<string, string>> | undefined;
const pair = (namespace: string, key: string, value: string): string => `${namespace}/${key}=${value}`;

function placesOf(namespace: string, selector: LabelSelector): string[] {
  const [first] = Object.entries(selector.matchLabels ?? {});
  if (first) return [pair(namespace, ...first)];
  for (const { key, operator, values = [] } of selector.matchExpressions ?? [])
    if (operator === 'In' && values.length <= MOST_VALUES) return values.map((v) => pair(namespace, key, v));
  return [`${namespace}/`];
}

const compiled = new WeakMap<object, Selector>();
/** Of an object as the informer has it: it does not change. */
export function compiledSelector(of: LabelSelector): Selector {
  let selector = compiled.get(of);
  if (!selector) compiled.set(of, (selector = selectorFromObject(of)));
  return selector;
}
/** The same of a plain map. */
export function compiledMap(of: Readonly<Record<string, string>>): Selector {
  let selector = compiled.get(of);
  if (!selector) compiled.set(of, (selector = selectorFromMap(of)));
  return selector;
}

/** Before the informer starts. `selectorOf`: undefined for what selects nothing. */
export function indexSelectors<T extends ApiObject>(informer: Informer<T>, selectorOf: (o: T) => LabelSelector | undefined): void {
  informer.index(INDEX, (o) => {
    const selector = selectorOf(o);
    return selector ? placesOf(o.metadata.namespace ?? '', selector) : [];
  });
}

/** Those that may select these labels: whether they do, their whole selector tells. */
export function maySelect<T>(informer: Informer<T>, namespace: string | undefined, labels: Labels): T[] {
  const places = [`${namespace ?? ''}/`, ...Object.entries(labels ?? {}).map(([k, v]) => pair(namespace ?? '', k, v))];
  return places.flatMap((place) => informer.byIndex(INDEX, place));
}
