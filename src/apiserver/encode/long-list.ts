/**
 * Lists that are not stored bytes joined: indented, as YAML, in protobuf, as tables or by metadata alone. Each item is encoded by itself, and between
 * items others have their turn: however long a list is, nobody waits for all of it. The bytes are those of the whole encoded at once.
 */
import { groupVersion } from '../../meta/gvk.js';
import { stringifyYaml } from '../../meta/yaml.js';
import { concat, utf8 } from '../../util/bytes.js';
import { yieldTurn } from '../../util/turn.js';
import type { ListAnswer } from '../answer.js';
import type { Encoded } from './encode.js';
import type { Representation } from './negotiate.js';
import { listEnvelope, PROTOBUF } from './protobuf.js';
import { type IncludeObject, partial, tableMetadata, tableOf } from './table.js';

/** Bytes that are encoded in one go. */
const SLICE = 256 * 1024;

/** `whole` encodes a list of nothing. */
export async function encodeLongList(
  answer: ListAnswer,
  r: Representation,
  include: IncludeObject,
  now: number,
  whole: (list: object) => Encoded,
): Promise<Encoded> {
  const { definition, entries } = answer;
  const metadata = tableMetadata(answer.resourceVersion, answer);
  const apiVersion = groupVersion(definition.group, definition.version);
  let done = 0;
  /** Each entry through `one`; gives way when enough was done. */
  const each = async (one: (object: ListAnswer['entries'][number]) => void): Promise<void> => {
    for (const entry of entries) {
      one(entry);
      done += entry.size;
      if (done < SLICE) continue;
      done = 0;
      await yieldTurn();
    }
  };
  const plain = (e: ListAnswer['entries'][number]): object => {
    if (r.as) return partial(e.object, r.version);
    if (definition.custom) return e.object;
    const { kind: _k, apiVersion: _a, ...rest } = e.object;
    return rest;
  };
  const list =
    r.as === 'Table'
      ? tableOf(definition, [], metadata, include, now, r.version)
      : r.as
        ? { kind: 'PartialObjectMetadataList', apiVersion: `meta.k8s.io/${r.version}`, metadata }
        : { kind: definition.listKind, apiVersion, metadata };
  const item =
    r.as === 'Table'
      ? (e: ListAnswer['entries'][number]) =>
          (tableOf(definition, [{ object: e.object }], metadata, include, now, r.version, false) as { rows: object[] }).rows[0]!
      : plain;
  const field = r.as === 'Table' ? 'rows' : 'items';
  if (!entries.length) return whole({ ...list, [field]: [] });
  if (r.mediaType === PROTOBUF) {
    const envelope = listEnvelope(list);
    if (envelope) {
      await each((e) => envelope.add(item(e)));
      return { status: 200, contentType: PROTOBUF, body: envelope.finish() };
    }
  }
  const parts: Uint8Array[] = [];
  if (r.mediaType === 'application/yaml') {
    const text = (o: object) => stringifyYaml(sortKeys(o));
    const { apiVersion: version, ...rest } = list as { apiVersion: string };
    const before: Record<string, unknown> = { apiVersion: version };
    const after: Record<string, unknown> = {};
    for (const [k, v] of Object.entries(rest)) if (k !== field) (k < field ? before : after)[k] = v;
    parts.push(utf8(`${text(before)}${field}:\n`));
    await each((e) => parts.push(utf8(text([item(e)]))));
    if (Object.keys(after).length) parts.push(utf8(text(after)));
    return { status: 200, contentType: 'application/yaml', body: concat(parts) };
  }
  const { [field]: _, ...head } = list as Record<string, unknown>;
  const indent = r.pretty ? 2 : undefined;
  const [open, comma, close] = r.pretty ? [`,\n  "${field}": [\n    `, ',\n    ', '\n  ]\n}\n'] : [`,"${field}":[`, ',', ']}\n'];
  parts.push(utf8(JSON.stringify(head, null, indent).replace(r.pretty ? /\n\}$/ : /\}$/, '') + open));
  let first = true;
  await each((e) => {
    const text = JSON.stringify(item(e), null, indent);
    parts.push(utf8((first ? '' : comma) + (r.pretty ? text.replaceAll('\n', '\n    ') : text)));
    first = false;
  });
  parts.push(utf8(close));
  return { status: 200, contentType: 'application/json', body: concat(parts) };
}

/** Keys in alphabetical order, as Go's YAML has them. */
export function sortKeys(v: unknown): unknown {
  if (Array.isArray(v)) return v.map(sortKeys);
  if (typeof v !== 'object' || v === null) return v;
  const o = v as Record<string, unknown>;
  return Object.fromEntries(
    Object.keys(o)
      .sort()
      .map((k) => [k, sortKeys(o[k])]),
  );
}
