/**
 * Protobuf from a text table: one line a message (`Name: field=number type, …`; `type[]` repeats, `map<k,v>`), `enum Name: A=0, …` for enums.
 * 64-bit numbers become JavaScript numbers: sizes and nanosecond times fit well enough (256 ns steps).
 */
import protobuf from 'protobufjs';

/** A message as plain data, fields in camelCase, absent ones left out. */
export type Message = { readonly [field: string]: unknown };

export interface Codec {
  encode(type: string, message: Message): Buffer;
  decode(type: string, bytes: Uint8Array): Message;
}

interface FieldDescriptor {
  id: number;
  type: string;
  rule?: 'repeated';
  keyType?: string;
}

function parseField(text: string): [string, FieldDescriptor] {
  const m = /^(\w+)=(\d+) (?:map<(\w+),([\w.]+)>|([\w.]+)(\[\])?)$/.exec(text);
  if (!m) throw new Error(`not a field of a schema table: "${text}"`);
  const [, name, id, keyType, valueType, type, repeated] = m;
  if (keyType) return [name!, { id: Number(id), keyType, type: valueType! }];
  return [name!, { id: Number(id), type: type!, ...(repeated ? { rule: 'repeated' as const } : {}) }];
}

/** Commas inside `map<k,v>` do not part fields. */
const fieldTexts = (body: string): string[] => (body.trim() ? body.split(/,(?![^<]*>)/).map((f) => f.trim()) : []);

function parseSchema(text: string): Record<string, object> {
  const nested: Record<string, object> = {};
  for (const line of text.split('\n')) {
    if (!line.trim()) continue;
    const colon = line.indexOf(':');
    const head = line.slice(0, colon).trim();
    const body = line.slice(colon + 1);
    if (head.startsWith('enum ')) {
      const values = Object.fromEntries(
        fieldTexts(body)
          .map((v) => v.split('='))
          .map(([k, n]) => [k!.trim(), Number(n)]),
      );
      nested[head.slice('enum '.length)] = { values };
    } else {
      nested[head] = { fields: Object.fromEntries(fieldTexts(body).map(parseField)) };
    }
  }
  return nested;
}

/** A codec for the messages of `schema`, all in protobuf package `packageName`. */
export function protoCodec(schema: string): Codec {
  const root = protobuf.Root.fromJSON({ nested: parseSchema(schema) } as protobuf.INamespace);
  return {
    encode(type, message) {
      const t = root.lookupType(type);
      return Buffer.from(t.encode(t.fromObject(message)).finish());
    },
    decode(type, bytes) {
      const t = root.lookupType(type);
      return t.toObject(t.decode(bytes), { longs: Number, enums: String, defaults: true, arrays: true, objects: true }) as Message;
    },
  };
}
