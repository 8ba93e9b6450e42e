/** File descriptors of the API, made from the lines of the schema and the tables of names. Source: descriptor.proto of protobuf. */

import { encode } from '../../store/proto/codec.js';
import type { Draft } from '../../store/proto/message.js';
import { schema } from '../../store/proto/schema.js';
import { table } from '../../util/own.js';
import { ENUM_OF, ENUMS, FILES, fieldName, messageName, ONEOFS, PACKAGES, packageOf, SERVICES, TYPE_OF } from './names.js';

export interface DescribedFile {
  readonly name: string;
  readonly package: string;
  readonly dependencies: readonly string[];
  /** What is declared in it, by full name: messages, enums, services, methods. */
  readonly symbols: readonly string[];
  /** A FileDescriptorProto. */
  readonly bytes: Uint8Array;
}

const OPTIONAL = 1;
const REPEATED = 3;
const TYPES = table({
  int: 3,
  id: 3,
  uid: 4,
  int32: 5,
  bool: 8,
  string: 9,
  message: 11,
  key: 12,
  bytes: 12,
  u32: 13,
  enum: 14,
} as const);
/** The tag of FieldDescriptorProto.oneof_index. */
const ONEOF_INDEX_TAG = 9 << 3;
/** The tag of EnumValueDescriptorProto.number. */
const ENUM_NUMBER_TAG = 2 << 3;

interface Line {
  readonly field: string;
  readonly number: number;
  readonly type: string;
  readonly repeated: boolean;
}

/** The files of all packages, those of `methods` (`/package.Service/Method`) that the tables know in their services. */
export function describeFiles(methods: Iterable<string>): DescribedFile[] {
  const served = new Set(methods);
  const messages = new Map<string, Set<string>>(Object.keys(FILES).map((name) => [name, new Set()]));
  for (const [message, home] of Object.entries(PACKAGES)) collect(message, home, messages);
  for (const [service, text] of Object.entries(SERVICES))
    for (const method of methodsOf(text))
      if (served.has(`/${service}/${method.name}`))
        for (const message of [method.input, method.output]) collect(message, packageOfService(service), messages);
  return Object.keys(FILES).map((name) => describeFile(name, messages.get(name)!, served));
}

function collect(message: string, within: string, into: Map<string, Set<string>>): void {
  if (!(message in schema)) return;
  const home = packageOf(message, within);
  const there = into.get(home)!;
  if (there.has(message)) return;
  there.add(message);
  for (const { type } of linesOf(message)) if (type in schema) collect(type, home, into);
}

function describeFile(name: string, messages: ReadonlySet<string>, served: ReadonlySet<string>): DescribedFile {
  const services = Object.entries(SERVICES)
    .filter(([service]) => packageOfService(service) === name)
    .map(([service, text]) => ({ service, methods: methodsOf(text).filter((m) => served.has(`/${service}/${m.name}`)) }))
    .filter(({ methods }) => methods.length > 0);
  const used = new Set<string>();
  const full = (message: string) => {
    const home = packageOf(message, name);
    if (home !== name) used.add(FILES[home]!);
    return `.${home}.${messageName(message)}`;
  };
  const messageType = [...messages].map((message) => describeMessage(message, name, full));
  const enums = Object.keys(ENUMS).filter(
    (e) => !e.includes('.') && [...messages].some((m) => linesOf(m).some((l) => ENUM_OF[`${m}.${l.field}`] === e)),
  );
  const service = services.map(({ service, methods }) => ({
    name: service.slice(name.length + 1),
    method: methods.map((m) => ({
      name: m.name,
      inputType: full(m.input),
      outputType: full(m.output),
      clientStreaming: m.clientStreaming,
      serverStreaming: m.serverStreaming,
    })),
  }));
  const dependency = [...used].sort();
  const enumType = enums.map((e) => describeEnum(e));
  const bytes = encode('FileDescriptorProto', {
    name: FILES[name]!,
    package: name,
    dependency,
    messageType,
    enumType,
    service,
    syntax: 'proto3',
  });
  const symbols = [
    ...[...messages].map((m) => `${name}.${messageName(m)}`),
    ...enums.map((e) => `${name}.${e}`),
    ...Object.keys(ENUMS)
      .filter((e) => messages.has(e.split('.')[0]!))
      .map((e) => `${name}.${e}`),
    ...services.flatMap(({ service, methods }) => [service, ...methods.map((m) => `${service}.${m.name}`)]),
  ];
  return { name: FILES[name]!, package: name, dependencies: dependency, symbols, bytes };
}

function describeMessage(message: string, within: string, full: (message: string) => string): Draft<'DescriptorProto'> {
  const lines = linesOf(message);
  const oneof = ONEOFS[message];
  const field = lines.map((line) => {
    const bytes = encode('FieldDescriptorProto', describeField(message, line, within, full));
    const chosen = oneof !== undefined && (oneof[1]?.includes(line.field) ?? true);
    return chosen ? Uint8Array.of(...bytes, ONEOF_INDEX_TAG, 0) : bytes;
  });
  return {
    name: messageName(message),
    field,
    enumType: Object.keys(ENUMS)
      .filter((e) => e.startsWith(`${message}.`))
      .map((e) => describeEnum(e)),
    oneofDecl: oneof ? [{ name: oneof[0] }] : [],
  };
}

function describeField(message: string, line: Line, within: string, full: (message: string) => string): Draft<'FieldDescriptorProto'> {
  const path = `${message}.${line.field}`;
  const kind = TYPE_OF[path] ?? line.type;
  const type = kind in TYPES ? TYPES[kind as keyof typeof TYPES] : TYPES.message;
  const typeName = type === TYPES.message ? full(line.type) : type === TYPES.enum ? `.${within}.${ENUM_OF[path]}` : '';
  return { name: fieldName(message, line.field), number: line.number, label: line.repeated ? REPEATED : OPTIONAL, type, typeName };
}

const describeEnum = (name: string): Draft<'EnumDescriptorProto'> => ({
  name: name.slice(name.indexOf('.') + 1),
  value: ENUMS[name]!.split(' ').map((value, number) =>
    Uint8Array.of(...encode('EnumValueDescriptorProto', { name: value }), ENUM_NUMBER_TAG, number),
  ),
});

function linesOf(message: string): Line[] {
  const text: string = schema[message as keyof typeof schema];
  return (text === '' ? [] : text.split(', ')).map((line) => {
    const [field = '', number = '', type = ''] = line.split(' ');
    return { field, number: Number(number), type: type.replace('[]', ''), repeated: type.endsWith('[]') };
  });
}

const packageOfService = (service: string): string => service.slice(0, service.lastIndexOf('.'));

/** The methods of a line of SERVICES whose messages the schema has. */
function methodsOf(text: string) {
  return text
    .split(', ')
    .map((line) => {
      const [name = '', input = '', output = ''] = line.split(' ');
      const plain = (s: string) => s.replace('*', '');
      return {
        name,
        input: plain(input),
        output: plain(output),
        clientStreaming: input.endsWith('*'),
        serverStreaming: output.endsWith('*'),
      };
    })
    .filter(({ input, output }) => input in schema && output in schema);
}
