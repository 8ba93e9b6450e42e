/** CustomResourceDefinitions: kinds that users add to the API. Source: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/ */

import { invalid, required } from '../../meta/field-error.js';
import { dns1035Label, dns1123Subdomain } from '../../meta/names.js';
import { addAll } from '../../util/add-all.js';
import { type Errors, immutable, requiredOneOf, same } from '../check.js';
import { defineResource } from '../define.js';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
} from '../types/apiextensions/v1.js';
import { deprecationWarning, validateConversion, validateVersion } from './version.js';

export const customResourceDefinition = defineResource<CustomResourceDefinition>({
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  namespaced: false,
  keyPrefix: '/registry/apiextensions.k8s.io/customresourcedefinitions',
  storageVersionHash: 'jfWCUB31mvA=',
  subresources: { status: true },
  hasGeneration: true,
  unconditionalUpdate: false,
  anyFinalizer: true,
  defaults({ spec, status }) {
    const { names } = spec;
    if (names.kind) {
      names.singular ||= names.kind.toLowerCase();
      names.listKind ||= `${names.kind}List`;
    }
    keepStorageVersion(spec, status, !status.storedVersions?.length);
  },
  prepareCreate(object) {
    object.status = { conditions: null, acceptedNames: { plural: '', kind: '' }, storedVersions: null } as unknown as Status;
    keepStorageVersion(object.spec, object.status);
  },
  prepareUpdate: ({ spec, status }) => keepStorageVersion(spec, status),
  validate: (object) => validateDefinition(object),
  validateUpdate(object, old) {
    const established = (old.status.conditions ?? []).some((c) => c.type === 'Established' && c.status === 'True');
    const { spec } = object;
    return [
      ...validateDefinition(object, old),
      ...(established ? immutable(spec.scope, old.spec.scope, 'spec.scope') : []),
      ...(established ? immutable(spec.names.kind, old.spec.names.kind, 'spec.names.kind') : []),
      ...immutable(spec.group, old.spec.group, 'spec.group'),
      ...immutable(spec.names.plural, old.spec.names.plural, 'spec.names.plural'),
    ];
  },
  validateStatusUpdate: ({ spec, status }) => [
    ...names(status.acceptedNames, 'status.acceptedNames'),
    ...storedVersions(status.storedVersions ?? [], spec.versions ?? []),
  ],
});

type Status = CustomResourceDefinition['status'];

/** The version in which objects are stored is remembered: some may be stored in it from then on. */
function keepStorageVersion({ versions }: CustomResourceDefinitionSpec, status: Status, needed = true): void {
  const storage = versions?.find((v) => v.storage)?.name;
  if (needed && storage !== undefined && !status.storedVersions?.includes(storage))
    status.storedVersions = [...(status.storedVersions ?? []), storage];
}

function validateDefinition({ metadata, spec, status }: CustomResourceDefinition, old?: CustomResourceDefinition): Errors {
  const wanted = `${spec.names.plural ?? ''}.${spec.group ?? ''}`;
  return [
    ...(['generateName', 'name'] as const).flatMap((field) =>
      metadata[field] && metadata[field] !== wanted
        ? [invalid(`metadata.${field}`, metadata[field], 'must be spec.names.plural+"."+spec.group')]
        : [],
    ),
    ...validateSpec(spec, old?.spec),
    ...names(status.acceptedNames, 'status.acceptedNames'),
    ...storedVersions(status.storedVersions ?? [], spec.versions ?? []),
    ...approval(metadata.annotations, spec.group ?? ''),
    ...(spec.preserveUnknownFields && !old?.spec.preserveUnknownFields
      ? [
          invalid(
            'spec.preserveUnknownFields',
            true,
            'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
          ),
        ]
      : []),
  ];
}

const APPROVED = 'api-approved.kubernetes.io';

/** Groups of the community are not for everyone. */
function approval(annotations: Record<string, string> | undefined, group: string): Errors {
  if (!/(?:^|\.)(?:k8s|kubernetes)\.io$/.test(group)) return [];
  const path = `metadata.annotations[${APPROVED}]`;
  const value = annotations?.[APPROVED];
  const see = 'see https://github.com/kubernetes/enhancements/pull/1111';
  if (!value) return [required(path, `protected groups must have approval annotation "${APPROVED}", ${see}`)];
  const good = value.startsWith('unapproved') || /^[a-z][a-z0-9+.-]*:\/\/[^/]+/i.test(value);
  return good
    ? []
    : [
        invalid(
          path,
          value,
          `protected groups must have approval annotation "${APPROVED}" with either a URL or a reason starting with "unapproved", ${see}`,
        ),
      ];
}

function validateSpec(spec: CustomResourceDefinitionSpec, old: CustomResourceDefinitionSpec | undefined): Errors {
  const versions = spec.versions ?? [];
  const { group } = spec;
  const wrongGroup = dns1123Subdomain(group ?? '');
  const errors: Errors = [];
  if (!group) errors.push(required('spec.group'));
  else if (wrongGroup.length) errors.push(invalid('spec.group', group, wrongGroup.join(',')));
  else if (!group.includes('.')) errors.push(invalid('spec.group', group, 'should be a domain with at least one dot'));
  addAll(errors, requiredOneOf(spec.scope, ['Cluster', 'Namespaced'], 'spec.scope'));
  const withoutSchema = old?.versions?.some((v) => !v.schema?.openAPIV3Schema) ?? false;
  for (const [i, v] of versions.entries())
    if (!v.schema?.openAPIV3Schema && !withoutSchema) errors.push(required(`spec.versions[${i}].schema.openAPIV3Schema`));
  addAll(errors, validateVersions(versions));
  for (const name of ['plural', 'singular', 'kind', 'listKind'] as const)
    if (!spec.names[name]) errors.push(required(`spec.names.${name}`));
  addAll(errors, names(spec.names, 'spec.names'), sharedParts(versions));
  if (spec.preserveUnknownFields && (spec.conversion?.strategy ?? 'None') !== 'None')
    errors.push(invalid('spec.conversion.strategy', spec.conversion!.strategy, 'must be None if spec.preserveUnknownFields is true'));
  const before = old?.conversion?.webhook?.conversionReviewVersions ?? [];
  const needsKnown = !before.length || before.some((v) => v === 'v1' || v === 'v1beta1');
  return [...errors, ...validateConversion(spec.conversion, needsKnown, 'spec.conversion')];
}

const PARTS = ['schema', 'subresources', 'additionalPrinterColumns', 'selectableFields'] as const;
type Part = (typeof PARTS)[number];
/** The parts that all versions have alike. Looked for once: each version is compared with the first. */
const sharedBy = (versions: readonly CustomResourceDefinitionVersion[]): ReadonlySet<Part> =>
  new Set(PARTS.filter((part) => versions.every((v) => same(v[part], versions[0]![part]))));

/** What all versions have alike is told of the definition as a whole: errors name it there, once. */
function pathsOf(shared: ReadonlySet<Part>, i: number | undefined) {
  const at = (part: Part, whole: string): string | undefined =>
    shared.has(part) ? (i === undefined ? `spec.${whole}` : undefined) : i === undefined ? undefined : `spec.versions[${i}].${part}`;
  return {
    schema: at('schema', 'validation'),
    subresources: at('subresources', 'subresources'),
    columns: at('additionalPrinterColumns', 'additionalPrinterColumns'),
    selectable: at('selectableFields', 'selectableFields'),
  };
}

/** The parts whose path is given. */
function checkParts(v: CustomResourceDefinitionVersion, paths: ReturnType<typeof pathsOf>): Errors {
  const keep = (field: string): boolean => Object.values(paths).some((path) => path !== undefined && field.startsWith(path));
  const nowhere = '\0';
  return validateVersion(v, {
    schema: paths.schema ?? nowhere,
    subresources: paths.subresources ?? nowhere,
    columns: paths.columns ?? nowhere,
    selectable: paths.selectable ?? nowhere,
  }).filter((e) => keep(e.field));
}

function validateVersions(versions: readonly CustomResourceDefinitionVersion[]): Errors {
  const shared = sharedBy(versions);
  const errors: Errors = versions.flatMap((v, i) => {
    const path = `spec.versions[${i}]`;
    const wrong = dns1035Label(v.name ?? '');
    return [
      ...(wrong.length ? [invalid(`${path}.name`, v.name ?? '', wrong.join(','))] : []),
      ...deprecationWarning(v, `${path}.deprecationWarning`),
      ...checkParts(v, pathsOf(shared, i)),
    ];
  });
  const shown = versions.length ? versions : null;
  if (new Set(versions.map((v) => v.name)).size < versions.length)
    errors.push(invalid('spec.versions', shown, 'must contain unique version names'));
  if (versions.filter((v) => v.storage).length !== 1)
    errors.push(invalid('spec.versions', shown, 'must have exactly one version marked as storage version'));
  const first = versions[0]?.name;
  const wrong = dns1035Label(first ?? '');
  if (first && wrong.length) errors.push(invalid('spec.version', first, wrong.join(',')));
  return errors;
}

const sharedParts = (versions: readonly CustomResourceDefinitionVersion[]): Errors =>
  versions[0] ? checkParts(versions[0], pathsOf(sharedBy(versions), undefined)) : [];

function names(n: Partial<CustomResourceDefinitionNames> | undefined, path: string): Errors {
  if (!n) return [];
  const joined = (value: string, at: string, text = value, before = ''): Errors => {
    const wrong = dns1035Label(text);
    return wrong.length ? [invalid(at, value, before + wrong.join(','))] : [];
  };
  const mixed = (value: string | undefined, name: string): Errors =>
    value ? joined(value, `${path}.${name}`, value.toLowerCase(), 'may have mixed case, but should otherwise match: ') : [];
  return [
    ...(n.plural ? joined(n.plural, `${path}.plural`) : []),
    ...(n.singular ? joined(n.singular, `${path}.singular`) : []),
    ...mixed(n.kind, 'kind'),
    ...mixed(n.listKind, 'listKind'),
    ...(n.shortNames ?? []).flatMap((name, i) => joined(name, `${path}.shortNames[${i}]`)),
    ...(n.kind && n.kind === n.listKind ? [invalid(`${path}.listKind`, n.listKind, 'kind and listKind may not be the same')] : []),
    ...(n.categories ?? []).flatMap((name, i) => joined(name, `${path}.categories[${i}]`)),
  ];
}

function storedVersions(stored: readonly string[], versions: readonly CustomResourceDefinitionVersion[]): Errors {
  const path = 'status.storedVersions';
  if (!stored.length) return [invalid(path, null, 'must have at least one stored version')];
  const known = new Set(versions.map((v) => v.name));
  const kept = new Set(stored);
  const missing = versions.filter((v) => v.storage && !kept.has(v.name));
  const gone = stored.flatMap((name, i) => (known.has(name) ? [] : [[name, i] as const]));
  return [
    ...missing.map((v) => invalid(path, stored, `must have the storage version ${v.name}`)),
    ...gone.map(([name, i]) =>
      invalid(
        `${path}[${i}]`,
        name,
        `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`,
      ),
    ),
  ];
}
