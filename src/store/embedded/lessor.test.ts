import { expect, it } from 'vitest';
import { VirtualClock } from '../../util/virtual-clock.js';
import { Lessor } from './lessor.js';

/** A machine whose clock somebody sets. */
class SetClock extends VirtualClock {
  set = 0;
  override now(): number {
    return super.now() + this.set;
  }
  override monotonic(): number {
    return super.now();
  }
}

it('a lease lasts as long as it should when the clock is set', async () => {
  const clock = new SetClock();
  const ended: bigint[] = [];
  const lessor = new Lessor(clock, async (id) => void ended.push(id));
  lessor.start();
  const lease = lessor.add(1n, 100, true);
  clock.set = 7_200_000;
  await clock.advance('50s');
  expect([ended, lessor.remaining(lease)]).toEqual([[], 50]);
  clock.set = -7_200_000;
  await clock.advance('51s');
  expect(ended).toEqual([1n]);
});

it('forgets leases that are gone, not those that wait', async () => {
  const clock = new VirtualClock();
  const ended: bigint[] = [];
  const lessor = new Lessor(clock, async (id) => void ended.push(id));
  lessor.start();
  lessor.add(1n, 50, true);
  for (let id = 2n; id < 20_000n; id++) {
    lessor.add(id, 3600, true);
    lessor.remove(id);
  }
  expect(lessor.waiting).toBeLessThan(2000);
  lessor.add(20_000n, 10, true);
  await clock.advance('51s');
  expect(ended).toEqual([20_000n, 1n]);
});
