import { expect, it } from 'vitest';
import { parseYaml, parseYamlDocuments, stringifyYaml } from './yaml.js';

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
