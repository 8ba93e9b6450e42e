/**
 * The bbolt file format: pages of one size, each with a 16-byte head; two meta pages, a freelist, and one B+ tree per bucket.
 * All integers are little-endian. Source: https://github.com/etcd-io/bbolt (internal/common).
 */
export const PAGE_SIZE = 4096;
/** A page's head: id u64, flags u16, count u16, overflow u32 (how many pages more it spans). */
export const PAGE_HEAD = 16;
/** An element of a leaf (flags, position, key size, value size) and of a branch (position, key size, page id). */
export const ELEMENT = 16;
/** A bucket's value: root page u64 (0: the one page follows inline), sequence u64. */
export const BUCKET_HEAD = 16;
export const BUCKET_FLAG = 1;
/** A key may be no longer. */
export const MAX_KEY = 32768;
/** The first page that is neither meta page. */
export const FIRST_PAGE = 2;
/** In a meta page: there is no freelist on disk. */
export const NO_FREELIST = 0xffff_ffff_ffff_ffffn;

export const PageFlag = { branch: 0x01, leaf: 0x02, meta: 0x04, freelist: 0x10 } as const;

const MAGIC = 0xed0cdaed;
const VERSION = 2;
/** Of a meta page's body: magic, version, page size, flags, root, sequence, freelist, page count, transaction, checksum. */
const META_SIZE = 64;
const META_CHECKED = 56;

export interface Meta {
  readonly pageSize: number;
  /** The root bucket's page. */
  readonly root: number;
  readonly freelist: number | undefined;
  /** Pages in use are those below. */
  readonly pageCount: number;
  readonly txid: bigint;
}

export function writeMetaPage(page: Uint8Array, index: number, meta: Meta): void {
  const view = new DataView(page.buffer, page.byteOffset, page.length);
  writePageHead(view, index, PageFlag.meta, 0, 0);
  const at = PAGE_HEAD;
  view.setUint32(at, MAGIC, true);
  view.setUint32(at + 4, VERSION, true);
  view.setUint32(at + 8, meta.pageSize, true);
  view.setBigUint64(at + 16, BigInt(meta.root), true);
  view.setBigUint64(at + 32, meta.freelist === undefined ? NO_FREELIST : BigInt(meta.freelist), true);
  view.setBigUint64(at + 40, BigInt(meta.pageCount), true);
  view.setBigUint64(at + 48, meta.txid, true);
  view.setBigUint64(at + META_CHECKED, fnv1a64(page.subarray(at, at + META_CHECKED)), true);
}

/** A meta page, or what is wrong with it. */
export function readMetaPage(page: Uint8Array): Meta | string {
  if (page.length < PAGE_HEAD + META_SIZE) return 'the file is too short';
  const view = new DataView(page.buffer, page.byteOffset, page.length);
  const at = PAGE_HEAD;
  if (view.getUint32(at, true) !== MAGIC) return 'invalid database';
  if (view.getUint32(at + 4, true) !== VERSION) return 'version mismatch';
  if (view.getBigUint64(at + META_CHECKED, true) !== fnv1a64(page.subarray(at, at + META_CHECKED))) return 'checksum error';
  const freelist = view.getBigUint64(at + 32, true);
  return {
    pageSize: view.getUint32(at + 8, true),
    root: Number(view.getBigUint64(at + 16, true)),
    freelist: freelist === NO_FREELIST ? undefined : Number(freelist),
    pageCount: Number(view.getBigUint64(at + 40, true)),
    txid: view.getBigUint64(at + 48, true),
  };
}

export function writePageHead(view: DataView, id: number, flags: number, count: number, overflow: number): void {
  view.setBigUint64(0, BigInt(id), true);
  view.setUint16(8, flags, true);
  view.setUint16(10, count, true);
  view.setUint32(12, overflow, true);
}

function fnv1a64(bytes: Uint8Array): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const b of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(b)) * 0x100000001b3n);
  return hash;
}

export function compareKeys(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}
