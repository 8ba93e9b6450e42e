/** An etcd listener on an embedded store, as a process of its own for the benchmarks: `DIR URL`. */
import { startEtcd } from '../../src/etcd/listen/start.js';
import { realClock } from '../../src/util/clock.js';
import { silentLogger } from '../../src/util/logger.js';
import { realRandom } from '../../src/util/random.js';

const [dataDir = '', url = ''] = process.argv.slice(2);
const etcd = await startEtcd({
  dataDir,
  listen: [url],
  env: { clock: realClock, random: realRandom, log: silentLogger },
  limits: { quotaBackendBytes: 0 },
});
process.once('SIGTERM', () => void etcd.stop().then(() => process.exit(0)));
