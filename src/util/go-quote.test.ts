import { expect, it } from 'vitest';
import { goQuote } from './go-quote.js';

it.each([
  ['plain text', '"plain text"'],
  ['a"b\\c', '"a\\"b\\\\c"'],
  ['\x07\b\f\n\r\t\v', '"\\a\\b\\f\\n\\r\\t\\v"'],
  ['\0\x1f\x7f', '"\\x00\\x1f\\x7f"'],
  ['\u00a0\u2028\u200b\ufeff', '"\\u00a0\\u2028\\u200b\\ufeff"'],
  ['ä漢é😀', '"ä漢é😀"'],
  ['\ud800', '"\ufffd"'],
  ['\u{e0001}', '"\\U000e0001"'],
])('%j is written %s', (text, right) => expect(goQuote(text)).toBe(right));
