import { describe, expect, it } from 'vitest';
import { fieldSelectorText, matchesFields, parseFieldSelector } from './fields.js';
import { parseSelector, selectorFromMap, selectorFromObject } from './labels.js';

describe('label selectors as text', () => {
  it.each([
    ['', {}, true],
    ['a', { a: '' }, true],
    ['a', {}, false],
    ['!a', {}, true],
    ['!a', { a: '1' }, false],
    ['a=1', { a: '1' }, true],
    ['a==1', { a: '2' }, false],
    ['a!=1', {}, true],
    ['a!=1', { a: '1' }, false],
    ['a in (1,2)', { a: '2' }, true],
    ['a in (1,2)', {}, false],
    ['a notin (1,2)', {}, true],
    ['a notin (1,2)', { a: '1' }, false],
    ['a in (1),b!=2', { a: '1', b: '3' }, true],
    ['a>1', { a: '2' }, true],
    ['a>1', { a: 'x' }, false],
    ['a<1', { a: '0' }, true],
    ['a=', { a: '' }, true],
    ['a in (,1)', { a: '' }, true],
    ['example.com/a = 1 , b', { 'example.com/a': '1', b: '' }, true],
  ])('%j on %j: %s', (text, labels, matches) => {
    expect(parseSelector(text).matches(labels)).toBe(matches);
  });

  it('is written in one way', () => {
    expect(parseSelector('b notin (y,x), a , !c, d==1').toString()).toBe('a,b notin (x,y),!c,d==1');
    expect(parseSelector('').empty).toBe(true);
  });

  it.each([
    ['a in', 'unable to parse requirement: '],
    ['a in 1', 'unable to parse requirement: found '],
    ['=1', "found '=', expected: !, identifier, or 'end of string'"],
    ['a=b=c', "found '=', expected: ',' or 'end of string'"],
    ['a,,b', "found ',', expected: identifier after ','"],
    ['-a=1', 'unable to parse requirement: <nil>: Invalid value: "-a"'],
    ['a=-', 'values[0][a]: Invalid value: "-"'],
    ['a>x', 'values[0]: Invalid value: "x"'],
  ])('%j is refused: %s', (text, why) => {
    expect(() => parseSelector(text)).toThrow(why);
  });
});

it('reads selectors of objects: no selector selects nothing, an empty one everything', () => {
  expect(selectorFromObject(undefined).matches({})).toBe(false);
  expect(selectorFromObject({}).matches({})).toBe(true);
  const selector = selectorFromObject({
    matchLabels: { app: 'web' },
    matchExpressions: [
      { key: 'tier', operator: 'In', values: ['a', 'b'] },
      { key: 'old', operator: 'DoesNotExist' },
    ],
  });
  expect(selector.matches({ app: 'web', tier: 'b' })).toBe(true);
  expect(selector.matches({ app: 'web', tier: 'b', old: '' })).toBe(false);
  expect(selector.matches({ app: 'web' })).toBe(false);
  expect(selector.toString()).toBe('app=web,!old,tier in (a,b)');
  expect(selectorFromMap({ a: '1' }).matches({ a: '1', b: '2' })).toBe(true);
});

describe('field selectors', () => {
  const pod = (name: string) => ({ 'metadata.name': 'a', 'status.phase': 'Running', 'spec.x': 'a,b=c\\' })[name] ?? '';
  it.each([
    ['', true],
    ['metadata.name=a', true],
    ['metadata.name==a,status.phase!=Failed', true],
    ['status.phase!=Running', false],
    ['spec.x=a\\,b\\=c\\\\', true],
  ])('%j: %s', (text, matches) => {
    expect(matchesFields(parseFieldSelector(text), pod)).toBe(matches);
  });
  it('is written in one way, with escapes', () => {
    expect(fieldSelectorText(parseFieldSelector('a==1,b!=x\\,y'))).toBe('a=1,b!=x\\,y');
  });
  it.each(['a', 'a=\\x', 'a=b,c'])('%j is refused', (text) => {
    expect(() => parseFieldSelector(text)).toThrow();
  });
});
