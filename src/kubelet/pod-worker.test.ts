import { expect, it } from 'vitest';
import { pod } from '../../test/kubelet/simulated.js';
import { silentLogger } from '../util/logger.js';
import { seededRandom } from '../util/random.js';
import { VirtualClock } from '../util/virtual-clock.js';
import { PodWorker, type WorkerDeps } from './pod-worker.js';

it('a wake at any moment of the end of a sync is followed by a sync', async () => {
  for (let ticks = 0; ticks < 10; ticks++) {
    let runs = 0;
    const env = { clock: new VirtualClock(), random: seededRandom(1), log: silentLogger };
    const onTerminated = async () => void runs++;
    const worker = new PodWorker(pod({ name: 'p' }), { ctx: { env }, onTerminated } as unknown as WorkerDeps);
    worker.phase = 'terminated';
    worker.wake();
    for (let i = 0; i < ticks; i++) await null;
    const before = runs;
    worker.wake();
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(runs, `woken after ${ticks} microtasks`).toBeGreaterThan(before);
  }
});
