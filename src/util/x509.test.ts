import { describe, expect, it } from 'vitest';
import { certificateRequest } from '../../test/certificate-request.js';
import { readCertificateRequest } from './x509.js';

const HEAD = '-----BEGIN CERTIFICATE REQUEST-----';
const END = '-----END CERTIFICATE REQUEST-----';

describe('the PEM of a certificate request', async () => {
  const body = atob(await certificateRequest('CN=eve, O=a, O=b'))
    .split('\n')
    .filter((l) => l && !l.startsWith('-'))
    .join('');
  it.each([
    ['in one line', `${HEAD}\n${body}\n${END}`],
    ['with an empty line at its end', `${HEAD}\n${body}\n\n${END}\n`],
    ['in short lines of another system', `${HEAD}\r\n${body.replace(/.{10}/g, '$&\r\n')}\r\n${END}\r\n`],
    ['with headers', `${HEAD}\nProc-Type: 4\n\n${body}\n${END}`],
    ['with something before and behind', `hello\n${HEAD}\n${body}\n${END}\nworld`],
  ])('%s', async (_name, pem) => {
    const read = readCertificateRequest(pem);
    expect([read.commonName, read.organizations, await read.signed()]).toEqual(['eve', ['a', 'b'], true]);
  });
  it.each([
    ['without an end', `${HEAD}\n${body}`, 'malformed certificate request'],
    ['of no base64', `${HEAD}\n!${body}\n${END}`, 'malformed certificate request'],
    ['cut short', `${HEAD}\n${body.slice(0, 80)}\n${END}`, 'malformed certificate request'],
    ['of another kind', `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----`, 'PEM block type must be CERTIFICATE REQUEST'],
    ['that is none', body, 'PEM block type must be CERTIFICATE REQUEST'],
  ])('%s is refused', (_name, pem, message) => {
    expect(() => readCertificateRequest(pem)).toThrow(message);
  });
});
