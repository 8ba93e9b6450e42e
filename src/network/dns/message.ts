/** What of a DNS message may be believed. Pure. Source: RFC 5452 (forgery), RFC 1035 */
import packet, { type Packet } from 'dns-packet';

export type Record = packet.Answer;
/** A query is a name and a few options: what is longer is none. */
export const MAX_QUERY = 4096;
const RESPONSE = 0x80;
const OPCODE = 0x78;
const TRUNCATED = 0x02;
/** Names that lead to each other, one after another. */
const MAX_CHAIN = 8;
const MAX_RECORDS = 256;

export const idOf = (m: Uint8Array): number => (m[0]! << 8) | m[1]!;
export const isTruncated = (m: Uint8Array): boolean => (m[2]! & TRUNCATED) !== 0;

/** The same message under another number. */
export function withId(m: Uint8Array, id: number): Uint8Array {
  const out = new Uint8Array(m); // a copy: `slice` of a Buffer is none
  out[0] = id >> 8;
  out[1] = id & 0xff;
  return out;
}

const sameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** Whether a message answers this query: its number, its question, and that alone. */
export function answers(query: Uint8Array, m: Uint8Array): boolean {
  if (m.length < 12 || idOf(m) !== idOf(query) || (m[2]! & RESPONSE) === 0 || (m[2]! & OPCODE) !== 0) return false;
  try {
    const asked = packet.decode(Buffer.from(query)).questions?.[0];
    const told = packet.decode(Buffer.from(m)).questions ?? [];
    const [same] = told;
    return told.length === 1 && !!asked && sameName(same!.name, asked.name) && same!.type === asked.type && same!.class === asked.class;
  } catch {
    return false;
  }
}

/**
 * Of the records that came for `name`: those of the name itself, and of the names that it is another name of. Whatever else a resolver puts in is
 * not asked for.
 */
export function chain(records: readonly Record[], name: string, type: string): Record[] {
  const byName = new Map<string, Record[]>();
  for (const r of records.slice(0, MAX_RECORDS)) {
    const key = r.name.toLowerCase();
    const list = byName.get(key);
    if (list) list.push(r);
    else byName.set(key, [r]);
  }
  const out: Record[] = [];
  let at = name.toLowerCase();
  for (let step = 0; step < MAX_CHAIN; step++) {
    const here = byName.get(at) ?? [];
    byName.delete(at); // a circle ends
    const wanted = here.filter((r) => r.type === type);
    if (wanted.length || type === 'CNAME') return [...out, ...wanted];
    const alias = here.find((r) => r.type === 'CNAME');
    if (alias?.type !== 'CNAME') return out;
    out.push(alias);
    at = alias.data.toLowerCase();
  }
  return out;
}

/** Undefined: no query that could be answered. */
export function decodeQuery(bytes: Uint8Array): Packet | undefined {
  if (bytes.length > MAX_QUERY) return undefined;
  try {
    const query = packet.decode(Buffer.from(bytes));
    return query.type === 'query' && query.questions?.length === 1 ? query : undefined;
  } catch {
    return undefined;
  }
}
