import { describe, expect, it } from 'vitest';
import { bool, port, runtimeConfig } from './kube-apiserver.js';
import { filesOf, warnings } from './kube-apiserver-flags.js';

describe('a bool', () => {
  it.each(['1', 't', 'T', 'true', 'True', 'TRUE'])('%s is on', (text) => expect(bool('--x', text)).toBe(true));
  it.each(['0', 'f', 'F', 'false', 'False', 'FALSE'])('%s is off', (text) => expect(bool('--x', text)).toBe(false));
  it.each(['', 'no', 'off', 'yes', 'tRUE', ' true'])('%j is neither', (text) =>
    expect(() => bool('--x', text)).toThrow(`--x: not a bool: ${JSON.stringify(text)}`),
  );
});

it.each(['-1', '65536', 'x', '1.5'])('%s is no port', (text) => expect(() => port(text)).toThrow('not a port'));
it('reads which versions are on', () =>
  expect(runtimeConfig('api/beta=true,apps/v1=false,api/all')).toEqual({ 'api/beta': true, 'apps/v1': false, 'api/all': true }));

it('says which flags do nothing', () => {
  expect(warnings({})).toEqual([]);
  expect(warnings({ featureGates: 'A=true', kubeletHttps: true })).toEqual([
    '--feature-gates has no meaning here: what is built is on',
    '--kubelet-https has no meaning here: kubelets are always reached over HTTPS',
  ]);
});

it('reads files that are named, and says which is missing', () => {
  expect(filesOf({})).toEqual({ clientCa: undefined, serving: undefined, kubelet: { ca: undefined } });
  expect(() => filesOf({ clientCaFile: '/nowhere/ca.crt' })).toThrow('--client-ca-file: ENOENT');
  expect(() => filesOf({ tlsCertFile: '/x' })).toThrow('--tls-cert-file and --tls-private-key-file go together');
  expect(() => filesOf({ kubeletClientKey: '/x' })).toThrow('--kubelet-client-certificate and --kubelet-client-key go together');
});
