import { expect, it } from 'vitest';
import { regexProblem } from './regex.js';

it.each<[string, string | undefined]>([
  ['^(?i)(abort|warn)?$', undefined],
  ['\\-', undefined],
  ['[[:alpha:]]+', undefined],
  ['\\p{Greek}', undefined],
  ['(?P<year>\\d{4})', undefined],
  ['(?=a)', 'error parsing regexp: invalid or unsupported Perl syntax: `(?=`'],
  ['(a)\\1', 'error parsing regexp: invalid escape sequence: `\\1`'],
  ['(', 'error parsing regexp: missing closing ): `(`'],
  ['a{1001}', 'error parsing regexp: invalid repeat count: `{1001}`'],
  ['((a{100}){100}){100}', 'error parsing regexp: invalid repeat count: `{100}`'],
  ['('.repeat(3000) + ')'.repeat(3000), 'error parsing regexp: expression nests too deeply'],
  ['a'.repeat(10_001), 'error parsing regexp: expression too long: more than 10000 characters'],
])('%s', (pattern, problem) => expect(regexProblem(pattern)).toBe(problem));
