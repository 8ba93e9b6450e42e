/**
 * OpenAPI documents in the binary form that kubectl and other Go clients ask for: the messages of gnostic's OpenAPIv2.proto and OpenAPIv3.proto,
 * as far as our documents use them. Source: https://github.com/google/gnostic-models
 */
import { Writer } from '../../meta/protobuf/writer.js';
import type { Json } from './definitions.js';

type Encode = (w: Writer, num: number, value: unknown) => void;

const text: Encode = (w, num, value) => {
  w.tag(num, 2);
  w.string(String(value));
};
const bool: Encode = (w, num, value) => {
  w.tag(num, 0);
  w.varint(value ? 1 : 0);
};
/** Any JSON value; the clients read it as YAML. */
const any: Encode = (w, num, value) => {
  w.tag(num, 2);
  w.message(() => text(w, 2, JSON.stringify(value)));
};
const each =
  (encode: Encode): Encode =>
  (w, num, value) => {
    for (const item of value as unknown[]) encode(w, num, item);
  };
const inside =
  (inner: number, encode: Encode): Encode =>
  (w, num, value) => {
    w.tag(num, 2);
    w.message(() => encode(w, inner, value));
  };
/** A map: one message of name and value per entry. */
const entries =
  (encode: Encode): Encode =>
  (w, num, value) => {
    for (const [name, v] of Object.entries(value as Json)) {
      w.tag(num, 2);
      w.message(() => {
        text(w, 1, name);
        encode(w, 2, v);
      });
    }
  };
/** An object whose fields stand in `fields`; `x-…` go to field `extension`. A name that stands nowhere is our mistake. */
const message =
  (fields: () => Readonly<Record<string, readonly [num: number, encode: Encode]>>, extension?: number): Encode =>
  (w, num, value) => {
    w.tag(num, 2);
    w.message(() => writeFields(w, value as Json, fields(), extension));
  };

function writeFields(w: Writer, value: Json, fields: Readonly<Record<string, readonly [number, Encode]>>, extension?: number): void {
  for (const [name, v] of Object.entries(value)) {
    if (v === undefined) continue;
    const field = fields[name];
    if (field) field[1](w, field[0], v);
    else if (extension !== undefined && name.startsWith('x-')) entries(any)(w, extension, { [name]: v });
    else throw new Error(`OpenAPI protobuf: no field for ${name}`);
  }
}

const texts = each(text);
const isRef = (v: unknown): boolean => typeof (v as Json).$ref === 'string';

// Version 2.
const schemaV2: Encode = message(
  () => ({
    $ref: [1, text],
    format: [2, text],
    title: [3, text],
    description: [4, text],
    default: [5, any],
    required: [19, texts],
    enum: [20, each(any)],
    additionalProperties: [21, (w, n, v) => (typeof v === 'boolean' ? inside(2, bool)(w, n, v) : inside(1, schemaV2)(w, n, v))],
    type: [22, inside(1, text)],
    items: [23, inside(1, schemaV2)],
    allOf: [24, each(schemaV2)],
    properties: [25, inside(1, entries(schemaV2))],
  }),
  31,
);
const bodyParameter = message(
  () => ({ description: [1, text], name: [2, text], in: [3, text], required: [4, bool], schema: [5, schemaV2] }),
  6,
);
const queryParameter = message(
  () => ({ required: [1, bool], in: [2, text], description: [3, text], name: [4, text], type: [6, text], uniqueItems: [20, bool] }),
  23,
);
const pathParameter = message(
  () => ({ required: [1, bool], in: [2, text], description: [3, text], name: [4, text], type: [5, text], uniqueItems: [19, bool] }),
  22,
);
const parameterV2: Encode = (w, num, value) => {
  const where = (value as Json).in;
  if (where === 'body') return inside(1, bodyParameter)(w, num, value);
  return inside(2, inside(where === 'path' ? 4 : 3, where === 'path' ? pathParameter : queryParameter))(w, num, value);
};
const reference = message(() => ({ $ref: [1, text] }));
const parameterOrRef: Encode = (w, num, value) => (isRef(value) ? inside(2, reference) : inside(1, parameterV2))(w, num, value);
const responseV2 = message(() => ({ description: [1, text], schema: [2, inside(1, schemaV2)] }), 5);
const operationV2 = message(
  () => ({
    tags: [1, texts],
    description: [3, text],
    operationId: [5, text],
    produces: [6, texts],
    consumes: [7, texts],
    parameters: [8, each(parameterOrRef)],
    responses: [9, inside(1, entries(inside(1, responseV2)))],
    schemes: [10, texts],
  }),
  13,
);
const pathItemV2 = message(
  () => ({
    get: [2, operationV2],
    put: [3, operationV2],
    post: [4, operationV2],
    delete: [5, operationV2],
    options: [6, operationV2],
    head: [7, operationV2],
    patch: [8, operationV2],
    parameters: [9, each(parameterOrRef)],
  }),
  10,
);
const apiKey = message(() => ({ type: [1, text], name: [2, text], in: [3, text], description: [4, text] }), 5);
const requirement: Encode = inside(1, entries(inside(1, texts)));

export function encodeV2(document: Json): Uint8Array {
  const w = new Writer();
  writeFields(w, document, {
    swagger: [1, text],
    info: [2, message(() => ({ title: [1, text], version: [2, text] }))],
    paths: [8, inside(2, entries(pathItemV2))],
    definitions: [9, inside(1, entries(schemaV2))],
    parameters: [10, inside(1, entries(parameterV2))],
    security: [12, each(requirement)],
    securityDefinitions: [13, inside(1, entries(inside(2, apiKey)))],
  });
  return w.finish();
}

// Version 3.
const orRef =
  (encode: Encode): Encode =>
  (w, num, value) =>
    (isRef(value) ? inside(2, reference) : inside(1, encode))(w, num, value);
/** The message has room for numbers, booleans and strings only: other defaults are left out, as the original does. */
const defaultV3: Encode = (w, num, value) => {
  if (typeof value === 'object') return;
  w.tag(num, 2);
  w.message(() => {
    if (typeof value === 'boolean') bool(w, 2, value);
    else if (typeof value === 'string') text(w, 3, value);
    else {
      w.tag(1, 1);
      w.double(value as number);
    }
  });
};
const schemaV3: Encode = message(
  () => ({
    title: [9, text],
    uniqueItems: [20, bool],
    required: [23, texts],
    enum: [24, each(any)],
    type: [25, text],
    allOf: [26, each(orRef(schemaV3))],
    oneOf: [27, each(orRef(schemaV3))],
    items: [30, inside(1, orRef(schemaV3))],
    properties: [31, inside(1, entries(orRef(schemaV3)))],
    additionalProperties: [32, (w, n, v) => (typeof v === 'boolean' ? inside(2, bool)(w, n, v) : inside(1, orRef(schemaV3))(w, n, v))],
    default: [33, defaultV3],
    description: [34, text],
    format: [35, text],
  }),
  36,
);
const mediaTypes = inside(1, entries(message(() => ({ schema: [1, orRef(schemaV3)] }))));
const parameterV3 = message(
  () => ({ name: [1, text], in: [2, text], description: [3, text], required: [4, bool], schema: [10, orRef(schemaV3)] }),
  14,
);
const responseV3 = message(() => ({ description: [1, text], content: [3, mediaTypes] }));
const operationV3 = message(
  () => ({
    tags: [1, texts],
    description: [3, text],
    operationId: [5, text],
    parameters: [6, each(orRef(parameterV3))],
    requestBody: [7, orRef(message(() => ({ content: [2, mediaTypes], required: [3, bool] })))],
    responses: [8, inside(2, entries(orRef(responseV3)))],
  }),
  13,
);
const pathItemV3 = message(
  () => ({
    get: [4, operationV3],
    put: [5, operationV3],
    post: [6, operationV3],
    delete: [7, operationV3],
    options: [8, operationV3],
    head: [9, operationV3],
    patch: [10, operationV3],
    parameters: [13, each(orRef(parameterV3))],
  }),
  14,
);
const securityScheme = message(() => ({ type: [1, text], description: [2, text], name: [3, text], in: [4, text] }));

export function encodeV3(document: Json): Uint8Array {
  const w = new Writer();
  writeFields(w, document, {
    openapi: [1, text],
    info: [2, message(() => ({ title: [1, text], version: [6, text] }))],
    paths: [4, inside(1, entries(pathItemV3))],
    components: [
      5,
      message(() => ({
        schemas: [1, inside(1, entries(orRef(schemaV3)))],
        securitySchemes: [7, inside(1, entries(orRef(securityScheme)))],
      })),
    ],
  });
  return w.finish();
}
