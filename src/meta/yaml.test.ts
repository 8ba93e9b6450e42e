import { describe, expect, it } from 'vitest';
import { DEPTH_LIMIT, parseJson } from './json.js';
import { parseYaml, parseYamlDocuments, readYaml, stringifyYaml, YamlError } from './yaml.js';

it.each([
  ['0644', 420],
  ['0o17', 15],
  ['0x1F', 31],
  ['1_000', 1000],
  ['08', 8],
  ['yes', true],
  ['off', false],
  ['No', false],
  ['"no"', 'no'],
  ['~', null],
  ['12:30:45', '12:30:45'],
  ['2020-01-01', '2020-01-01'],
  ['2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z'],
  ['10Mi', '10Mi'],
  ['1e3', 1000],
])('reads %s as the original does', (text, value) => {
  expect(parseYaml(`a: ${text}\n`)).toEqual({ a: value });
});

it('reads anchors and merged maps, and several documents', () => {
  expect(parseYaml('base: &x {z: 1}\nm: {<<: *x, w: 2}\n')).toEqual({ base: { z: 1 }, m: { z: 1, w: 2 } });
  expect(parseYamlDocuments('a: 1\n---\nb: 0644\n')).toEqual([{ a: 1 }, { b: 420 }]);
  expect(parseYamlDocuments('')).toEqual([]);
  expect(() => parseYamlDocuments('a: [')).toThrow();
});

it.each(['yes', '0644', 'off', '0o17', '12:30:45', '2020-01-01', 'null', 'y', '1_000', 'plain', '# no comment', 'a: b'])(
  'writes the string %j so that it is read as one',
  (text) => {
    const written = stringifyYaml({ [text]: text });
    expect(parseYaml(written)).toEqual({ [text]: text });
  },
);

const keys = (n: number, of: (i: number) => string, separator = '\n') => Array.from({ length: n }, (_, i) => of(i)).join(separator);

// Each took from ten seconds to minutes, or the stack, where a step looked back at all before it.
describe('the work is in proportion to the text', () => {
  it.each([
    ['keys of a mapping', keys(60_000, (i) => `k${i}: v`)],
    ['keys of a flow mapping', `{${keys(60_000, (i) => `k${i}: v`, ', ')}}`],
    ['anchors, each used', `${keys(30_000, (i) => `a${i}: &a${i} x`)}\n${keys(30_000, (i) => `b${i}: *a${i}`)}`],
    ['the same key again and again', keys(100_000, () => 'k: v')],
    ['comments', `${'#x\n'.repeat(900_000)}a: 1`],
    ['directives', `${'%x y\n'.repeat(100_000)}---\na: 1`],
    ['documents', '---\n'.repeat(100_000)],
  ])('%s', (_, text) => {
    const started = performance.now();
    expect(() => readYaml(text)).not.toThrow();
    expect(performance.now() - started).toBeLessThan(8000);
  });

  it.each([
    ['wrong escapes', `"${'\\q'.repeat(200_000)}"`],
    ['lists within lists', '['.repeat(100_000)],
    ['mappings within mappings', '{a: '.repeat(100_000)],
    ['blocks within blocks', '- '.repeat(100_000)],
    ['aliases that double', keys(40, (i) => `a${i}: &a${i} ${i ? `[*a${i - 1}, *a${i - 1}]` : 'x'}`)],
    ['aliases of one long text', `a: &a ${'x'.repeat(100_000)}\nb: [${'*a, '.repeat(1000)}]`],
    ['an alias within itself', 'a: &a [*a]'],
    ['aliases that go deep', keys(40, (i) => `a${i}: &a${i} ${i ? `${'['.repeat(30)}*a${i - 1}${']'.repeat(30)}` : 'x'}`)],
    ['merges that add up', `a: &a {${keys(2000, (i) => `k${i}: 1`, ', ')}}\nb: {<<: [${'*a, '.repeat(2000)}]}`],
  ])('%s are refused', (_, text) => {
    const started = performance.now();
    expect(() => readYaml(text)).toThrow(YamlError);
    expect(performance.now() - started).toBeLessThan(8000);
  });

  it('JSON has the same depth', () => {
    expect(parseJson('['.repeat(DEPTH_LIMIT) + ']'.repeat(DEPTH_LIMIT))).toBeInstanceOf(Array);
    expect(() => parseJson('['.repeat(DEPTH_LIMIT + 1) + ']'.repeat(DEPTH_LIMIT + 1))).toThrow('exceeded max depth');
    expect(() => parseJson('{"a":'.repeat(100_000))).toThrow(SyntaxError);
    expect(parseJson(JSON.stringify({ a: '['.repeat(10_000) }))).toEqual({ a: '['.repeat(10_000) });
    expect(parseJson(`[${keys(10_000, () => '[{}]', ',')}]`)).toHaveLength(10_000);
  });
});

it.each([
  ['a: 1\na: 2\nb: 1\n', { a: 2, b: 1 }, ['line 2: key "a" already set in map']],
  ['m: {x: 1, x: 2}', { m: { x: 2 } }, ['line 1: key "x" already set in map']],
  ['a: &a {x: 1}\nb: {<<: *a, x: 2}', { a: { x: 1 }, b: { x: 2 } }, []],
])('%j: the last of doubled keys counts, and is told of', (text, value, duplicates) => {
  const [only] = readYaml(text);
  expect(only!.value).toEqual(value);
  if (duplicates.length) expect(only!.duplicates).toEqual(duplicates);
});

it.each([
  ['{1: a, true: b, 1.5: c, 0x10: d}', { 1: 'a', true: 'b', '1.5': 'c', 16: 'd' }],
  ['a: !!str 1', { a: '1' }],
  ['a: ! 1', { a: '1' }],
  ['a: !!binary aGk=', { a: 'hi' }],
  ['a: !!float 1', { a: 1 }],
  ['a: !mine 1', { a: '1' }],
  ['constructor: 1\n__proto__: {a: 1}', JSON.parse('{"constructor":1,"__proto__":{"a":1}}')],
  ['? a\n: b', { a: 'b' }],
  ['- - a\n  - b\n- c: |\n    x\n    y\n', [['a', 'b'], { c: 'x\ny\n' }]],
  ['\ufeffa: 1', { a: 1 }],
  ['{a, b: }', { a: null, b: null }],
  ['*a', undefined],
  ['a: !!int x', undefined],
  ['a: .nan', undefined],
  ['[a]: b', undefined],
  ['~: b', undefined],
  ['a:\n\tb: 1', undefined],
])('%j', (text, value) => {
  if (value === undefined) expect(() => parseYaml(text)).toThrow(YamlError);
  else expect(parseYaml(text)).toStrictEqual(value);
});
