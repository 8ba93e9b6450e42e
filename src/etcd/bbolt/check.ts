/** Whether a database is whole: every page is reached once or free, and every bucket's keys ascend. */
import { PAGE_HEAD, PageFlag } from './format.js';
import { type Bucket, CorruptDatabaseError, type Database } from './reader.js';

/** In a freelist page: the real count is the first number of the list. */
const COUNT_FOLLOWS = 0xffff;

/** What is wrong, a line each; empty for a database that is whole. A damaged page ends the search. */
export function checkDatabase(db: Database): string[] {
  const problems: string[] = [];
  const { pageCount, freelist } = db.meta;
  const reached = new Uint8Array(pageCount);
  reached[0] = reached[1] = 1;
  const visit = (id: number, pages: number) => {
    for (let i = id; i < id + pages; i++) {
      if (reached[i]) throw new CorruptDatabaseError(`page ${i}: multiple references`);
      reached[i] = 1;
    }
  };
  try {
    const free = freelist === undefined ? undefined : freePages(db, freelist, visit);
    walk(db.root(), visit);
    // Without a freelist on disk, what is not reached is free.
    if (free === undefined) return problems;
    for (const id of free) {
      if (reached[id]) problems.push(`page ${id}: reachable freed`);
      reached[id] = 1;
    }
    for (let i = 0; i < pageCount; i++) if (!reached[i]) problems.push(`page ${i}: unreachable unfreed`);
  } catch (e) {
    if (!(e instanceof CorruptDatabaseError)) throw e;
    problems.push(e.message);
  }
  return problems;
}

function walk(bucket: Bucket, visit: (id: number, pages: number) => void): void {
  for (const entry of bucket.entries(visit)) if (entry.isBucket) walk(bucket.open(entry), visit);
}

function freePages(db: Database, id: number, visit: (id: number, pages: number) => void): number[] {
  const page = db.page(id, visit);
  if (page.flags !== PageFlag.freelist) throw new CorruptDatabaseError(`page ${id}: not a freelist (flags: ${page.flags.toString(16)})`);
  const { bytes } = page;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const follows = page.count === COUNT_FOLLOWS;
  const count = follows ? Number(view.getBigUint64(PAGE_HEAD, true)) : page.count;
  const from = PAGE_HEAD + (follows ? 8 : 0);
  if (from + count * 8 > bytes.length) throw new CorruptDatabaseError(`page ${id}: a freelist of ${count} pages does not fit`);
  const free: number[] = [];
  for (let i = 0; i < count; i++) {
    const freed = Number(view.getBigUint64(from + i * 8, true));
    if (freed < 2 || freed >= db.meta.pageCount) throw new CorruptDatabaseError(`page ${id}: the freed page ${freed} is out of bounds`);
    free.push(freed);
  }
  return free;
}
