/** Makes a whole ResourceDefinition from what is special about a resource: everything ordinary is filled in here. */

import { decode, type FieldValidation, zero } from '../meta/decode.js';
import { fillDefaults } from '../meta/defaults.js';
import { findErrors } from '../meta/field-error.js';
import { groupVersion } from '../meta/gvk.js';
import { subdomainName } from '../meta/names.js';
import type { AnyObject, ApiObject } from '../meta/object.js';
import type { TypeSchema } from '../meta/schema/schema.js';
import { plainColumns } from './columns.js';
import { ALL_VERBS, type Column, type ResourceDefinition, type ValidationContext } from './resource.js';
import { schemas } from './schemas.js';

type Named = 'group' | 'version' | 'kind' | 'plural';
/** What a resource's file says: four names, and what is not ordinary. `defaults` is what the schema cannot say; it runs before the schema's. */
export type Special<T extends ApiObject> = Pick<ResourceDefinition<T>, Named> &
  Partial<Omit<ResourceDefinition<T>, Named | 'type' | 'columns'>> & {
    readonly columns?: readonly (Column<T> | Column<ApiObject>)[];
  };

export function defineResource<T extends ApiObject>(special: Special<T>): ResourceDefinition<T> {
  const { group, version, kind, plural, columns = plainColumns, defaults, validate = noErrors, ...rest } = special;
  const { validateUpdate = (o: T, _old: T, context: ValidationContext) => validate(o, context), validateStatusUpdate = noErrors } = special;
  let type: TypeSchema | undefined;
  const typeOf = (): TypeSchema => (type ??= schemas.kind(groupVersion(group, version), kind) ?? missing(group, version, kind));
  const hasStatus = special.subresources?.status === true;
  return {
    group,
    version,
    kind,
    plural,
    singular: kind.toLowerCase(),
    shortNames: [],
    categories: [],
    namespaced: true,
    verbs: ALL_VERBS,
    enabledByDefault: true,
    listKind: `${kind}List`,
    keyPrefix: `/registry/${plural}`,
    subresources: {},
    hasGeneration: false,
    createOnUpdate: false,
    unconditionalUpdate: true,
    prepareCreate: hasStatus ? (o) => resetStatus(o as unknown as AnyObject, typeOf()) : nothing,
    prepareUpdate: nothing,
    prepareStatusUpdate: nothing,
    validateName: subdomainName,
    warnings: noWarnings,
    selectableFields: {},
    ...rest,
    validate: (o, context) => findErrors(() => validate(o, context)),
    validateUpdate: (o, old, context) => findErrors(() => validateUpdate(o, old, context)),
    validateStatusUpdate: (o, old, context) => findErrors(() => validateStatusUpdate(o, old, context)),
    columns: columns as readonly Column<T>[],
    // The table is read at start: a type is parsed when the first object of it comes.
    get type() {
      return typeOf();
    },
    read: rest.read ?? ((json: unknown, mode: FieldValidation) => decode(typeOf(), json, mode)),
    defaults(object) {
      defaults?.(object);
      fillDefaults(typeOf(), object);
    },
  };
}

const nothing = (): void => undefined;
const noErrors = (): [] => [];
const noWarnings = (): readonly string[] => [];

function missing(group: string, version: string, kind: string): never {
  throw new Error(`no schema for ${kind} of ${groupVersion(group, version)}`);
}

/** A new object starts with an empty status, whatever the client sent. */
export function resetStatus(object: AnyObject, type: TypeSchema): void {
  const field = type.byName.get('status');
  if (field && !field.pointer && field.value.is === 'message') {
    const { kind: _k, apiVersion: _v, ...empty } = zero(field.value.message) as Record<string, unknown>;
    object.status = empty;
  } else delete object.status;
}

/** Versions that differ in nothing but their name: the object is kept under another. */
export const renamed = <T extends ApiObject>(
  group: string,
  version: string,
  storedVersion: string,
): NonNullable<ResourceDefinition<T>['convert']> => ({
  toStored: (object) => ({ ...object, apiVersion: groupVersion(group, storedVersion) }) as unknown as AnyObject,
  fromStored: (object) => ({ ...object, apiVersion: groupVersion(group, version) }) as unknown as T,
});
