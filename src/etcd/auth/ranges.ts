/** Sets of keys made of ranges: what a user may read, and what a user may write. */
import type { KeyRange } from '../../store/store.js';

/** From `from` on, to before `to`; `to` undefined: to the last key. */
interface Span {
  readonly from: string;
  readonly to: string | undefined;
}

export class KeyRanges {
  /** In order, and none touches the next. */
  private readonly spans: readonly Span[];

  constructor(ranges: Iterable<KeyRange>) {
    const spans: Span[] = [];
    for (const span of [...ranges].map(spanOf).sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0))) {
      const last = spans.at(-1);
      if (last === undefined || (last.to !== undefined && last.to < span.from)) spans.push(span);
      else spans[spans.length - 1] = { from: last.from, to: later(last.to, span.to) };
    }
    this.spans = spans;
  }

  /** Whether every key of `range` is in the set. A range without keys is in where its start is. */
  holds(range: KeyRange): boolean {
    const { from, to } = spanOf(range);
    const span = this.spans.findLast((s) => s.from <= from);
    if (span === undefined) return false;
    if (span.to === undefined) return true;
    return from < span.to && to !== undefined && to <= span.to;
  }
}

const spanOf = ({ key, end }: KeyRange): Span => ({ from: key, to: end === undefined ? `${key}\0` : end === '\0' ? undefined : end });

const later = (a: string | undefined, b: string | undefined): string | undefined =>
  a === undefined || b === undefined ? undefined : a > b ? a : b;
