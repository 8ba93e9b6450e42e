import { describe, expect, it } from 'vitest';
import { canonicalIp, familyOf, ipAddress, isStrictlyWithin, strictCidr, strictIp } from './ip.js';
import * as names from './names.js';

type Rule = (text: string) => names.Messages;
const table: [string, Rule, string[], string[]][] = [
  ['dns1123Label', names.dns1123Label, ['a', '0a', 'a-b', 'a'.repeat(63)], ['', '-a', 'a-', 'A', 'a.b', 'a_b', 'a'.repeat(64)]],
  ['dns1123Subdomain', names.dns1123Subdomain, ['a', 'a.b', '0.1', 'a'.repeat(253)], ['', '.a', 'a..b', 'a.', 'A', 'a'.repeat(254)]],
  ['dns1035Label', names.dns1035Label, ['a', 'a-0'], ['', '0a', 'a-', 'a.b']],
  ['qualifiedName', names.qualifiedName, ['a', 'A_b.c', 'example.com/a'], ['', '/a', 'a/', 'a/b/c', '-a', 'Example/a', 'a'.repeat(64)]],
  ['labelValue', names.labelValue, ['', 'a', 'A_b.c-1'], ['-a', 'a b', 'a/b', 'a'.repeat(64)]],
  ['cIdentifier', names.cIdentifier, ['a', '_a0'], ['', '0a', 'a-b']],
  ['envVarName', names.envVarName, ['a', 'a.b-c', '_', 'a:b', '-x'], ['', 'a=b']],
  ['configMapKey', names.configMapKey, ['a', '.a', 'A_b-c'], ['', '.', '..', '..a', 'a/b', 'a'.repeat(254)]],
  ['percent', names.percent, ['0%', '150%'], ['', '1', '-1%', '1.5%']],
  ['httpHeaderName', names.httpHeaderName, ['X-A', 'a'], ['', 'a b', 'a:b']],
  ['portName', names.portName, ['http', 'a-1', '1a'], ['', '80', 'a--b', '-a', 'A', 'much-too-long-name']],
  ['wildcardSubdomain', names.wildcardSubdomain, ['*.a.b'], ['a.b', '*', '*a.b', 'a.*.b']],
  ['pathSegment', names.pathSegment, ['a', 'A b:c'], ['.', '..', 'a/b', 'a%b']],
  ['strictIp', strictIp, ['10.0.0.1', '::1', 'fd00::1'], ['', '010.0.0.1', '10.0.0', '1.2.3.4.5', 'FD00::1', 'a']],
  ['ipAddress', ipAddress, ['10.0.0.1', 'FD00::1'], ['', '010.0.0.1', '10.0.0.256', 'fe80::1%eth0']],
  ['strictCidr', strictCidr, ['10.0.0.0/8', 'fd00::/64', '0.0.0.0/0'], ['', '10.0.0.1', '10.0.0.1/8', '10.0.0.0/33', '10.0.0.0/08']],
];

describe.each(table)('%s', (_name, rule, right, wrong) => {
  it.each(right)('accepts %j', (text) => expect(rule(text)).toEqual([]));
  it.each(wrong)('refuses %j', (text) => expect(rule(text)).not.toEqual([]));
});

it('speaks in the words of Kubernetes', () => {
  expect(names.dns1123Label('A')).toEqual([
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
  ]);
  expect(names.dns1123Label('a'.repeat(64))).toEqual(['must be no more than 63 characters']);
  expect(names.portNumber(0)).toEqual(['must be between 1 and 65535, inclusive']);
  expect(strictIp('x')).toEqual(['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']);
});

it('lets a generateName end in a dash', () => {
  expect(names.subdomainName('a-', true)).toEqual([]);
  expect(names.subdomainName('a-', false)).not.toEqual([]);
});

it('knows families and ranges', () => {
  expect([familyOf('10.0.0.1'), familyOf('fd00::1'), familyOf('x')]).toEqual(['IPv4', 'IPv6', undefined]);
  expect(canonicalIp('FD00:0::1')).toBe('fd00::1');
  expect(isStrictlyWithin('10.1.0.0/16', '10.0.0.0/8')).toBe(true);
  expect(isStrictlyWithin('10.0.0.0/8', '10.0.0.0/8')).toBe(false);
});
