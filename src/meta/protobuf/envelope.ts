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
  return type && sealed(apiVersion, kind, [encodeMessage(type, object)]);
}

/** A list that is encoded item by item. */
export class ListEnvelope {
  private readonly parts: Uint8Array[];

  private constructor(
    private readonly apiVersion: string,
    private readonly kind: string,
    private readonly num: number,
    private readonly item: TypeSchema,
    head: Uint8Array,
  ) {
    this.parts = [head];
  }

  /** `list` without its items. Undefined where the kind has no protobuf form. */
  static of(schemas: SchemaRegistry, list: { apiVersion: string; kind: string }): ListEnvelope | undefined {
    const type = typeOf(schemas, list.apiVersion, list.kind);
    const items = type?.byName.get('items');
    if (!type || items?.num === undefined || items.value.is !== 'list' || items.value.of.is !== 'message') return undefined;
    return new ListEnvelope(list.apiVersion, list.kind, items.num, items.value.of.message, encodeMessage(type, list));
  }

  add(item: object): void {
    const w = new Writer();
    w.tag(this.num, 2);
    w.bytes(encodeMessage(this.item, item));
    this.parts.push(w.finish());
  }

  finish(): Uint8Array {
    return sealed(this.apiVersion, this.kind, this.parts);
  }
}

function sealed(apiVersion: string, kind: string, raw: readonly Uint8Array[]): Uint8Array {
  const head = new Writer();
  head.tag(1, 2);
  head.message(() => {
    head.tag(1, 2);
    head.string(apiVersion);
    head.tag(2, 2);
    head.string(kind);
  });
  head.tag(2, 2);
  head.varint(raw.reduce((n, part) => n + part.length, 0));
  const tail = new Writer();
  tail.tag(3, 2);
  tail.string('');
  tail.tag(4, 2);
  tail.string('');
  return concat([[MAGIC, head.finish()], raw, [tail.finish()]].flat());
}
