/** A text as Go's `%q` writes it: what Go programs read back with strconv.Unquote. Source: https://pkg.go.dev/strconv#Quote */

import { table } from './own.js';

const SHORT: Readonly<Record<string, string>> = table({
  '"': '\\"',
  '\\': '\\\\',
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
});
/** Letters, marks, numbers, punctuation, symbols, and of all spaces the plain one. */
const HIDDEN = /["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu;

export const goQuote = (text: string): string => `"${text.replace(/\p{Cs}/gu, '\ufffd').replace(HIDDEN, escaped)}"`;

function escaped(c: string): string {
  const short = SHORT[c];
  if (short !== undefined) return short;
  const code = c.codePointAt(0)!;
  const hex = (digits: number) => code.toString(16).padStart(digits, '0');
  return code < 0x80 ? `\\x${hex(2)}` : code < 0x10000 ? `\\u${hex(4)}` : `\\U${hex(8)}`;
}
