/** Small work on text, in one pass each. */

/** Without the characters of `set` at its end: a pattern such as /x+$/ begins anew at each of them. */
export function trimEnd(text: string, set: string): string {
  let end = text.length;
  while (end > 0 && set.includes(text[end - 1]!)) end--;
  return end === text.length ? text : text.slice(0, end);
}

/** Go's path.Match without its classes' negation by `!`: `*` any run, `?` any one, `[a-z]`, `[^a]` and `\\c`; slashes only by themselves. */
export function matchGlob(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  // The last star, and how far the text was when it was met: if all fails behind it, it takes one more.
  let star = -1;
  let from = 0;
  while (t < text.length || p < pattern.length) {
    if (pattern[p] === '*') {
      star = p++;
      from = t;
      continue;
    }
    const next = t < text.length ? one(pattern, p, text[t]!) : -1;
    if (next >= 0) {
      p = next;
      t++;
    } else if (star >= 0 && from < text.length && text[from] !== '/') {
      p = star + 1;
      t = ++from;
    } else return false;
  }
  return true;
}

/** Where the pattern goes on if its next part takes the character; -1 if not, or if it is none. */
function one(pattern: string, p: number, c: string): number {
  const part = pattern[p];
  if (part === undefined) return -1;
  if (part === '?') return c === '/' ? -1 : p + 1;
  if (part === '\\') return pattern[p + 1] === c ? p + 2 : -1;
  if (part !== '[') return part === c ? p + 1 : -1;
  let i = p + 1;
  const not = pattern[i] === '^';
  if (not) i++;
  let found = false;
  for (let first = true; first || pattern[i] !== ']'; first = false) {
    if (i >= pattern.length) return -1;
    if (pattern[i] === ']' || pattern[i] === '-') return -1;
    if (pattern[i] === '\\') i++;
    const low = pattern[i++] ?? '';
    let high = low;
    if (pattern[i] === '-' && pattern[i + 1] !== ']') {
      i++;
      if (pattern[i] === '\\') i++;
      high = pattern[i++] ?? '';
    }
    if (low <= c && c <= high) found = true;
  }
  return found !== not && c !== '/' ? i + 1 : -1;
}
