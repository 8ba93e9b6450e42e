import { expect, it } from 'vitest';
import { notFoundError } from '../meta/errors.js';
import { silentLogger } from '../util/logger.js';
import { seededRandom } from '../util/random.js';
import { VirtualClock } from '../util/virtual-clock.js';
import type { Client } from './client.js';
import { LeaderElection } from './leader-election.js';

it('who hears nothing of the API leads no longer than the deadline', async () => {
  const clock = new VirtualClock();
  let lease: object | undefined;
  let silent = false;
  const keep = async (o: object) => (lease = o);
  const get = async () => {
    if (silent) return new Promise(() => {});
    if (!lease) throw notFoundError({ group: 'coordination.k8s.io', resource: 'leases' }, 'l');
    return lease;
  };
  const client = { get, create: keep, update: keep } as unknown as Client;
  const env = { clock, random: seededRandom(1), log: silentLogger };
  const election = new LeaderElection({ client, env, namespace: 'n', name: 'l', identity: 'a' });
  let leading = false;
  const done = election.run(new AbortController().signal, async (signal) => {
    leading = true;
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    leading = false;
  });
  await clock.advance('5s');
  expect(leading).toBe(true);
  silent = true;
  await clock.advance('11s');
  expect(leading).toBe(false);
  expect(await done).toEqual({ lost: true });
});
