/** Writes, pages and leadership against an API server in process. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LeaderElection } from '../../src/client/leader-election.js';
import { Cluster } from '../../src/index.js';
import { realClock } from '../../src/util/clock.js';
import { silentLogger } from '../../src/util/logger.js';
import { realRandom } from '../../src/util/random.js';

let c: Cluster;
beforeAll(async () => {
  c = await Cluster.start({ nodes: 1 });
});
afterAll(() => c?.stop());

const CM = { apiVersion: 'v1', kind: 'ConfigMap' } as const;
const make = (namespace: string, name: string) => c.client.create({ ...CM, metadata: { namespace, name }, data: { n: '0' } } as never);

it('patches that meet all come through; an update of an old state does not; one without a change keeps its revision', async () => {
  const first = (await make('default', 'race')) as { metadata: { resourceVersion: string } };
  const ref = { ...CM, namespace: 'default', name: 'race' };
  await Promise.all(Array.from({ length: 20 }, (_, i) => c.client.patch(ref, { data: { [`k${i}`]: 'v' } })));
  const now = await c.client.get(ref);
  expect(Object.keys((now as unknown as { data: object }).data)).toHaveLength(21);
  await expect(
    c.client.update({ ...now, metadata: { ...now.metadata, resourceVersion: first.metadata.resourceVersion } }),
  ).rejects.toMatchObject({ reason: 'Conflict' });
  expect((await c.client.update(structuredClone(now))).metadata.resourceVersion).toBe(now.metadata.resourceVersion);
});

it('pages show what was there when the first was read', async () => {
  await c.client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'pages' } } as never);
  const ref = { ...CM, namespace: 'pages' };
  const all = async (between: () => Promise<unknown>) => {
    const names: string[] = [];
    let next: string | undefined;
    do {
      const page = await c.client.list({
        ...ref,
        limit: 2,
        fieldSelector: 'metadata.name!=kube-root-ca.crt',
        ...(next ? { continue: next } : {}),
      });
      expect(page.items.length).toBeLessThanOrEqual(2);
      names.push(...page.items.map((o) => o.metadata.name));
      if (!next) await between();
      next = page.metadata.continue || undefined;
    } while (next);
    return names;
  };
  for (const n of ['a', 'b', 'c', 'd', 'e']) await make('pages', n);
  expect(
    await all(async () => {
      await make('pages', 'bb');
      await c.client.delete({ ...ref, name: 'd' });
    }),
  ).toEqual(['a', 'b', 'c', 'd', 'e']);
  expect(await all(async () => undefined)).toEqual(['a', 'b', 'bb', 'c', 'e']);
});

it('one leads; when it lets go the other does', async () => {
  const env = { clock: realClock, random: realRandom, log: silentLogger };
  const told: string[] = [];
  const stop: Record<string, AbortController> = { a: new AbortController(), b: new AbortController() };
  const start = (identity: string) =>
    new LeaderElection({ client: c.client, env, namespace: 'default', name: 'lead', identity, retrySeconds: 0.05 }).run(
      stop[identity]!.signal,
      async (signal) => {
        told.push(`+${identity}`);
        await new Promise<void>((r) => signal.addEventListener('abort', () => r()));
        told.push(`-${identity}`);
      },
    );
  const a = start('a');
  await expect.poll(() => told).toEqual(['+a']);
  const b = start('b');
  await new Promise((r) => setTimeout(r, 200));
  expect(told).toEqual(['+a']);
  stop.a!.abort();
  expect(await a).toEqual({ lost: false });
  await expect.poll(() => told).toEqual(['+a', '-a', '+b']);
  stop.b!.abort();
  expect(await b).toEqual({ lost: false });
});
