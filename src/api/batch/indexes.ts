/** Lists of indexes as Jobs write them: `1,3-5,7`. */

interface Read {
  /** How many indexes the text names. */
  readonly total: number;
  /** What is wrong with the text. */
  readonly wrong?: string;
}
type Interval = readonly [first: number, last: number];

/** Reads a list whose indexes must be below `completions` and rise. */
export function readIndexes(text: string, completions: number): Read {
  if (text === '') return { total: 0 };
  let last: number | undefined;
  let total = 0;
  for (const part of text.split(',')) {
    const interval = readInterval(part, completions);
    if (typeof interval === 'string') return { total: 0, wrong: interval };
    const [x, y] = interval;
    if (last !== undefined && last >= x) return { total: 0, wrong: `non-increasing order, previous: ${last}, current: ${x}` };
    total += y - x + 1;
    last = y;
  }
  return { total };
}

/** An index that both lists name; parts that cannot be read are passed over. */
export function overlap(completed: string, failed: string, completions: number): number | undefined {
  const readable = (text: string): Interval[] =>
    (text === '' ? [] : text.split(',').flatMap((part) => [readInterval(part, completions)].filter((i) => typeof i !== 'string'))).sort(
      ([x], [y]) => x - y,
    );
  const [a, b] = [readable(completed), readable(failed)];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const [[x, y], [u, v]] = [a[i]!, b[j]!];
    if (x <= v && u <= y) return Math.max(x, u);
    if (y < u) i++;
    else j++;
  }
  return undefined;
}

function readInterval(text: string, completions: number): Interval | string {
  const limits = text.split('-');
  if (limits.length > 2)
    return `the fragment ${JSON.stringify(text)} violates the requirement that an index interval can have at most two parts separated by '-'`;
  const numbers: number[] = [];
  for (const limit of limits) {
    if (!/^[+-]?\d+$/.test(limit)) return `cannot convert string to integer for index: ${JSON.stringify(limit)}`;
    if (Number(limit) >= completions) return `too large index: ${JSON.stringify(limit)}`;
    numbers.push(Number(limit));
  }
  const [x, y = x] = numbers as [number, number?];
  if (numbers.length > 1 && x >= y) return `non-increasing order, previous: ${x}, current: ${y}`;
  return [x, y];
}
