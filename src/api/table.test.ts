import { describe, expect, it } from 'vitest';
import { zero } from '../meta/decode.js';
import { schemas } from './schemas.js';
import { builtInResources, resourceOf, resourceOfKind } from './table.js';

const all = builtInResources.map((d) => [`${d.group || 'core'}/${d.version} ${d.plural}`, d] as const);

describe.each(all)('%s', (_name, definition) => {
  it('is found by its kind and by its path', () => {
    const apiVersion = definition.group ? `${definition.group}/${definition.version}` : definition.version;
    expect(resourceOf(definition.group, definition.version, definition.plural)).toBe(definition);
    expect(resourceOfKind(apiVersion, definition.kind)).toBeDefined();
    expect(definition.type).toBe(schemas.kind(apiVersion, definition.kind));
  });

  it('defaults, prepares and shows even an object with nothing in it, and says what is missing', () => {
    const object = zero(definition.type) as never;
    definition.defaults(object);
    definition.prepareCreate(object);
    const context = { now: 0, subresource: '' };
    expect(Array.isArray(definition.validate(object, context))).toBe(true);
    expect(Array.isArray(definition.validateUpdate(object, structuredClone(object), context))).toBe(true);
    for (const column of definition.columns) {
      const cell = column.cell(object, 0);
      expect(['string', 'number', 'boolean'].includes(typeof cell) || cell === null).toBe(true);
    }
    for (const field of Object.values(definition.selectableFields)) expect(typeof field(object)).toBe('string');
  });

  it('defaults an object once for all', () => {
    const object = zero(definition.type) as never;
    definition.defaults(object);
    const once = structuredClone(object);
    definition.defaults(object);
    expect(object).toEqual(once);
  });
});

it('keeps each object under one key, whatever its version', () => {
  const stored = builtInResources.filter((d) => d.keyPrefix && !d.storedAs && d.verbs.length > 0);
  const prefixes = stored.map((d) => d.keyPrefix);
  expect(new Set(prefixes).size).toBe(prefixes.length);
});
