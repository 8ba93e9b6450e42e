/** To run something in a Pod takes `create`, though a WebSocket is opened by GET. */
import { describe, expect, it } from 'vitest';
import type { AccessAttributes } from './authorize/authorizer.js';
import { ResourceTable } from './resources.js';
import { ApiServer, type ApiServerParts } from './server.js';

const VERBS: Record<string, string> = { GET: 'get', POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };

describe.each(['exec', 'attach', 'portforward'])('%s', (sub) => {
  it.each([
    ['GET', 403, true],
    ['PUT', 405, false],
    ['PATCH', 405, false],
    ['DELETE', 405, false],
  ])('by %s of one who may do all but create: %i', async (method, code, asksCreate) => {
    const asked: string[] = [];
    const definition = { namespaced: true, scope: 'Namespaced', kind: 'Pod', version: 'v1', group: '' };
    const server = new ApiServer({
      resources: Object.assign(new ResourceTable(), { find: () => definition }),
      authenticator: { authenticate: async () => ({ name: 'changer', groups: [] }) },
      authorizer: {
        authorize: (a: AccessAttributes) => {
          asked.push(a.verb);
          return { decision: a.verb === 'create' ? 'no-opinion' : 'allow', reason: '' };
        },
      },
    } as unknown as ApiServerParts);
    const path = `/api/v1/namespaces/default/pods/p/${sub}`;
    const answer = await server.upgrade({ method, path, query: new URLSearchParams('command=sh'), headers: {} });
    expect(answer).toMatchObject({ refused: { code } });
    expect(asked).toEqual([VERBS[method], ...(asksCreate ? ['create'] : [])]);
  });
});
