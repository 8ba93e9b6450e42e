/** To run something in a Pod takes `create`, though a WebSocket is opened by GET. */
import { expect, it } from 'vitest';
import type { AccessAttributes } from './authorize/authorizer.js';
import { ResourceTable } from './resources.js';
import { ApiServer, type ApiServerParts } from './server.js';

it('asks for create', async () => {
  const asked: string[] = [];
  const server = new ApiServer({
    resources: new ResourceTable(),
    authenticator: { authenticate: async () => ({ name: 'reader', groups: [] }) },
    authorizer: {
      authorize: (a: AccessAttributes) => {
        asked.push(`${a.verb} ${a.resource}/${a.subresource}`);
        return { decision: a.verb === 'get' ? 'allow' : 'no-opinion', reason: '' };
      },
    },
  } as unknown as ApiServerParts);
  const path = '/api/v1/namespaces/default/pods/p/exec';
  const answer = await server.upgrade({ method: 'GET', path, query: new URLSearchParams('command=sh'), headers: {} });
  expect(answer).toMatchObject({ refused: { code: 403 } });
  expect(asked).toEqual(['get pods/exec', 'create pods/exec']);
});
