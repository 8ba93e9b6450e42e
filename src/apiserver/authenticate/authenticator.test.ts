/** Which credentials count, and what becomes of those that do not. */
import { describe, expect, it } from 'vitest';
import { bearerToken } from '../../util/bearer-token.js';
import type { ApiRequest, UserInfo } from '../request.js';
import { audienceAgnostic, authenticateToken, requestAuthenticator, type TokenAuthenticator } from './authenticator.js';
import { webSocketToken, withoutTokens } from './bearer.js';
import { staticTokens } from './static-tokens.js';

const eve: UserInfo = { name: 'eve', groups: ['g'] };
const API = ['api'];
const known = audienceAgnostic(API, (t) => (t === 'good' ? eve : undefined));
const request = (more: Partial<ApiRequest> = {}): ApiRequest => ({
  method: 'GET',
  path: '/',
  query: new URLSearchParams(),
  headers: {},
  ...more,
});
const who = (more: Partial<ApiRequest>, anonymous = true): Promise<string> =>
  requestAuthenticator({ tokens: [known], audiences: API, anonymous })
    .authenticate(request(more))
    .then(
      (u) => `${u.name} (${u.groups.join(' ')})`,
      (e) => `${e.code}`,
    );
const protocol = (token: string) => `base64url.bearer.authorization.k8s.io.${btoa(token).replace(/=/g, '')}`;
const socket = (protocols: string | string[], upgrade = 'websocket') => ({ upgrade, 'sec-websocket-protocol': protocols });
const EVE = 'eve (g system:authenticated)';
const NOBODY = 'system:anonymous (system:unauthenticated)';

describe('the Authorization header', () => {
  it.each<[string, string | undefined]>([
    ['Bearer good', 'good'],
    ['bearer good', 'good'],
    ['BEARER good', 'good'],
    ['  Bearer good  ', 'good'],
    // The second word, whatever follows: it is then looked up, and refused as it is.
    ['Bearer x, Bearer y', 'x,'],
    ['Bearer good bad', 'good'],
    // No token at all: as if the header were not there.
    ['Bearer', undefined],
    ['Bearer ', undefined],
    ['Bearer  good', undefined],
    ['Basic Z29vZDpnb29k', undefined],
    ['good', undefined],
    ['', undefined],
    ['Bearer\tgood', undefined],
  ])('%j', (value, token) => {
    expect(bearerToken(value)).toBe(token);
  });
});

describe('a request', () => {
  it.each<[string, Partial<ApiRequest>, string, string]>([
    ['without credentials', {}, NOBODY, '401'],
    ['with a good token', { headers: { authorization: 'Bearer good' } }, EVE, EVE],
    ['with a bad token', { headers: { authorization: 'Bearer bad' } }, '401', '401'],
    ['with two tokens in one header', { headers: { authorization: 'Bearer x, Bearer y' } }, '401', '401'],
    ['with a good one and a comma', { headers: { authorization: 'Bearer good, Bearer good' } }, '401', '401'],
    ['with basic credentials', { headers: { authorization: 'Basic Z29vZDpnb29k' } }, NOBODY, '401'],
    [
      'with a certificate',
      { certificate: { commonName: 'c', organizations: ['o'], uid: 'u' } },
      'c (o system:authenticated)',
      'c (o system:authenticated)',
    ],
    [
      'with a certificate and a bad token',
      { certificate: { commonName: 'c', organizations: [] }, headers: { authorization: 'Bearer bad' } },
      'c (system:authenticated)',
      'c (system:authenticated)',
    ],
    ['with a certificate without a name', { certificate: { commonName: '', organizations: ['system:masters'] } }, NOBODY, '401'],
    ['with a certificate of another authority', { foreignCertificate: true }, '401', '401'],
    ['with such a certificate and a good token', { foreignCertificate: true, headers: { authorization: 'Bearer good' } }, EVE, EVE],
    ['with a token as a subprotocol', { headers: socket(`v4, ${protocol('good')}`) }, EVE, EVE],
    ['with a bad token as a subprotocol', { headers: socket(`v4, ${protocol('bad')}`) }, '401', '401'],
    ['with a token as the only subprotocol', { headers: socket(protocol('good')) }, '401', '401'],
    ['with two tokens as subprotocols', { headers: socket(['v4', protocol('good'), protocol('good')]) }, '401', '401'],
    ['with a subprotocol that is not base64url', { headers: socket('v4, base64url.bearer.authorization.k8s.io.a=') }, '401', '401'],
    ['with a subprotocol that is not UTF-8', { headers: socket('v4, base64url.bearer.authorization.k8s.io._w') }, '401', '401'],
    ['with an empty token as a subprotocol', { headers: socket('v4, base64url.bearer.authorization.k8s.io.') }, NOBODY, '401'],
    ['with other subprotocols', { headers: socket('v4, v5') }, NOBODY, '401'],
    ['with a subprotocol and no WebSocket', { headers: socket(`v4, ${protocol('good')}`, 'SPDY/3.1') }, NOBODY, '401'],
  ])('%s', async (_what, more, open, closed) => {
    expect(await who(more)).toBe(open);
    expect(await who(more, false)).toBe(closed);
  });

  it('keeps the uid of a certificate', async () => {
    const a = requestAuthenticator({ tokens: [], audiences: API, anonymous: false });
    expect(await a.authenticate(request({ certificate: { commonName: 'c', organizations: [], uid: 'u' } }))).toMatchObject({ uid: 'u' });
    expect(await a.authenticate(request({ certificate: { commonName: 'c', organizations: ['system:authenticated'] } }))).toEqual({
      name: 'c',
      groups: ['system:authenticated'],
    });
  });

  it('does not hand its token on', () => {
    expect(withoutTokens(`v4 , ${protocol('good')},v5`)).toBe('v4, v5');
    expect(webSocketToken(request({ headers: socket(`v4, ${protocol('good')}`) }))).toBe('good');
  });
});

describe('a token', () => {
  const failing: TokenAuthenticator = { authenticateToken: () => Promise.reject(new Error('expired')) };
  it.each<[string, TokenAuthenticator[], string, string[], object | string]>([
    [
      'for one of the audiences',
      [known],
      'good',
      ['other', 'api'],
      { audiences: ['api'], user: { name: 'eve', groups: ['g', 'system:authenticated'] } },
    ],
    ['for none of them', [known], 'good', ['vault.example'], '[invalid bearer token, token lookup failed]'],
    ['for no audience', [known], 'good', [], '[invalid bearer token, token lookup failed]'],
    ['that nobody knows', [known], 'bad', API, '[invalid bearer token, token lookup failed]'],
    ['that another knows', [failing, known], 'good', API, { audiences: ['api'] }],
    ['with a reason against it', [failing], 'good', API, '[invalid bearer token, expired]'],
  ])('%s', async (_what, authenticators, token, audiences, right) => {
    const found = authenticateToken(authenticators, token, audiences);
    if (typeof right === 'string') await expect(found).rejects.toThrow(right);
    else expect(await found).toMatchObject(right);
  });
});

describe('a token file', () => {
  it.each<[string, string, Record<string, UserInfo>]>([
    ['plain', 't,admin,1', { t: { name: 'admin', uid: '1', groups: [] } }],
    ['an empty uid', 't,admin,,"system:masters"', { t: { name: 'admin', groups: ['system:masters'] } }],
    [
      'several groups',
      't,admin,1,"a,b"\r\nu,bob,2,c\n',
      { t: { name: 'admin', uid: '1', groups: ['a', 'b'] }, u: { name: 'bob', uid: '2', groups: ['c'] } },
    ],
    ['quotes in quotes', 't,"a ""b""",1', { t: { name: 'a "b"', uid: '1', groups: [] } }],
    ['a line without a token, and an empty one', ',admin,1\n\nt,bob,2', { t: { name: 'bob', uid: '2', groups: [] } }],
  ])('%s', (_what, text, right) => {
    expect(Object.fromEntries(staticTokens(text))).toEqual(right);
  });

  it.each([
    ['too few columns', 't,admin'],
    ['a stray quote', 't,"admin,1'],
  ])('%s', (_what, text) => {
    expect(() => staticTokens(text)).toThrow();
  });
});
