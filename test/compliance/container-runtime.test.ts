import { MemoryFiles } from '../../src/kubelet/simulated/memory-files.js';
import { SimulatedRuntime } from '../../src/kubelet/simulated/simulated-runtime.js';
import { realClock } from '../../src/util/clock.js';
import { silentLogger } from '../../src/util/logger.js';
import { realRandom } from '../../src/util/random.js';
import { containerRuntimeCompliance } from './container-runtime.js';

containerRuntimeCompliance('simulated', async () => {
  const env = { clock: realClock, random: realRandom, log: silentLogger };
  const files = new MemoryFiles(realClock);
  const runtime = new SimulatedRuntime({ env, files });
  runtime.behaviours.add('server', { ports: [8080], http: () => ({ body: 'hello' }) });
  const none = {} as never;
  await runtime.pullImage('busybox:1', undefined, none);
  await runtime.pullImage('server:1', undefined, none);
  return {
    runtime,
    image: 'busybox:1',
    logDirectory: '/logs',
    cgroupParent: '/kubepods',
    readFile: async (path) => new TextDecoder().decode(await files.read(path)),
    server: { image: 'server:1', command: [] },
    close: () => runtime.close(),
  };
});
