// Writes test/e2e/golden/etcdctl/*.txt anew from a real etcd: `node scripts/golden-etcdctl.mjs [path to etcd 3.6, default: etcd]`.
// Look at the difference before you commit it.
import { spawnSync } from 'node:child_process';

const [etcd = 'etcd'] = process.argv.slice(2);
const { status } = spawnSync('npx', ['vitest', 'run', '--project', 'e2e', 'test/e2e/etcdctl-golden.test.ts'], {
  stdio: 'inherit',
  env: { ...process.env, ETCD: etcd, UPDATE_GOLDEN: '1' },
});
process.exit(status ?? 1);
