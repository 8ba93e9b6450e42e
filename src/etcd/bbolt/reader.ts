/** Reads a bbolt database, from a file or from bytes, and says which page is broken. */
import { BUCKET_FLAG, BUCKET_HEAD, compareKeys, ELEMENT, type Meta, PAGE_HEAD, PageFlag, readMetaPage } from './format.js';

/** Where the bytes are. */
export interface ByteSource {
  readonly size: number;
  /** Exactly `length` bytes, which nobody changes; only asked for within `size`. */
  read(offset: number, length: number): Uint8Array;
}

export const bytesSource = (bytes: Uint8Array): ByteSource => ({
  size: bytes.length,
  read: (offset, length) => bytes.subarray(offset, offset + length),
});

/** The file is no bbolt database, or is damaged; the text names the page. */
export class CorruptDatabaseError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CorruptDatabaseError';
  }
}

export interface Entry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** The value is a bucket's head. */
  readonly isBucket: boolean;
}

/** Is told of each page that a walk comes to, before it is read. */
export type PageVisitor = (id: number, pages: number) => void;

/** A tree of real databases is some four levels deep: more is a loop. */
const MAX_DEPTH = 32;
const MIN_PAGE_SIZE = 1024;
const MAX_PAGE_SIZE = 16 * 1024 * 1024;
const bad = (page: number, what: string) => new CorruptDatabaseError(`page ${page}: ${what}`);

export class Database {
  readonly meta: Meta;

  /** Throws CorruptDatabaseError where neither meta page is whole. */
  constructor(readonly source: ByteSource) {
    this.meta = newestMeta(source);
    const { pageCount, pageSize } = this.meta;
    if (pageCount * pageSize > source.size)
      throw new CorruptDatabaseError(
        `the file is too short: ${pageCount} pages of ${pageSize} bytes are told, it has ${source.size} bytes`,
      );
  }

  /** What lies at the top: the buckets, in the order of their names. */
  root(): Bucket {
    return new Bucket(this, this.meta.root, undefined);
  }

  bucket(name: string): Bucket | undefined {
    return this.root().bucket(new TextEncoder().encode(name));
  }

  /** A page with all it spans. */
  page(id: number, visit?: PageVisitor): Page {
    const { pageSize, pageCount } = this.meta;
    if (!(id >= 2 && id < pageCount)) throw bad(id, `out of bounds: ${pageCount}`);
    const head = this.source.read(id * pageSize, PAGE_HEAD);
    const view = new DataView(head.buffer, head.byteOffset, head.length);
    const pages = view.getUint32(12, true) + 1;
    const found = Number(view.getBigUint64(0, true));
    if (found !== id) throw bad(id, `the page found there says it is page ${found}`);
    if (id + pages > pageCount) throw bad(id, `it spans ${pages} pages, past the end (${pageCount})`);
    visit?.(id, pages);
    return new Page(id, this.source.read(id * pageSize, pages * pageSize));
  }
}

function newestMeta(source: ByteSource): Meta {
  const wrong: string[] = [];
  let best: Meta | undefined;
  const look = (offset: number) => {
    if (offset + PAGE_HEAD + 64 > source.size) return 'the file is too short';
    const meta = readMetaPage(source.read(offset, PAGE_HEAD + 64));
    if (typeof meta === 'string') return meta;
    if (best === undefined || meta.txid > best.txid) best = meta;
    return undefined;
  };
  const first = look(0);
  if (first !== undefined) wrong.push(first);
  // Where the first page does not tell the page size, the second one is looked for at each.
  if (best) look((best as Meta).pageSize);
  else for (let size = MIN_PAGE_SIZE; size <= MAX_PAGE_SIZE && best === undefined; size *= 2) look(size);
  if (best === undefined) throw new CorruptDatabaseError(`invalid database: no meta page is whole (${wrong.join(', ')})`);
  if (best.pageSize < MIN_PAGE_SIZE || best.pageSize > MAX_PAGE_SIZE)
    throw new CorruptDatabaseError(`invalid database: pages of ${best.pageSize} bytes`);
  return best;
}

/** One page's elements; an inline bucket's page has id 0. */
export class Page {
  readonly flags: number;
  readonly count: number;
  private readonly view: DataView;

  constructor(
    readonly id: number,
    readonly bytes: Uint8Array,
  ) {
    if (bytes.length < PAGE_HEAD) throw bad(id, 'an inline bucket is too short');
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.flags = this.view.getUint16(8, true);
    this.count = this.view.getUint16(10, true);
    if (PAGE_HEAD + this.count * ELEMENT > bytes.length && this.flags !== PageFlag.freelist)
      throw bad(id, `${this.count} elements do not fit`);
  }

  leaf(i: number): Entry {
    const at = PAGE_HEAD + i * ELEMENT;
    const key = this.slice(i, at + this.view.getUint32(at + 4, true), this.view.getUint32(at + 8, true));
    const from = at + this.view.getUint32(at + 4, true) + key.length;
    const value = this.slice(i, from, this.view.getUint32(at + 12, true));
    return { key, value, isBucket: (this.view.getUint32(at, true) & BUCKET_FLAG) !== 0 };
  }

  child(i: number): { key: Uint8Array; id: number } {
    const at = PAGE_HEAD + i * ELEMENT;
    const key = this.slice(i, at + this.view.getUint32(at, true), this.view.getUint32(at + 4, true));
    return { key, id: Number(this.view.getBigUint64(at + 8, true)) };
  }

  private slice(i: number, from: number, length: number): Uint8Array {
    if (from + length > this.bytes.length) throw bad(this.id, `element ${i} reaches past the end of the page`);
    return this.bytes.subarray(from, from + length);
  }
}

export class Bucket {
  constructor(
    private readonly db: Database,
    readonly rootPage: number,
    private readonly inline: Page | undefined,
  ) {}

  /** All entries in the order of their keys. Throws CorruptDatabaseError at the first page that is not as it must be. */
  *entries(visit?: PageVisitor): Generator<Entry> {
    const order: Order = { last: undefined };
    yield* this.inline ? leafEntries(this.inline, order) : this.walk(this.rootPage, 0, order, visit);
  }

  bucket(name: Uint8Array): Bucket | undefined {
    for (const entry of this.entries()) if (entry.isBucket && compareKeys(entry.key, name) === 0) return this.open(entry);
    return undefined;
  }

  /** The entry with the greatest key. */
  last(): Entry | undefined {
    let page = this.inline ?? this.db.page(this.rootPage);
    for (let depth = 0; page.flags === PageFlag.branch && page.count > 0; depth++) {
      if (depth > MAX_DEPTH) throw bad(page.id, 'the tree is too deep');
      page = this.db.page(page.child(page.count - 1).id);
    }
    return page.count > 0 && page.flags === PageFlag.leaf ? page.leaf(page.count - 1) : undefined;
  }

  /** The bucket that an entry of this one stands for. */
  open(entry: Entry): Bucket {
    const { value } = entry;
    if (value.length < BUCKET_HEAD) throw bad(this.rootPage, 'a bucket has no head');
    const root = Number(new DataView(value.buffer, value.byteOffset).getBigUint64(0, true));
    return new Bucket(this.db, root, root === 0 ? new Page(0, value.subarray(BUCKET_HEAD)) : undefined);
  }

  private *walk(id: number, depth: number, order: Order, visit: PageVisitor | undefined): Generator<Entry> {
    if (depth > MAX_DEPTH) throw bad(id, 'the tree is too deep');
    const page = this.db.page(id, visit);
    if (page.flags === PageFlag.leaf) {
      yield* leafEntries(page, order);
      return;
    }
    if (page.flags !== PageFlag.branch) throw bad(id, `unexpected page type (flags: ${page.flags.toString(16)})`);
    for (let i = 0; i < page.count; i++) yield* this.walk(page.child(i).id, depth + 1, order, visit);
  }
}

interface Order {
  last: Uint8Array | undefined;
}

function* leafEntries(page: Page, order: Order): Generator<Entry> {
  if (page.flags !== PageFlag.leaf) throw bad(page.id, `unexpected page type (flags: ${page.flags.toString(16)})`);
  for (let i = 0; i < page.count; i++) {
    const entry = page.leaf(i);
    if (order.last !== undefined && compareKeys(order.last, entry.key) >= 0) throw bad(page.id, `key ${i} is not above the one before it`);
    order.last = entry.key;
    yield entry;
  }
}
