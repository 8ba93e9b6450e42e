/**
 * Reads a schema table. The text has four kinds of lines:
 *
 *     package io.k8s.api.apps.v1            where the OpenAPI names start
 *     version apps/v1                       the apiVersion of the kinds in it
 *     enum Protocol TCP | UDP | SCTP        a closed enum (`open Name …`: a string with well-known values)
 *     Container: atomic                     a type; after the colon `kind`, `list`, `everywhere`, `atomic`, `granular`, `union`, `noproto`, `alias [string]`
 *       6 ports [ContainerPort] map(containerPort,protocol) merge(containerPort)
 *
 * A field line is: protobuf number (`-`: none), JSON name with marks, type, attributes. Marks:
 * `?` pointer · `!` required and always written · `*` required, left out when zero · `+` always written · `0` left out when zero.
 * Types: a scalar, a special form, a type or enum of this table, `group.Type` (v1) or `group.version.Type` of another; `[T]` a list, `{T}` a map from string.
 * `2 ...VolumeSource` inlines that type's fields. Attributes: see FieldSchema.
 */
import { trimEnd } from '../../util/text.js';
import type { EnumSchema, FieldSchema, Scalar, Special, TypeSchema, ValueSchema } from './schema.js';

const SCALARS = new Set<string>(['string', 'int32', 'int64', 'bool', 'bytes', 'double']);
const SPECIALS = new Set<string>([
  'Time',
  'MicroTime',
  'Duration',
  'Quantity',
  'IntOrString',
  'RawExtension',
  'FieldsV1',
  'JSON',
  'JSONSchemaPropsOrArray',
  'JSONSchemaPropsOrBool',
  'JSONSchemaPropsOrStringArray',
  'any',
]);

interface Table {
  readonly alias: string;
  readonly package: string;
  readonly apiVersion: string;
  readonly enums: Map<string, EnumSchema>;
  readonly types: Map<string, Declared>;
}

interface Declared {
  readonly table: Table;
  readonly name: string;
  readonly flags: string;
  readonly lines: string[];
  parsed?: TypeSchema;
}

/** All tables. Text is split at registration; a type's fields are parsed when the type is first used. */
export class SchemaRegistry {
  private readonly tables = new Map<string, Table>();
  private readonly byOpenApiName = new Map<string, Declared>();
  private readonly byKind = new Map<string, Declared>();

  /** `alias` is how other tables refer to this one: `core` for v1, else `autoscaling.v2`. */
  register(alias: string, text: string): void {
    let pkg = '';
    let apiVersion = '';
    let current: Declared | undefined;
    const enums = new Map<string, EnumSchema>();
    const types = new Map<string, Declared>();
    let table: Table | undefined;
    for (const line of text.split('\n')) {
      if (line === '') continue;
      if (line.charCodeAt(0) === 32) {
        current!.lines.push(line);
        continue;
      }
      const space = line.indexOf(' ');
      const word = space < 0 ? line : line.slice(0, space);
      const rest = space < 0 ? '' : line.slice(space + 1);
      if (word === 'package') pkg = rest;
      else if (word === 'version') apiVersion = rest;
      else if (word === 'enum' || word === 'open') {
        const at = rest.indexOf(' ');
        const name = rest.slice(0, at);
        const values = rest
          .slice(at + 1)
          .split(' | ')
          .map((v) => (v === "''" ? '' : v));
        enums.set(name, { name, values, closed: word === 'enum' });
      } else {
        table ??= { alias, package: pkg, apiVersion, enums, types };
        const colon = line.indexOf(':');
        const name = colon < 0 ? line : line.slice(0, colon);
        current = { table, name, flags: colon < 0 ? '' : line.slice(colon + 1).trim(), lines: [] };
        types.set(name, current);
        this.byOpenApiName.set(`${pkg}.${name}`, current);
        if (/\b(kind|list)\b/.test(current.flags)) this.byKind.set(`${apiVersion}/${name}`, current);
      }
    }
    this.tables.set(alias, table ?? { alias, package: pkg, apiVersion, enums, types });
  }

  /** By OpenAPI name. Throws where there is none: names in the code are constants. */
  type(openApiName: string): TypeSchema {
    const declared = this.byOpenApiName.get(openApiName);
    if (!declared) throw new Error(`no schema for ${openApiName}`);
    return this.parse(declared);
  }

  /** The type of a kind, e.g. ('apps/v1', 'Deployment'); undefined where the kind is not built in. */
  kind(apiVersion: string, kind: string): TypeSchema | undefined {
    const declared = this.byKind.get(`${apiVersion}/${kind}`);
    return declared && this.parse(declared);
  }

  /** What the type generator writes a file from: each table's alias, apiVersion, enums and type names. */
  outline(): { alias: string; package: string; apiVersion: string; enums: EnumSchema[]; types: string[] }[] {
    return [...this.tables.values()].map((t) => ({
      alias: t.alias,
      package: t.package,
      apiVersion: t.apiVersion,
      enums: [...t.enums.values()],
      types: [...t.types.keys()],
    }));
  }

  /** OpenAPI names of every type of every table, in the order of the tables. */
  names(): string[] {
    return [...this.byOpenApiName.keys()];
  }

  private parse(declared: Declared): TypeSchema {
    if (declared.parsed) return declared.parsed;
    const { table, flags } = declared;
    const has = (flag: string) => new RegExp(`\\b${flag}\\b`).test(flags);
    const fields: FieldSchema[] = [];
    const byName = new Map<string, FieldSchema>();
    const inlined: { num: number; type: TypeSchema }[] = [];
    const alias = /alias (\S+)/.exec(flags)?.[1];
    const type: TypeSchema = {
      name: `${table.package}.${declared.name}`,
      fields,
      byName,
      inlined,
      kind: has('list') ? 'list' : has('kind') ? 'object' : undefined,
      everywhere: has('everywhere'),
      apiVersion: table.apiVersion,
      atomic: has('atomic'),
      union: has('union'),
      alias: alias ? this.value(alias, table) : undefined,
      protobuf: !has('noproto'),
    };
    declared.parsed = type; // before the fields: types refer to themselves
    for (const line of declared.lines) {
      const [num, marked, typeText, ...attributes] = line.trim().split(/ +/);
      if (marked!.startsWith('...')) {
        const inner = this.parse(this.find(marked!.slice(3), table));
        const number = num === '-' ? 0 : Number(num);
        inlined.push({ num: number, type: inner });
        for (const f of inner.fields) fields.push({ ...f, inlinedFrom: { num: number, type: inner } });
        continue;
      }
      fields.push(this.field(num!, marked!, typeText!, attributes.join(' '), table));
    }
    for (const f of fields) byName.set(f.name, f);
    return type;
  }

  private field(num: string, marked: string, typeText: string, attributes: string, table: Table): FieldSchema {
    const name = trimEnd(marked, '?!*+0');
    const marks = marked.slice(name.length);
    const attr = (key: string) => new RegExp(`(?:^| )${key}\\(([^)]*)\\)`).exec(attributes)?.[1];
    const has = (word: string) => new RegExp(`(?:^| )${word}(?: |$)`).test(attributes);
    const value = this.value(typeText, table);
    const mapKeys = attr('map');
    const mergeKey = attr('merge');
    const defaultText = attr('default');
    const fillText = attr('fill');
    const isList = value.is === 'list' || (value.is === 'message' && value.message.alias?.is === 'list');
    return {
      name,
      num: num === '-' ? undefined : Number(num),
      value,
      pointer: marks.includes('?'),
      required: marks.includes('!') || marks.includes('*'),
      always: marks.includes('!') || marks.includes('+'),
      omitZero: marks.includes('0'),
      list: mapKeys
        ? { kind: 'map', keys: mapKeys.split(',') }
        : isList && has('set')
          ? { kind: 'set' }
          : isList && has('atomic')
            ? { kind: 'atomic' }
            : undefined,
      mapKind: isList ? undefined : has('granular') ? 'granular' : has('atomic') ? 'atomic' : undefined,
      mergeKey,
      merge: mergeKey !== undefined || has('merge'),
      retainKeys: has('retainKeys'),
      replace: has('replace'),
      default: defaultText === undefined ? undefined : JSON.parse(defaultText),
      fill: fillText === undefined ? undefined : JSON.parse(fillText),
      oneOf: attr('oneOf'),
      discriminator: has('discriminator'),
      gate: attr('gate'),
    };
  }

  private value(text: string, table: Table): ValueSchema {
    if (text[0] === '[') return { is: 'list', of: this.value(text.slice(1, -1), table) };
    if (text[0] === '{') return { is: 'map', of: this.value(text.slice(1, -1), table) };
    if (SCALARS.has(text)) return { is: 'scalar', scalar: text as Scalar };
    if (SPECIALS.has(text)) return { is: 'special', special: text as Special };
    const found = this.lookup(text, table);
    if ('values' in found) return { is: 'scalar', scalar: 'string', enum: found };
    const parse = () => this.parse(found);
    return {
      is: 'message',
      get message() {
        return parse();
      },
    };
  }

  private find(text: string, table: Table): Declared {
    const found = this.lookup(text, table);
    if ('values' in found) throw new Error(`${text} is an enum, not a type`);
    return found;
  }

  private lookup(text: string, table: Table): Declared | EnumSchema {
    const dot = text.lastIndexOf('.');
    const home = dot < 0 ? table : this.tables.get(text.slice(0, dot));
    const name = text.slice(dot + 1);
    const found = home?.types.get(name) ?? home?.enums.get(name);
    if (!found) throw new Error(`schema table ${table.package}: no type ${text}`);
    return found;
  }
}
