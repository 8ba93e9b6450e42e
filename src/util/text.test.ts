import { expect, it } from 'vitest';
import { matchGlob, trimEnd } from './text.js';

it.each([
  ['a/b//', '/', 'a/b'],
  ['---', '-.', ''],
  ['a', '/', 'a'],
  ['', '/', ''],
])('%j without %j at its end', (text, set, rest) => expect(trimEnd(text, set)).toBe(rest));

it.each([
  ['*', 'abc', true],
  ['*', '', true],
  ['a*c', 'abbc', true],
  ['a*c', 'abbd', false],
  ['a?c', 'abc', true],
  ['a?c', 'ac', false],
  ['[a-c]x', 'bx', true],
  ['[^a-c]x', 'bx', false],
  ['[^a-c]x', 'dx', true],
  ['[a', 'a', false],
  ['[]a]', ']', false],
  ['[\\]a]', ']', true],
  ['\\*', '*', true],
  ['\\*', 'a', false],
  ['a*b*c', 'axxbyyc', true],
  ['a*b', 'a/b', false],
  ['', '', true],
  ['', 'a', false],
  ['a+b.', 'a+b.', true],
  ['a.c', 'abc', false],
  [`${'a*'.repeat(50_000)}b`, 'a'.repeat(1000), false],
  [`${'*a'.repeat(20)}b`, 'a'.repeat(50_000), false],
])('%.20s matches %.20s: %s', (pattern, text, is) => expect(matchGlob(pattern, text)).toBe(is));
