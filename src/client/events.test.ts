import { describe, expect, it } from 'vitest';
import { notFoundError } from '../meta/errors.js';
import { silentLogger } from '../util/logger.js';
import { seededRandom } from '../util/random.js';
import { VirtualClock } from '../util/virtual-clock.js';
import type { Client } from './client.js';
import { EventCorrelator, REMEMBERED } from './event-correlator.js';
import { EventRecorder } from './events.js';

const environment = () => {
  const clock = new VirtualClock();
  return { clock, env: { clock, random: seededRandom(1), log: silentLogger } };
};

interface Written {
  metadata: { name: string };
  message: string;
  count: number;
  firstTimestamp: string;
  lastTimestamp: string;
}

/** An API for events alone. */
function setUp(source = {}) {
  const { clock, env } = environment();
  const written = new Map<string, Written>();
  const calls: string[] = [];
  const client = {
    create: async (e: Written) => {
      calls.push('create');
      written.set(e.metadata.name, e);
    },
    patch: async (ref: { name: string }, patch: object) => {
      calls.push('patch');
      const e = written.get(ref.name);
      if (!e) throw notFoundError({ group: '', resource: 'events' }, ref.name);
      Object.assign(e, patch);
    },
  } as unknown as Client;
  return { clock, env, written, calls, events: new EventRecorder(client, env, { component: 'test', ...source }) };
}

const shown = (written: Map<string, Written>) => [...written.values()].map((e) => `${e.count} ${e.message}`);
const set = { kind: 'ReplicaSet', namespace: 'ns', name: 'web', uid: 'u' };

describe('the event recorder', () => {
  it('the tenth message of one reason about one object, and those after it, are one event', async () => {
    const { events, written } = setUp();
    for (let i = 1; i <= 12; i++) events.normal(set, 'SuccessfulCreate', `Created pod: web-${i}`);
    events.normal(set, 'Other', 'of another reason');
    await events.flush();
    expect(shown(written)).toHaveLength(11);
    expect(shown(written).slice(8)).toEqual([
      '1 Created pod: web-9',
      '3 (combined from similar events): Created pod: web-12',
      '1 of another reason',
    ]);
  });

  it('messages of one reason about different containers of a pod are alike, too; ten minutes later they are not', async () => {
    const { clock, events, written } = setUp();
    for (let i = 1; i <= 11; i++) events.normal({ ...set, fieldPath: `spec.containers{c${i}}` }, 'Pulled', `image ${i}`);
    await events.flush();
    expect(shown(written)).toHaveLength(10);
    await clock.advance('601s');
    events.normal(set, 'Pulled', 'image 12');
    await events.flush();
    expect(shown(written).at(-1)).toBe('1 image 12');
  });

  it('the same again raises the count of the one event, however much later', async () => {
    const { clock, events, written, calls } = setUp();
    events.normal(set, 'R', 'm');
    events.normal({ ...set, resourceVersion: '7' }, 'R', 'm');
    await clock.advance('1h');
    events.normal(set, 'R', 'm');
    await events.flush();
    expect(calls).toEqual(['create', 'patch', 'patch']);
    const [e] = written.values();
    expect(e!.count).toBe(3);
    expect(Date.parse(e!.lastTimestamp) - Date.parse(e!.firstTimestamp)).toBe(3_600_000);
  });

  it('of each version of an object another event, where its source says so', async () => {
    const { events, written } = setUp({ perVersion: true });
    for (const resourceVersion of ['1', '2', '2']) events.warning({ ...set, resourceVersion }, 'FailedScheduling', 'no');
    await events.flush();
    expect(shown(written)).toEqual(['1 no', '2 no']);
  });

  it('one whose event has expired is written anew with what it had counted', async () => {
    const { clock, events, written } = setUp();
    events.normal(set, 'R', 'm');
    await events.flush();
    const [first] = written.values();
    written.clear();
    await clock.advance('2h');
    events.normal(set, 'R', 'm');
    await events.flush();
    const [again] = written.values();
    expect([again!.count, again!.firstTimestamp]).toEqual([2, first!.firstTimestamp]);
  });

  it('an object has a burst of 25, then one in five minutes, which tells how many there were', async () => {
    const { clock, events, written, calls } = setUp();
    for (let i = 0; i < 100; i++) events.warning(set, 'BackOff', 'again');
    events.warning({ ...set, uid: 'another' }, 'BackOff', 'again');
    await events.flush();
    expect(calls).toHaveLength(26);
    expect(shown(written)).toEqual(['25 again', '1 again']);
    expect(events.dropped).toBe(75);
    await clock.advance('299s');
    events.warning(set, 'BackOff', 'again');
    await clock.advance('2s');
    events.warning(set, 'BackOff', 'again');
    events.warning(set, 'BackOff', 'again');
    await events.flush();
    expect(calls).toHaveLength(27);
    expect(shown(written)[0]).toBe('102 again');
  });

  it('holds so many that wait and no more', async () => {
    const { events, calls } = setUp();
    for (let i = 0; i < 5000; i++) events.normal({ ...set, name: `p-${i}`, uid: `${i}` }, 'R', 'm');
    expect(events.dropped).toBe(4000);
    await events.flush();
    expect(calls).toHaveLength(1000);
    events.normal({ ...set, uid: 'later' }, 'R', 'm');
    await events.stop();
    events.normal({ ...set, uid: 'too late' }, 'R', 'm');
    await events.flush();
    expect(calls).toHaveLength(1001);
  });

  it('cuts a message that is longer than an event may be', async () => {
    const { events, written } = setUp();
    events.normal(set, 'R', 'x'.repeat(5000));
    await events.flush();
    expect(shown(written)[0]).toBe(`1 ${'x'.repeat(1020)} ...`);
  });
});

it('what a correlator remembers is bounded', () => {
  const { env } = environment();
  const c = new EventCorrelator(env);
  for (let i = 0; i < 3 * REMEMBERED; i++)
    c.correlate({ about: { ...set, name: `p-${i}`, uid: `${i}` }, type: 'Normal', reason: 'R', message: `m-${i}` });
  for (const map of Object.values(c as unknown as Record<string, { size?: number }>))
    if (map && typeof map === 'object' && 'size' in map) expect(map.size).toBe(REMEMBERED);
});
