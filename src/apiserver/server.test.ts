import { expect, it } from 'vitest';
import { CLIENTS } from './flow.js';
import { ApiServer, type ApiServerParts } from './server.js';

const LIMIT = CLIENTS.read.each;

it('lets no more requests in than its limit, until their answers are written; a body is read of those alone that are let in', async () => {
  const inside: (() => void)[] = [];
  const written: (() => void)[] = [];
  let read = 0;
  const server = new ApiServer({
    env: { log: { error: () => undefined } },
    authenticator: { authenticate: async () => ({ name: 'u', groups: [] }) },
    authorizer: { authorize: () => ({ decision: 'allow' }) },
    resources: { find: () => undefined, versions: () => [] },
    nonResource: () => new Promise((_, reject) => inside.push(() => reject(new Error('over')))),
  } as unknown as ApiServerParts);
  const ask = () =>
    server.handle({
      method: 'GET',
      path: '/api/v1/pods',
      query: new URLSearchParams(),
      headers: {},
      read: async () => {
        read++;
        return new Uint8Array();
      },
      written: (fn) => written.push(fn),
    });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  const all = Array.from({ length: LIMIT + 500 }, ask);
  await settle();
  all.push(...Array.from({ length: 500 }, ask));
  await settle();
  expect([inside.length, read]).toEqual([LIMIT, LIMIT]);
  for (const leave of inside.splice(0)) leave();
  await settle();
  // Made, but not written yet.
  all.push(ask());
  await settle();
  expect(inside.length).toBe(0);
  for (const fn of written.splice(0)) fn();
  all.push(ask());
  await settle();
  expect(inside.length).toBe(1);
  inside[0]!();
  const codes = (await Promise.all(all)).map(({ answer }) => ('status' in answer ? answer.status : 0));
  expect(codes.filter((c) => c === 429)).toHaveLength(1001);
});
