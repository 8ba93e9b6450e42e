/** Writes a bbolt database as a stream of pages: meta pages, an empty freelist, each bucket's tree, the tree of bucket names. */
import { BUCKET_FLAG, BUCKET_HEAD, ELEMENT, FIRST_PAGE, PAGE_HEAD, PAGE_SIZE, PageFlag, writeMetaPage, writePageHead } from './format.js';
import {
  type BranchPage,
  type BucketSource,
  branchBytes,
  type LeafGroup,
  layoutTree,
  leafGroups,
  pagesOf,
  type Row,
  rowSize,
  type Tree,
} from './layout.js';

export interface DatabaseImage {
  /** Bytes of the whole file. */
  readonly size: number;
  /** The file from its beginning, in pieces of whole pages; the pieces are the taker's. */
  pages(): Iterable<Uint8Array>;
}

interface PlannedBucket {
  readonly source: BucketSource;
  readonly tree: Tree;
}

const FREELIST_PAGE = FIRST_PAGE;

/**
 * Lays out a database of top-level buckets. Reads the rows of each bucket once here (keys and sizes) and once when the pages are written.
 * Throws a RangeError where a bucket's keys are out of order, or a value is not of the size that was told.
 */
export async function planDatabase(buckets: readonly BucketSource[]): Promise<DatabaseImage> {
  const planned: PlannedBucket[] = [];
  let next = FREELIST_PAGE + 1;
  for (const source of [...buckets].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const tree = await layoutTree(source.rows(), next);
    planned.push({ source, tree });
    next = tree.end;
  }
  const names = planned.map(bucketRow);
  const root = await layoutTree(names, next);
  const pageCount = root.end;
  return {
    size: pageCount * PAGE_SIZE,
    *pages() {
      for (const index of [0, 1]) yield metaPage(index, root.root, pageCount);
      yield emptyPage(FREELIST_PAGE, PageFlag.freelist);
      for (const { source, tree } of planned) yield* treePages(tree, source.rows(), 0);
      yield* treePages(root, names, BUCKET_FLAG);
    },
  };
}

function bucketRow({ source, tree }: PlannedBucket): Row {
  return {
    key: new TextEncoder().encode(source.name),
    size: BUCKET_HEAD,
    value: () => {
      const bytes = new Uint8Array(BUCKET_HEAD);
      new DataView(bytes.buffer).setBigUint64(0, BigInt(tree.root), true);
      return bytes;
    },
  };
}

function metaPage(index: number, root: number, pageCount: number): Uint8Array {
  const page = new Uint8Array(PAGE_SIZE);
  writeMetaPage(page, index, { pageSize: PAGE_SIZE, root, freelist: FREELIST_PAGE, pageCount, txid: BigInt(index) });
  return page;
}

function emptyPage(id: number, flags: number): Uint8Array {
  const page = new Uint8Array(PAGE_SIZE);
  writePageHead(new DataView(page.buffer), id, flags, 0, 0);
  return page;
}

function* treePages(tree: Tree, rows: Iterable<Row>, flags: number): Generator<Uint8Array> {
  let next = tree.first;
  let leaves = 0;
  for (const group of leafGroups(rows)) {
    yield leafPage(next, group, flags);
    next += pagesOf(group.bytes);
    leaves++;
  }
  const [lowest] = tree.branches;
  if (leaves !== tree.leaves || (lowest !== undefined && lowest.id !== next)) throw new RangeError('the rows changed since the layout');
  if (leaves === 0) yield emptyPage(tree.first, PageFlag.leaf);
  for (const branch of tree.branches) yield branchPage(branch);
}

function leafPage(id: number, { rows, bytes }: LeafGroup, flags: number): Uint8Array {
  const page = new Uint8Array(pagesOf(bytes) * PAGE_SIZE);
  const view = new DataView(page.buffer);
  writePageHead(view, id, PageFlag.leaf, rows.length, page.length / PAGE_SIZE - 1);
  let at = PAGE_HEAD;
  let data = PAGE_HEAD + rows.length * ELEMENT;
  for (const row of rows) {
    const value = row.value();
    if (value.length !== row.size) throw new RangeError(`a value has ${value.length} bytes, ${row.size} were laid out`);
    view.setUint32(at, flags, true);
    view.setUint32(at + 4, data - at, true);
    view.setUint32(at + 8, row.key.length, true);
    view.setUint32(at + 12, value.length, true);
    page.set(row.key, data);
    page.set(value, data + row.key.length);
    at += ELEMENT;
    data += rowSize(row) - ELEMENT;
  }
  return page;
}

function branchPage({ id, children }: BranchPage): Uint8Array {
  const page = new Uint8Array(pagesOf(branchBytes(children)) * PAGE_SIZE);
  const view = new DataView(page.buffer);
  writePageHead(view, id, PageFlag.branch, children.length, page.length / PAGE_SIZE - 1);
  let at = PAGE_HEAD;
  let data = PAGE_HEAD + children.length * ELEMENT;
  for (const { firstKey, id: child } of children) {
    view.setUint32(at, data - at, true);
    view.setUint32(at + 4, firstKey.length, true);
    view.setBigUint64(at + 8, BigInt(child), true);
    page.set(firstKey, data);
    at += ELEMENT;
    data += firstKey.length;
  }
  return page;
}
