import { expect, it } from 'vitest';
import { optionalBool, queryBool } from './query.js';

it.each([
  ['', false, undefined],
  ['a', true, true],
  ['a=', true, true],
  ['a=0', false, false],
  ['a=false', false, false],
  ['a=False', false, false],
  ['a=FALSE', false, false],
  ['a=1', true, true],
  ['a=true', true, true],
  ['a=True', true, true],
  ['a=yes', true, true],
  ['a=no', true, true],
  ['a=f', true, true],
  ['a=false&a=true', false, false],
])('%j', (text, is, optional) => {
  const query = new URLSearchParams(text);
  expect([queryBool(query, 'a'), optionalBool(query, 'a')]).toEqual([is, optional]);
});
