import { expect, it } from 'vitest';
import { silentLogger } from '../util/logger.js';
import { seededRandom } from '../util/random.js';
import { VirtualClock } from '../util/virtual-clock.js';
import type { Client } from './client.js';
import { EventRecorder } from './events.js';

const environment = () => {
  const clock = new VirtualClock();
  return { clock, env: { clock, random: seededRandom(1), log: silentLogger } };
};

it('the tenth message of one reason about one object, and those after it, are one event', async () => {
  const { env } = environment();
  const written = new Map<string, { message: string; count: number }>();
  const client = {
    create: async (e: { metadata: { name: string }; message: string; count: number }) => written.set(e.metadata.name, e),
    patch: async (ref: { name: string }, patch: object) => Object.assign(written.get(ref.name)!, patch),
  } as unknown as Client;
  const events = new EventRecorder(client, env, { component: 'test' });
  const set = { kind: 'ReplicaSet', namespace: 'ns', name: 'web', uid: 'u' };
  for (let i = 1; i <= 12; i++) events.normal(set, 'SuccessfulCreate', `Created pod: web-${i}`);
  events.normal(set, 'Other', 'of another reason');
  await events.flush();
  const shown = [...written.values()].map((e) => `${e.count} ${e.message}`);
  expect(shown).toHaveLength(11);
  expect(shown.slice(8)).toEqual(['1 Created pod: web-9', '3 (combined from similar events): Created pod: web-12', '1 of another reason']);
});
