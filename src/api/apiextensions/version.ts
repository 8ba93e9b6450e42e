/** What a CustomResourceDefinition says of each version, and of how versions are turned into each other. */

import { duplicate, forbidden, invalid, required, tooMany } from '../../meta/field-error.js';
import { dns1035Label } from '../../meta/names.js';
import { addAll } from '../../util/add-all.js';
import { type Errors, repeats, requiredOneOf } from '../check.js';
import type {
  CustomResourceColumnDefinition,
  CustomResourceConversion,
  CustomResourceDefinitionVersion,
  JSONSchemaProps,
} from '../types/apiextensions/v1.js';
import { validateWebhookService, validateWebhookUrl } from '../webhook-client.js';
import { follow, validateOpenApiSchema } from './open-api-schema.js';
import { validateStructural } from './structural.js';

const COLUMN_TYPES = ['boolean', 'date', 'integer', 'number', 'string'];
const COLUMN_FORMATS = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];
const REVIEW_VERSIONS = ['v1', 'v1beta1'];
const MAX_SELECTABLE = 8;
const MAX_DEPRECATION_WARNING = 256;

type Paths = { readonly [part in 'schema' | 'subresources' | 'columns' | 'selectable']: string };

/** `paths`: where the parts are told to be; what all versions share is told of the definition as a whole. */
export function validateVersion(v: CustomResourceDefinitionVersion, paths: Paths): Errors {
  const schema = v.schema?.openAPIV3Schema;
  return [
    ...(schema ? validateSchema(schema, v.subresources?.status !== undefined, `${paths.schema}.openAPIV3Schema`) : []),
    ...validateScale(v, `${paths.subresources}.scale`),
    ...(v.additionalPrinterColumns ?? []).flatMap((c, i) => column(c, `${paths.columns}[${i}]`)),
    ...(v.selectableFields?.length ? selectableFields(v, schema, paths.selectable) : []),
  ];
}

function validateSchema(schema: JSONSchemaProps, hasStatus: boolean, path: string): Errors {
  const errors: Errors = [];
  if (hasStatus && schema.type && schema.type !== 'object')
    errors.push(
      invalid(
        `${path}.type`,
        schema.type,
        'only "object" is allowed as the type at the root of the schema if the status subresource is enabled',
      ),
    );
  if (schema.nullable) errors.push(forbidden(`${path}.nullable`, 'nullable cannot be true at the root'));
  return [...errors, ...validateStructural(schema, path), ...validateOpenApiSchema(schema, path)];
}

export function deprecationWarning({ deprecated, deprecationWarning: text }: CustomResourceDefinitionVersion, path: string): Errors {
  if (text === undefined) return [];
  if (!deprecated) return [invalid(path, text, 'can only be set for deprecated versions')];
  const errors: Errors = [];
  if (text.length > MAX_DEPRECATION_WARNING) errors.push(invalid(path, text, `must be <= ${MAX_DEPRECATION_WARNING} characters long`));
  if (!text) errors.push(invalid(path, text, 'must not be an empty string'));
  const hidden = text.search(/\p{C}|[^\P{Z} ]/u);
  if (hidden >= 0)
    errors.push(invalid(path, text, `must only contain printable UTF-8 characters; non-printable character found at index ${hidden}`));
  return errors;
}

function validateScale({ subresources }: CustomResourceDefinitionVersion, path: string): Errors {
  const scale = subresources?.scale;
  if (!scale) return [];
  const within = (name: 'specReplicasPath' | 'statusReplicasPath', part: string): Errors => {
    const value = scale[name];
    if (!value) return [required(`${path}.${name}`)];
    const wrong = simplePath(value, `${path}.${name}`);
    if (wrong.length) return wrong;
    return value.startsWith(`.${part}.`) ? [] : [invalid(`${path}.${name}`, value, `should be a json path under .${part}`)];
  };
  return [
    ...within('specReplicasPath', 'spec'),
    ...within('statusReplicasPath', 'status'),
    ...selectorPath(scale.labelSelectorPath, `${path}.labelSelectorPath`),
  ];
}

function selectorPath(value: string | undefined, path: string): Errors {
  if (!value) return [];
  const wrong = simplePath(value, path);
  if (wrong.length) return wrong;
  return /^\.(?:spec|status)\./.test(value) ? [] : [invalid(path, value, 'should be a json path under either .spec or .status')];
}

const simplePath = (value: string, path: string): Errors =>
  value.startsWith('.') ? [] : [invalid(path, value, 'must be a simple json path starting with .')];

function column({ name, type, format, jsonPath }: CustomResourceColumnDefinition, path: string): Errors {
  const oneOfTypes = `must be one of ${COLUMN_TYPES.join(',')}`;
  return [
    ...(name ? [] : [required(`${path}.name`)]),
    ...(!type ? [required(`${path}.type`, oneOfTypes)] : COLUMN_TYPES.includes(type) ? [] : [invalid(`${path}.type`, type, oneOfTypes)]),
    ...(format && !COLUMN_FORMATS.includes(format)
      ? [invalid(`${path}.format`, format, `must be one of ${COLUMN_FORMATS.join(',')}`)]
      : []),
    ...(jsonPath ? simplePath(jsonPath, `${path}.JSONPath`) : [required(`${path}.JSONPath`)]),
  ];
}

function selectableFields(
  { selectableFields: fields }: CustomResourceDefinitionVersion,
  schema: JSONSchemaProps | undefined,
  path: string,
): Errors {
  if (!schema) return [invalid(path, '', 'may only be set when validations.schema is included')];
  const seen = new Set<string>();
  const errors = (fields ?? []).flatMap(({ jsonPath }, i): Errors => {
    const at = `${path}[${i}].jsonPath`;
    if (!jsonPath) return [required(at)];
    const found = follow(schema, jsonPath);
    if (typeof found === 'string') return [invalid(at, jsonPath, `is an invalid path: ${found}`)];
    const own: Errors = [];
    if (/^\.metadata\b/.test(jsonPath)) own.push(invalid(at, jsonPath, 'must not point to fields in metadata'));
    if (!['string', 'boolean', 'integer'].includes(found.type ?? ''))
      own.push(
        invalid(
          at,
          jsonPath,
          'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
        ),
      );
    if (seen.has(jsonPath)) own.push(duplicate(at, jsonPath));
    seen.add(jsonPath);
    return own;
  });
  return seen.size > MAX_SELECTABLE ? [...errors, tooMany(path, seen.size, MAX_SELECTABLE)] : errors;
}

/** `needsKnown`: a version of reviews that the server speaks must be among those of the webhook. */
export function validateConversion(c: CustomResourceConversion | undefined, needsKnown: boolean, path: string): Errors {
  if (!c) return [];
  const errors = requiredOneOf(c.strategy, ['None', 'Webhook'], `${path}.strategy`);
  const { webhook } = c;
  const at = `${path}.webhookClientConfig`;
  const versions = webhook?.conversionReviewVersions ?? [];
  if (c.strategy !== 'Webhook') {
    const why = 'should not be set when strategy is not set to Webhook';
    if (webhook?.clientConfig) errors.push(forbidden(at, why));
    if (versions.length) errors.push(forbidden(`${path}.conversionReviewVersions`, why));
    return errors;
  }
  const client = webhook?.clientConfig;
  if (!client) errors.push(required(at, 'required when strategy is set to Webhook'));
  else if ((client.url === undefined) === !client.service) errors.push(required(at, 'exactly one of url or service is required'));
  else if (client.service) addAll(errors, validateWebhookService(client.service, `${at}.service`, true));
  else addAll(errors, validateWebhookUrl(client.url!, `${at}.url`));
  return [...errors, ...reviewVersions(versions, needsKnown, `${path}.conversionReviewVersions`)];
}

function reviewVersions(versions: readonly string[], needsKnown: boolean, path: string): Errors {
  if (!versions.length) return [required(path)];
  const again = repeats(versions);
  const errors = versions.flatMap((v, i) =>
    again[i] ? [invalid(`${path}[${i}]`, v, 'duplicate version')] : dns1035Label(v).map((message) => invalid(`${path}[${i}]`, v, message)),
  );
  if (needsKnown && !versions.some((v) => REVIEW_VERSIONS.includes(v)))
    errors.push(invalid(path, versions, `must include at least one of ${REVIEW_VERSIONS.join(', ')}`));
  return errors;
}
