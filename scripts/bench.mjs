// Measures k8ts beside its peers, in the same run, and prints ratios. What a peer is needed for and absent is said.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';

const K8TS = new URL('../bin/k8ts', import.meta.url).pathname;
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-bench-'));
const rows = [];
const row = (what, value, peer = '') => {
  rows.push([what, value, peer]);
  console.log(`  ${what.padEnd(58)} ${String(value).padStart(12)}   ${peer}`);
};
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
const has = (name) => (process.env.PATH ?? '').split(':').some((d) => fs.existsSync(path.join(d, name)));

console.log(
  `k8ts bench, ${new Date().toISOString().slice(0, 10)}: ${os.cpus().length} cores, Node ${process.version}. Compare figures of one run only.\n`,
);
try {
  startUp();
  await apiServer();
  await containers();
} finally {
  fs.rmSync(dir, { recursive: true, force: true });
}
if (has('etcd') && has('h2load')) {
  console.log('\netcd, both sides durable');
  spawnSync(process.execPath, ['test/bench/etcd.mjs', '3', '1'], { stdio: 'inherit' });
} else console.log('\netcd: left out (etcd and h2load are not installed)');

/** From the command to a Ready node, simulated. */
function startUp() {
  const times = [];
  for (let i = 0; i < 5; i++) {
    const data = path.join(dir, `up-${i}`);
    const out = execFileSync(K8TS, ['up', '--runtime', 'simulated', '--detach', '--port', '0', '--data-dir', data], { encoding: 'utf8' });
    times.push(Number(/ready in ([\d.]+) s/.exec(out)[1]));
    if (i === 4) {
      const pid = fs.readFileSync(path.join(data, 'pids'), 'utf8').trim();
      spawnSync('sleep', ['5']);
      row('idle one-node cluster, resident memory', `${Math.round(rss(pid))} MB`, 'published: k0s 510 MB, k3s about 1,430 MB');
    }
    execFileSync(K8TS, ['down', '--data-dir', data]);
  }
  row('cold start to a Ready node, simulated (median of 5)', `${median(times).toFixed(2)} s`, 'published: kind 33.0 s, minikube 50.8 s');
}

function rss(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
}

/** The API server alone over HTTPS; the load comes from this process, on the same cores. */
async function apiServer() {
  const data = path.join(dir, 'api');
  const child = spawn(process.execPath, [K8TS, 'kube-apiserver', '--data-dir', data, '--secure-port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise((resolve) =>
    child.stdout.on('data', (d) => /https:\S+/.test(d) && resolve(/https:\S+/.exec(String(d))[0])),
  );
  const agent = new https.Agent({
    keepAlive: true,
    maxSockets: 64,
    cert: fs.readFileSync(`${data}/pki/admin.crt`),
    key: fs.readFileSync(`${data}/pki/admin.key`),
    ca: fs.readFileSync(`${data}/pki/ca.crt`),
  });
  const send = (method, at, body) =>
    new Promise((resolve, reject) => {
      const payload = body && JSON.stringify(body);
      const req = https.request(
        url + at,
        { method, agent, headers: payload ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) } : {} },
        (res) => {
          let size = 0;
          res.on('data', (c) => (size += c.length));
          res.on('end', () => (res.statusCode < 300 ? resolve(size) : reject(new Error(`${method} ${at}: ${res.statusCode}`))));
        },
      );
      req.on('error', reject);
      req.end(payload);
    });
  const many = async (n, work) => {
    let next = 0;
    const start = process.hrtime.bigint();
    await Promise.all(
      Array.from({ length: 64 }, async () => {
        while (next < n) await work(next++);
      }),
    );
    return n / (Number(process.hrtime.bigint() - start) / 1e9);
  };
  const filler = 'x'.repeat(1000);
  const rate = await many(10_000, (i) =>
    send('POST', '/api/v1/namespaces/default/configmaps', { metadata: { name: `c-${i}` }, data: { a: filler } }),
  );
  row(
    'ConfigMap creates of 1 kB over HTTPS, 64 clients, durable',
    `${Math.round(rate)}/s`,
    `noted: Go 1,150/s (${(rate / 1150).toFixed(1)}x)`,
  );
  await send('POST', '/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } });
  const env = Array.from({ length: 40 }, (_, i) => ({ name: `VARIABLE_${i}`, value: 'v'.repeat(40) }));
  await many(10_000, (i) =>
    send('POST', '/api/v1/namespaces/default/pods', {
      metadata: { name: `p-${i}`, labels: { app: `a${i % 100}` } },
      spec: { containers: [{ name: 'c', image: 'registry.example/web:v1', env }] },
    }),
  );
  const lists = [];
  let bytes = 0;
  for (let i = 0; i < 5; i++) {
    const start = process.hrtime.bigint();
    bytes = await send('GET', '/api/v1/pods');
    lists.push(Number(process.hrtime.bigint() - start) / 1e6);
  }
  row(
    `list of 10,000 pods over HTTPS (${(bytes / 1e6).toFixed(1)} MB), best of 5`,
    `${Math.round(Math.min(...lists))} ms`,
    'noted: Go 391 ms',
  );
  row('API server with these, resident memory', `${Math.round(rss(child.pid))} MB`);
  agent.destroy();
  child.kill('SIGTERM');
  await new Promise((r) => child.once('exit', r));
}

/** Pod create to Running on containerd, the image being there. */
async function containers() {
  if (process.getuid?.() !== 0 || !has('containerd')) return console.log('  pods on containerd: left out (needs root and containerd)');
  const data = path.join(dir, 'real');
  const out = execFileSync(K8TS, ['up', '--runtime', 'containerd', '--detach', '--port', '0', '--data-dir', data], { encoding: 'utf8' });
  try {
    row('cold start to a Ready node and DNS, containerd', `${/ready in ([\d.]+) s/.exec(out)[1]} s`);
    const kubectl = (args, input) =>
      execFileSync('kubectl', args, { encoding: 'utf8', input, env: { ...process.env, KUBECONFIG: `${data}/kubeconfig` } });
    const pod = (name) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'c', image: 'k8ts.local/pause:1', imagePullPolicy: 'Never' }] },
    });
    const times = [];
    for (let i = 0; i < 7; i++) {
      const start = process.hrtime.bigint();
      kubectl(['create', '-f', '-'], JSON.stringify(pod(`b-${i}`)));
      kubectl(['wait', `pod/b-${i}`, '--for=jsonpath={.status.phase}=Running', '--timeout=30s']);
      times.push(Number(process.hrtime.bigint() - start) / 1e9);
    }
    row(
      'pod create to Running on containerd (with two kubectl runs)',
      `${median(times).toFixed(2)} s`,
      'noted: Go kubelet 0.64 s without kubectl',
    );
    const start = process.hrtime.bigint();
    kubectl(
      ['create', '-f', '-'],
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items: Array.from({ length: 30 }, (_, i) => pod(`m-${i}`)) }),
    );
    for (;;) {
      const phases = kubectl(['get', 'pods', '-o', 'jsonpath={.items[*].status.phase}']).split(' ');
      if (phases.filter((p) => p === 'Running').length === 37) break;
      await sleep(100);
    }
    row('thirty pods at once on containerd', `${(Number(process.hrtime.bigint() - start) / 1e9).toFixed(1)} s`, 'noted: Go kubelet 5.9 s');
  } finally {
    execFileSync(K8TS, ['down', '--data-dir', data]);
  }
}
