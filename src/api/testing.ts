/** For tests: an object as the API server would have it before it is stored, and what its kind finds wrong with it. */
import { decode } from '../meta/decode.js';
import type { AnyObject } from '../meta/object.js';
import type { ResourceDefinition, ValidationContext } from './resource.js';
import { resourceOfKind } from './table.js';

const context: ValidationContext = { now: Date.parse('2024-01-10T00:00:00Z'), subresource: '' };

function definitionOf(object: { apiVersion: string; kind: string }): ResourceDefinition<never> {
  const definition = resourceOfKind(object.apiVersion, object.kind);
  if (!definition) throw new Error(`no resource for ${object.apiVersion} ${object.kind}`);
  return definition as unknown as ResourceDefinition<never>;
}

interface Given {
  readonly apiVersion: string;
  readonly kind: string;
}
/** Decoded, with its defaults and what a create adds. */
export function prepared<T = AnyObject>(given: Given): T {
  const definition = definitionOf(given);
  const { object } = decode(definition.type, given, 'Strict');
  definition.defaults(object as never);
  definition.prepareCreate(object as never);
  return object as T;
}

const words = (errors: readonly { field: string; message: string }[]): string[] => errors.map((e) => `${e.field}: ${e.message}`);
export const faults = (given: Given, more: Partial<ValidationContext> = {}): string[] =>
  words(definitionOf(given).validate(prepared(given) as never, { ...context, ...more }));
export const updateFaults = (old: Given, now: Given): string[] => {
  const definition = definitionOf(now);
  const before = prepared(old) as never;
  const after = prepared(now) as never;
  definition.prepareUpdate(after, before);
  return words(definition.validateUpdate(after, before, context));
};

/** The cells of its row, by column. */
export function row(given: Given): Record<string, unknown> {
  const definition = definitionOf(given);
  const { object } = decode(definition.type, given, 'Ignore');
  definition.defaults(object as never);
  return Object.fromEntries(definition.columns.map((c) => [c.name, c.cell(object as never, context.now)]));
}
