/** Finding nodes for many Pods does not keep others waiting. */
import { expect, it } from 'vitest';
import type { Clock } from '../util/clock.js';
import { VirtualClock } from '../util/virtual-clock.js';
import { definePlugin, unschedulable } from './framework.js';
import { registry } from './plugins/default.js';
import { Scheduler } from './scheduler.js';
import { FakeApi } from './testing/fake-api.js';
import { makeNode, makePod, testEnv } from './testing/fixtures.js';
import { TimeSlice } from './time-slice.js';

/** Time passes by what is done, not by a machine's. */
class Working extends VirtualClock {
  private worked = 0;
  override monotonic(): number {
    return this.worked;
  }
  work(ms: number): void {
    this.worked += ms;
  }
}

it('after ten milliseconds all that share a slice wait for the next turn together', async () => {
  const clock = new Working();
  const slice = new TimeSlice(clock);
  clock.work(9.9);
  expect(slice.spent()).toBeUndefined();
  clock.work(0.1);
  const turn = slice.spent();
  expect(turn).toBeDefined();
  expect(slice.spent()).toBe(turn);
  await turn;
  expect(slice.spent()).toBeUndefined();
  clock.work(50);
  slice.begin();
  expect(slice.spent()).toBeUndefined();
});

/** How long others wait at most, in milliseconds of work, while Pods are scheduled of which each node costs so much. */
async function longestWait(nodes: number, pods: number, costs: number): Promise<number> {
  const clock = new Working();
  const env = { ...testEnv(clock), clock: clock as Clock };
  const api = new FakeApi();
  for (let i = 0; i < nodes; i++) api.put('Node', makeNode(`n${i}`));
  const works = definePlugin('Works', () => ({
    filter: () => {
      clock.work(costs);
      return unschedulable('busy');
    },
  }));
  const scheduler = new Scheduler({
    client: api.client,
    env,
    registry: { factories: [...registry.factories, works], defaults: [...registry.defaults, { name: 'Works' }] },
  });
  for (let i = 0; i < pods; i++) api.put('Pod', makePod(`p${i}`));
  let longest = 0;
  let last = 0;
  let on = true;
  const look = () => {
    longest = Math.max(longest, clock.monotonic() - last);
    last = clock.monotonic();
    if (on) setImmediate(look);
  };
  look();
  await scheduler.start();
  while (last < nodes * pods * costs) await new Promise((resolve) => setImmediate(resolve));
  on = false;
  await scheduler.stop();
  return longest;
}

it('many Pods of little work each: others have their turn between them', async () => {
  expect(await longestWait(10, 300, 0.125)).toBeLessThan(15);
});

it('one Pod and many nodes: others have their turn within the cycle', async () => {
  expect(await longestWait(5000, 1, 0.125)).toBeLessThan(30);
});
