/** All changes since the last compaction in the order in which they were made: what a watch from an old revision reads. */
import { byRevision, type Version } from './version.js';

export class History {
  private items: Version[] = [];

  get length(): number {
    return this.items.length;
  }

  push(version: Version): void {
    this.items.push(version);
  }

  at(index: number): Version {
    return this.items[index]!;
  }

  /** Index of the first change at or after `revision`. */
  from(revision: number): number {
    let lo = 0;
    let hi = this.items.length;
    while (lo < hi) {
      const mid = (lo + hi) >>> 1;
      if (this.items[mid]!.mod < revision) lo = mid + 1;
      else hi = mid;
    }
    return lo;
  }

  /** Forgets what came before `revision`. */
  dropBefore(revision: number): void {
    this.items = this.items.slice(this.from(revision));
  }

  /** Recovery gives the changes in the order of the files. */
  load(versions: Version[]): void {
    for (let i = 1; i < versions.length; i++) {
      if (byRevision(versions[i - 1]!, versions[i]!) > 0) {
        versions.sort(byRevision);
        break;
      }
    }
    this.items = versions;
  }
}
