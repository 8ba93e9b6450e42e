/**
 * The envelope of binary objects: four magic bytes, then a message that names the kind and holds the object.
 * Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding
 */
import { concat, utf8 } from '../../util/bytes.js';
import type { SchemaRegistry } from '../schema/parse.js';
import type { TypeSchema } from '../schema/schema.js';
import { decodeMessage, useSchemaProps as useForDecode } from './decode.js';
import { encodeMessage, useSchemaProps as useForEncode } from './encode.js';
import { Reader } from './reader.js';
import { Writer } from './writer.js';

/** `k8s` and a zero byte. */
const MAGIC = utf8('k8s\0');
const SCHEMA_PROPS = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps';

/** Tables of meta.k8s.io are registered as v1. */
function typeOf(schemas: SchemaRegistry, apiVersion: string, kind: string): TypeSchema | undefined {
  const props = schemas.type(SCHEMA_PROPS);
  useForDecode(props);
  useForEncode(props);
  const found = schemas.kind(apiVersion === 'meta.k8s.io/v1' || (EVERYWHERE.has(kind) && apiVersion !== 'v1') ? 'v1' : apiVersion, kind);
  return found?.protobuf ? found : undefined;
}

/** Kinds that belong to every group version. */
const EVERYWHERE = new Set(['DeleteOptions', 'CreateOptions', 'UpdateOptions', 'PatchOptions', 'GetOptions', 'ListOptions', 'WatchEvent']);

export const isEnvelope = (bytes: Uint8Array): boolean => MAGIC.every((b, i) => bytes[i] === b);

/** The object, with apiVersion and kind, in its JSON form. Throws where the bytes are no envelope or the kind is not known. */
export function decodeEnvelope(schemas: SchemaRegistry, bytes: Uint8Array): Record<string, unknown> {
  if (!isEnvelope(bytes)) throw new Error('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]');
  const r = new Reader(bytes, MAGIC.length);
  let apiVersion = '';
  let kind = '';
  let raw: Uint8Array = new Uint8Array();
  while (!r.done) {
    const tag = r.varint();
    if (tag >>> 3 === 1) {
      const t = r.message();
      while (!t.done) {
        const inner = t.varint();
        if (inner >>> 3 === 1) apiVersion = t.string();
        else if (inner >>> 3 === 2) kind = t.string();
        else t.skip(inner & 7);
      }
    } else if (tag >>> 3 === 2) raw = r.bytes();
    else r.skip(tag & 7);
  }
  const type = typeOf(schemas, apiVersion, kind);
  if (!type) throw new Error(`no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)}`);
  return { kind, apiVersion, ...decodeMessage(type, new Reader(raw)) };
}

/** Undefined where the kind has no protobuf form. */
export function encodeEnvelope(schemas: SchemaRegistry, object: object): Uint8Array | undefined {
  const { apiVersion = '', kind = '' } = object as { apiVersion?: string; kind?: string };
  const type = typeOf(schemas, apiVersion, kind);
  if (!type) return undefined;
  const w = new Writer();
  w.tag(1, 2);
  w.message(() => {
    w.tag(1, 2);
    w.string(apiVersion);
    w.tag(2, 2);
    w.string(kind);
  });
  w.tag(2, 2);
  w.bytes(encodeMessage(type, object));
  w.tag(3, 2);
  w.string('');
  w.tag(4, 2);
  w.string('');
  return concat([MAGIC, w.finish()]);
}
