import { expect, it } from 'vitest';
import { ApiServer, type ApiServerParts, IN_FLIGHT_LIMIT } from './server.js';

it('lets no more requests in than its limit, however many are refused', async () => {
  const inside: (() => void)[] = [];
  const server = new ApiServer({
    env: { log: { error: () => undefined } },
    authenticator: { authenticate: () => new Promise((_, reject) => inside.push(() => reject(new Error('over')))) },
  } as unknown as ApiServerParts);
  const ask = () => server.handle({ method: 'GET', path: '/api/v1/pods', query: new URLSearchParams(), headers: {} });
  const all = Array.from({ length: IN_FLIGHT_LIMIT + 500 }, ask);
  await new Promise((resolve) => setImmediate(resolve));
  all.push(...Array.from({ length: 500 }, ask));
  await new Promise((resolve) => setImmediate(resolve));
  expect(inside.length).toBe(IN_FLIGHT_LIMIT);
  for (const leave of inside) leave();
  const codes = (await Promise.all(all)).map(({ answer }) => ('status' in answer ? answer.status : 0));
  expect(codes.filter((c) => c === 429)).toHaveLength(1000);
});
