/** Answers as bytes, in the representation that was asked for. Stored objects are not serialized again: their bytes are joined. */
import { groupVersion } from '../../meta/gvk.js';
import type { ApiObject } from '../../meta/object.js';
import { stringifyYaml } from '../../meta/yaml.js';
import { concat, utf8 } from '../../util/bytes.js';
import type { Answer, ListAnswer } from '../answer.js';
import type { Entry } from '../storage/entry.js';
import type { WatchItem } from '../storage/watch.js';
import { encodeLongList, sortKeys } from './long-list.js';
import type { Representation } from './negotiate.js';
import { encodeProtobuf, PROTOBUF } from './protobuf.js';
import { type IncludeObject, partial, tableMetadata, tableOf } from './table.js';

export interface Encoded {
  readonly status: number;
  readonly contentType: string;
  readonly body: Uint8Array;
}

const JSON_TYPE = 'application/json';
const COMMA = utf8(',{');
const COMMA_WHOLE = utf8(',');
const BRACE = utf8('{');
const LIST_END = utf8(']}');
const NEWLINE = utf8('\n');
const EVENT_END = utf8('}\n');

function joined(parts: Uint8Array[], entry: Entry, end: Uint8Array): Uint8Array {
  entry.write(parts, true);
  parts.push(end);
  return concat(parts);
}

/** Any plain object in the media type asked for. Protobuf falls back to JSON where the kind has none. */
export function encodeObject(status: number, object: object, r: Representation): Encoded {
  if (r.mediaType === PROTOBUF) {
    const bytes = encodeProtobuf(object);
    if (bytes) return { status, contentType: PROTOBUF, body: bytes };
  }
  if (r.mediaType === 'application/yaml') return { status, contentType: 'application/yaml', body: utf8(stringifyYaml(sortKeys(object))) };
  return { status, contentType: JSON_TYPE, body: utf8(`${JSON.stringify(object, null, r.pretty ? 2 : undefined)}\n`) };
}

export function encodeAnswer(
  answer: Extract<Answer, { is: 'entry' | 'object' | 'list' }>,
  r: Representation,
  include: IncludeObject,
  now: number,
): Encoded | Promise<Encoded> {
  if (answer.is === 'list') return encodeList(answer, r, include, now);
  const status = answer.status;
  if (r.as && answer.definition && isSuccess(status)) {
    const object = answer.is === 'entry' ? answer.entry.object : (answer.object as ApiObject);
    if ((object as { kind?: string }).kind !== 'Status') {
      if (r.as === 'Table')
        return encodeObject(
          status,
          tableOf(answer.definition, [{ object }], tableMetadata(object.metadata.resourceVersion), include, now, r.version),
          r,
        );
      return encodeObject(status, partial(object, r.version), r);
    }
  }
  if (answer.is === 'object') return encodeObject(status, answer.object, r);
  const dryRun = answer.entry.revision === 0;
  if (r.mediaType === JSON_TYPE && !r.pretty && !dryRun) return { status, contentType: JSON_TYPE, body: joined([], answer.entry, NEWLINE) };
  return encodeObject(status, answer.entry.object, r);
}

/** As it is stored: bytes are joined. All other forms are made item by item. */
function encodeList(answer: ListAnswer, r: Representation, include: IncludeObject, now: number): Encoded | Promise<Encoded> {
  if (r.as || r.pretty || r.mediaType !== JSON_TYPE) return encodeLongList(answer, r, include, now, (list) => encodeObject(200, list, r));
  const { definition, entries } = answer;
  const metadata = tableMetadata(answer.resourceVersion, answer);
  const apiVersion = groupVersion(definition.group, definition.version);
  const head = definition.custom
    ? `{"apiVersion":"${apiVersion}","items":[`
    : `{"kind":"${definition.listKind}","apiVersion":"${apiVersion}","metadata":${JSON.stringify(metadata)},"items":[`;
  const tail = definition.custom ? utf8(`],"kind":"${definition.listKind}","metadata":${JSON.stringify(metadata)}}`) : LIST_END;
  const parts: Uint8Array[] = [utf8(head)];
  for (const [i, entry] of entries.entries()) {
    if (definition.custom) {
      if (i) parts.push(COMMA_WHOLE);
      entry.write(parts, true);
    } else {
      parts.push(i ? COMMA : BRACE);
      entry.write(parts, false);
    }
  }
  parts.push(tail, NEWLINE);
  return { status: 200, contentType: JSON_TYPE, body: concat(parts) };
}

/** The list as a plain object, for in-process callers (its items keep kind and apiVersion). */
export function listObject(answer: ListAnswer): object {
  const { definition } = answer;
  return {
    kind: definition.listKind,
    apiVersion: groupVersion(definition.group, definition.version),
    metadata: tableMetadata(answer.resourceVersion, answer),
    items: answer.entries.map((e) => e.object),
  };
}

const isSuccess = (status: number): boolean => status >= 200 && status < 300;

export interface EventContext {
  readonly answer: Extract<Answer, { is: 'watch' }>;
  readonly representation: Representation;
  readonly include: IncludeObject;
  readonly convert: (entry: Entry) => Entry;
  now(): number;
  /** Tables send their columns with the first event only. */
  first: boolean;
}

export function encodeEvent(item: WatchItem, c: EventContext): Uint8Array {
  const { definition } = c.answer;
  const apiVersion = groupVersion(definition.group, definition.version);
  const r = c.representation;
  if (item.type === 'BOOKMARK') {
    const metadata = {
      resourceVersion: String(item.revision),
      ...(definition.custom ? {} : { creationTimestamp: null }),
      ...(item.initialEventsEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
    };
    const object = { kind: definition.kind, apiVersion, metadata } as unknown as ApiObject;
    if (r.as === 'Table')
      return frame(
        {
          type: 'BOOKMARK',
          object: {
            kind: 'Table',
            apiVersion: `meta.k8s.io/${r.version}`,
            metadata: { resourceVersion: String(item.revision) },
            columnDefinitions: null,
            rows: [{ cells: definition.columns.map(() => null), object: partial(object, r.version) }],
          },
        },
        r,
      );
    return frame({ type: 'BOOKMARK', object: r.as ? partial(object, r.version) : object }, r);
  }
  const entry = c.convert(item.entry);
  if (!r.as && r.mediaType !== PROTOBUF) {
    return entry.frame(item.type, () => joined([utf8(`{"type":"${item.type}","object":`)], entry, EVENT_END));
  }
  const object = entry.object;
  if (r.as === 'Table') {
    const table = tableOf(definition, [{ object }], tableMetadata(object.metadata.resourceVersion), c.include, c.now(), r.version, c.first);
    c.first = false;
    return frame({ type: item.type, object: table }, r);
  }
  return frame({ type: item.type, object: r.as ? partial(object, r.version) : object }, r);
}

/** JSON events are lines; protobuf events are length-prefixed WatchEvents. */
export function frame(event: { type: string; object: object }, r: Representation): Uint8Array {
  if (r.mediaType === PROTOBUF) {
    const inner = encodeProtobuf(event.object) ?? utf8(JSON.stringify(event.object));
    const body = watchEventMessage(event.type, inner);
    const out = new Uint8Array(4 + body.length);
    new DataView(out.buffer).setUint32(0, body.length);
    out.set(body, 4);
    return out;
  }
  return utf8(`${JSON.stringify(event)}\n`);
}

/** meta.v1.WatchEvent { 1: type, 2: RawExtension { 1: raw } } */
function watchEventMessage(type: string, raw: Uint8Array): Uint8Array {
  const name = utf8(type);
  const extension = concat([utf8('\x0a'), varint(raw.length), raw]);
  return concat([utf8('\x0a'), varint(name.length), name, utf8('\x12'), varint(extension.length), extension]);
}

function varint(n: number): Uint8Array {
  const out: number[] = [];
  for (; n > 127; n = Math.floor(n / 128)) out.push((n % 128) | 128);
  out.push(n);
  return Uint8Array.from(out);
}
