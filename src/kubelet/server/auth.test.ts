/** Who gets in at a kubelet's port, and what he is then asked about. */
import { describe, expect, it } from 'vitest';
import type { Client } from '../../client/client.js';
import { realClock } from '../../util/clock.js';
import { type AuthOptions, KubeletAuth, subresourcesOf } from './auth.js';
import type { KubeletRequest } from './http.js';

/** An API server that knows the token `good`, and allows what is named: `user verb subresource`. */
const auth = (options: Partial<AuthOptions> = {}, ...allowed: string[]) => {
  const create = async (o: {
    kind: string;
    spec: { token?: string; user?: string; resourceAttributes?: { verb: string; subresource: string; name: string } };
  }) => {
    const { token, user, resourceAttributes: r } = o.spec;
    if (o.kind === 'TokenReview')
      return { status: token === 'good' ? { authenticated: true, user: { username: 'eve', groups: ['g'] } } : { user: {} } };
    return { status: { allowed: r?.name === 'n' && allowed.includes(`${user} ${r.verb} ${r.subresource}`) } };
  };
  return new KubeletAuth({
    client: { create } as unknown as Client,
    clock: realClock,
    nodeName: 'n',
    anonymous: false,
    authorization: 'webhook',
    ...options,
  });
};
const request = (more: object = {}): KubeletRequest =>
  ({ method: 'GET', path: '/pods', headers: {}, ...more }) as unknown as KubeletRequest;
const bearer = (authorization: string) => request({ headers: { authorization } });

it.each<[string, KubeletRequest, string | undefined, string | undefined]>([
  ['nothing', request(), undefined, 'system:anonymous'],
  ['a good token', bearer('Bearer good'), 'eve', 'eve'],
  ['a good token in lower case', bearer('bearer good'), 'eve', 'eve'],
  ['a bad token', bearer('Bearer bad'), undefined, undefined],
  ['two tokens', bearer('Bearer x, Bearer y'), undefined, undefined],
  ['a token with something after it', bearer('Bearer bad good'), undefined, undefined],
  ['another scheme', bearer('Basic x'), undefined, 'system:anonymous'],
  ['a certificate', request({ certificate: { name: 'root', groups: ['a'] } }), 'root', 'root'],
])('%s', async (_what, asked, closed, open) => {
  expect((await auth().authenticate(asked))?.name).toBe(closed);
  expect((await auth({ anonymous: true }).authenticate(asked))?.name).toBe(open);
});

describe('what is asked', () => {
  it.each([
    ['/pods', ['pods', 'proxy']],
    ['/runningpods/', ['pods', 'proxy']],
    ['/healthz/x', ['healthz', 'proxy']],
    ['/stats/summary', ['stats']],
    ['/metrics', ['metrics']],
    ['/metricsx', ['proxy']],
    ['/logs/', ['log']],
    ['/exec/a/b/c', ['proxy']],
    ['/', ['proxy']],
  ])('%s', (path, right) => {
    expect(subresourcesOf(path)).toEqual(right);
  });
  it.each<[string, string, string[], boolean]>([
    ['GET', '/pods', ['eve get pods'], true],
    ['GET', '/pods', ['eve get proxy'], true],
    ['GET', '/pods', ['eve get stats'], false],
    ['POST', '/exec/a/b/c', ['eve create proxy'], true],
    ['POST', '/exec/a/b/c', ['eve get proxy'], false],
    ['GET', '/exec/a/b/c', ['eve create proxy'], false],
    ['OPTIONS', '/pods', ['eve get pods'], false],
    ['GET', '/pods', ['root get pods'], false],
  ])('%s %s by who may %j', async (method, path, allowed, right) => {
    expect(await auth({}, ...allowed).authorize({ name: 'eve', groups: [] }, request({ method, path }))).toBe(right);
  });
  it('nobody, where everybody may', async () => {
    expect(await auth({ authorization: 'always-allow' }).authorize({ name: 'eve', groups: [] }, request())).toBe(true);
  });
});
