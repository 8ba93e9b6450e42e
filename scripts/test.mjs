// Runs every depth of tests that this machine can, and says what it left out and why.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';

const has = (name) => (process.env.PATH ?? '').split(':').some((d) => fs.existsSync(`${d}/${name}`));
const env = { ...process.env, NO_COLOR: '1' };
const left = [];
/** A line for each failed test, said last: a log is read from its end. */
const failures = [];
const root = process.getuid?.() === 0;
if (!root) left.push('e2e on containerd: not root');
else if (!has('containerd')) left.push('e2e on containerd: containerd is not installed');
if (!has('kubectl')) left.push('tests with a current kubectl: there is none on the PATH');
if (!fs.existsSync('.cache/kubernetes-client/usr/bin/kubectl')) left.push('tests with kubectl 1.20: it could not be unpacked');
if (!has('etcdctl')) left.push('etcdctl against us and the real etcd: etcd-client and etcd-server are not installed');
if (!fs.existsSync('../shared/oracle')) left.push('comparisons with recorded answers of the original: ../shared is not there');

const step = (name, command, args) => {
  console.log(`\n== ${name}`);
  const r = spawnSync(command, args, { stdio: 'inherit', env });
  if (r.status !== 0) {
    console.error(`\n${name} failed`);
    process.exit(1);
  }
};
step('types', 'npx', ['tsc', '--noEmit']);
step('lint', 'npx', ['biome', 'check', '--diagnostic-level=error', '.']);
step('rooms', 'node', ['scripts/lint-rooms.mjs']);
step('tables', 'node', ['scripts/lint-tables.mjs']);

let passed = 0;
let failed = 0;
let skipped = 0;
for (const project of ['unit', 'integration', 'e2e']) {
  console.log(`\n== ${project}`);
  const out = `.cache/test-${project}.json`;
  fs.mkdirSync('.cache', { recursive: true });
  const r = spawnSync(
    'npx',
    ['vitest', 'run', '--project', project, '--reporter=dot', '--reporter=json', `--outputFile.json=${out}`, '--passWithNoTests'],
    { stdio: ['ignore', 'inherit', 'inherit'], env },
  );
  if (fs.existsSync(out)) {
    const j = JSON.parse(fs.readFileSync(out, 'utf8'));
    passed += j.numPassedTests;
    failed += j.numFailedTests;
    skipped += j.numPendingTests + j.numTodoTests;
    for (const file of j.testResults) {
      if (file.message) failures.push(`${file.name}: ${file.message.split('\n')[0]}`);
      for (const t of file.assertionResults)
        if (t.status === 'failed') failures.push(`${t.fullName}: ${(t.failureMessages[0] ?? '').split('\n')[0]}`);
    }
    fs.rmSync(out);
  }
  if (r.status !== 0) {
    failed ||= 1;
    break;
  }
}
if (left.length) console.log(`\nleft out on this machine:\n${left.map((l) => `  ${l}`).join('\n')}`);
if (failures.length) console.log(`\nfailed:\n${failures.map((l) => `  ${l}`).join('\n')}`);
console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed ? 1 : 0);
