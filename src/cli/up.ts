/** `k8ts up`, `down` and `status`: a cluster on this machine with one command. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { type Command, Option } from 'commander';
import { defaultPodCidr } from '../cluster/node-range.js';
import { down, removeAll } from '../cluster/up/down.js';
import { claimMachine } from '../cluster/up/machine-owner.js';
import { isRunning, loadState, saveState } from '../cluster/up/state.js';
import { containersImpossible, defaultNodeName, type Progress, up } from '../cluster/up/up.js';
import { createLogger } from '../host/logger.js';
import { parseReserved, type Reserved } from '../kubelet/reserved.js';
import { processStart } from '../store/embedded/file-lock.js';
import { realClock } from '../util/clock.js';
import { realRandom } from '../util/random.js';
import { loadDocs } from './docs.js';
import { type EtcdFlags, etcdOptions, storeOf } from './etcd-flags.js';
import { fail, UserError } from './fail.js';
import { port } from './kube-apiserver.js';
import { self, untilStopped } from './process.js';
import { restoreForStart } from './snapshot-restore.js';

interface UpFlags extends EtcdFlags {
  dataDir: string;
  detach?: boolean;
  port: string;
  nodes: string;
  nodeName?: string;
  runtime: 'auto' | 'containerd' | 'simulated';
  clusterDomain: string;
  podCidr?: string;
  serviceCidr: string;
  serviceNodePortRange: string;
  registryMirror: string[];
  proxyMode: string;
  etcdListen?: string;
  kubeReserved?: string;
}

const DEFAULT_DIR = './k8ts-data';
const READY_MS = 120_000;

export function upCommands(program: Command): void {
  const dir = new Option('--data-dir <dir>', 'where the cluster is kept').default(DEFAULT_DIR);
  etcdOptions(program.command('up').description('Start a cluster on this machine, or resume the one in the data directory'))
    .addOption(dir)
    .option('--detach', 'return once the cluster is ready; it goes on in the background')
    .option('--port <port>', 'HTTPS port of the API server; 0: any free one', '6443')
    .option('--nodes <n>', 'how many nodes (simulated; 100 and more write no events about Pods)', '1')
    .option('--node-name <name>', 'name of the node (default: the host name)')
    .addOption(new Option('--runtime <runtime>', 'what runs the containers').choices(['auto', 'containerd', 'simulated']).default('auto'))
    .option('--cluster-domain <domain>', 'DNS domain of the cluster', 'cluster.local')
    .option('--pod-cidr <cidr>', 'range of pod addresses (default: "10.244.0.0/16"; for more than 256 nodes "10.128.0.0/10")')
    .option('--service-cidr <cidr>', 'range of Service addresses', '10.96.0.0/16')
    .option('--service-node-port-range <range>', 'range of node ports', '30000-32767')
    .option(
      '--registry-mirror <host=url>',
      'serve images of a registry from here (repeat for more)',
      (v: string, all: string[]) => [...all, v],
      [],
    )
    .option('--proxy-mode <mode>', 'how Service addresses work: iptables', 'iptables')
    .option(
      '--kube-reserved <list>',
      'what Pods of a real node do not get, as memory=1Gi,pid=1000 (default: a tenth of the memory, at most 1Gi)',
    )
    .option('--etcd-listen <url>', 'let etcd clients with a certificate of <dir>/pki/etcd reach the store, e.g. 127.0.0.1:2379')
    .action((f: UpFlags) => runUp(f).catch(fail));
  program
    .command('down')
    .description('Stop the cluster and remove its containers, network and rules; the data stays')
    .addOption(dir)
    .action((f: { dataDir: string }) => runDown(f.dataDir).catch(fail));
  program
    .command('status')
    .description('Say whether the cluster runs')
    .addOption(dir)
    .action((f: { dataDir: string }) => runStatus(f.dataDir).catch(fail));
}

/** A line for each step, with how long it took. */
const steps: Progress = async (step, work, done) => {
  const start = process.hrtime.bigint();
  const value = await work();
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  console.log(`  ${step.padEnd(30)} ${seconds.toFixed(2).padStart(6)} s  ${done?.(value) ?? ''}`.trimEnd());
  return value;
};

async function runUp(f: UpFlags): Promise<void> {
  const start = process.hrtime.bigint();
  const dataDir = path.resolve(f.dataDir);
  refuse(f);
  const { etcd, compactionIntervalMs, fromSnapshot } = storeOf(f);
  const running = loadState(dataDir);
  if (running && isRunning(running))
    throw new UserError(
      `a cluster runs in ${f.dataDir} already (process ${running.pid}, ${running.url}): use it, or stop it with: ${self()} down --data-dir ${f.dataDir}`,
    );
  if (f.detach) return detach(f, dataDir);
  const why = f.runtime === 'simulated' ? undefined : containersImpossible();
  if (f.runtime === 'containerd' && why)
    throw new UserError(
      `--runtime containerd: ${why}; install it (apt-get install containerd runc containernetworking-plugins iptables iproute2), run as root, or use --runtime simulated`,
    );
  const runtime = f.runtime === 'simulated' || why ? 'simulated' : 'containerd';
  console.log(
    `k8ts up: ${runtime === 'containerd' ? 'containers run on containerd' : `containers are simulated${f.runtime === 'auto' ? ` (${why})` : ''}`}`,
  );
  const nodes = Number(f.nodes);
  if (!Number.isInteger(nodes) || nodes < 1) throw new UserError(`--nodes: not a number of nodes: ${JSON.stringify(f.nodes)}`);
  if (runtime === 'containerd' && nodes > 1)
    throw new UserError('--nodes: more than one node on containerd is not built yet; use --runtime simulated');
  const log = createLogger('info', path.join(dataDir, 'k8ts.log'));
  const nodeName = f.nodeName ?? (runtime === 'simulated' && nodes > 1 ? 'node' : defaultNodeName());
  const podCidr = f.podCidr ?? defaultPodCidr(nodes);
  const options = {
    dataDir,
    port: port(f.port),
    nodeName,
    runtime,
    nodes,
    clusterDomain: f.clusterDomain,
    podCidr,
    serviceCidr: f.serviceCidr,
    nodePortRange: f.serviceNodePortRange,
    registryMirrors: mirrors(f.registryMirror),
    etcd,
    compactionIntervalMs,
    ...(f.kubeReserved === undefined ? {} : { kubeReserved: kubeReserved(f.kubeReserved, runtime) }),
    ...(f.etcdListen ? { etcdListen: etcdUrl(f.etcdListen) } : {}),
    docs: loadDocs,
  } as const;
  fs.mkdirSync(dataDir, { recursive: true });
  if (runtime === 'containerd') claimMachine(dataDir);
  const state = {
    pid: process.pid,
    startTime: processStart(process.pid) ?? '',
    runtime,
    nodeName,
    url: '',
    podCidr,
    started: new Date().toISOString(),
  } as const;
  saveState(dataDir, state);
  const begin = async () => {
    if (fromSnapshot) await restoreForStart(fromSnapshot, dataDir, { clock: realClock, random: realRandom, log });
    return up(options, log, steps);
  };
  const cluster = await begin().catch(async (e) => {
    // Nothing is left behind of a start that failed.
    if (!running) await removeAll(dataDir, state, log, (_step, work) => work()).catch(() => undefined);
    throw e;
  });
  saveState(dataDir, { ...state, url: cluster.url });
  console.log(`ready in ${(Number(process.hrtime.bigint() - start) / 1e9).toFixed(2)} s`);
  console.log(`\n  export KUBECONFIG=${cluster.kubeconfig}\n  kubectl get nodes`);
  process.send?.('ready');
  process.disconnect?.();
  await untilStopped(() => cluster.stop());
}

function refuse(f: UpFlags): void {
  if (f.etcdServers && f.etcdListen)
    throw new UserError('--etcd-listen is about the store in --data-dir: with --etcd-servers, let etcd clients reach that etcd itself');
  if (f.proxyMode !== 'iptables') throw new UserError(`--proxy-mode ${f.proxyMode} is not built yet: use iptables`);
}

/** Exported for its test. */
export function kubeReserved(list: string, runtime: 'containerd' | 'simulated'): Reserved {
  if (runtime === 'simulated') throw new UserError('--kube-reserved is about a real node: simulated ones use no memory of their own');
  try {
    return parseReserved(list);
  } catch (e) {
    throw new UserError(`--kube-reserved: ${(e as Error).message}`);
  }
}

/** Exported for its test. */
export function etcdUrl(v: string): URL {
  let url: URL;
  try {
    url = new URL(/^[a-z]+:\/\//.test(v) ? v : `https://${v}`);
  } catch {
    throw new UserError(`--etcd-listen: not an address: ${JSON.stringify(v)}; write HOST:PORT, as 127.0.0.1:2379`);
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new UserError(`--etcd-listen ${v}: only https and http are served`);
  if (url.username || url.password || url.pathname !== '/' || url.search || url.hash)
    throw new UserError(`--etcd-listen ${v}: write scheme, host and port alone`);
  const loopback = /^(127(\.\d+){3}|\[::1\]|localhost)$/.test(url.hostname);
  if (url.protocol === 'http:' && !loopback)
    throw new UserError(
      `--etcd-listen ${v}: without certificates it would give every Secret to whoever reaches it: use https://${url.host}, or a loopback address`,
    );
  return url;
}

function mirrors(list: readonly string[]): Record<string, string> {
  const out: Record<string, string> = {};
  for (const m of list) {
    const at = m.indexOf('=');
    if (at < 1 || !/^https?:\/\//.test(m.slice(at + 1)))
      throw new UserError(`--registry-mirror: write HOST=URL, as harbor.example.com=http://127.0.0.1:5000, not ${JSON.stringify(m)}`);
    out[m.slice(0, at)] = m.slice(at + 1);
  }
  return out;
}

/** The same command without --detach, in a process of its own; its lines are shown until it is ready. */
function detach(f: UpFlags, dataDir: string): Promise<void> {
  const args = process.argv.slice(2).filter((a) => a !== '--detach');
  fs.mkdirSync(dataDir, { recursive: true });
  const outFile = path.join(dataDir, 'up.log');
  const out = fs.openSync(outFile, 'w');
  const child = spawn(process.execPath, [process.argv[1]!, ...args], { detached: true, stdio: ['ignore', out, out, 'ipc'] });
  let shown = 0;
  const show = () => {
    const text = fs.readFileSync(outFile, 'utf8');
    process.stdout.write(text.slice(shown));
    shown = text.length;
  };
  return new Promise((resolve, reject) => {
    const timer = setInterval(show, 50);
    const late = setTimeout(
      () =>
        done(() => reject(new UserError(`not ready after ${READY_MS / 1000} s: see ${outFile} and ${path.join(f.dataDir, 'k8ts.log')}`))),
      READY_MS,
    );
    const done = (act: () => void) => {
      clearInterval(timer);
      clearTimeout(late);
      show();
      act();
    };
    child.on('message', () =>
      done(() => {
        console.log(`  ${self()} down --data-dir ${f.dataDir}   # stops it`);
        child.unref();
        resolve();
      }),
    );
    child.on('exit', (code) => done(() => process.exit(code || 1)));
  });
}

async function runDown(dir: string): Promise<void> {
  const dataDir = path.resolve(dir);
  if (!(await down(dataDir, createLogger('error'), steps))) console.log(`no cluster in ${dir}`);
  else console.log(`down. The data is in ${dir}: ${self()} up --data-dir ${dir} resumes it`);
}

async function runStatus(dir: string): Promise<void> {
  const state = loadState(path.resolve(dir));
  if (!state || !isRunning(state)) {
    console.log(`stopped  ${dir}`);
    process.exitCode = 3;
    return;
  }
  console.log(`running  ${state.url}  ${state.runtime}  node ${state.nodeName}  process ${state.pid}  since ${state.started}`);
  console.log(`  export KUBECONFIG=${path.join(path.resolve(dir), 'kubeconfig')}`);
}
