/** The lab set up for a test or for a person: a registry with its images, a cluster on containerd, a kubectl. */
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { machineOwner } from '../../../src/cluster/up/machine-owner.js';
import { freePort } from '../ports.js';
import { nginxImage, push, tomcatImage } from './images.js';
import { Kubectl, onPath } from './kubectl.js';
import { type Registry, startRegistry } from './registry.js';

// `scripts/lab.mjs` bundles this file elsewhere and says where the checkout is.
declare const __LAB_ROOT__: string | undefined;
const ROOT = typeof __LAB_ROOT__ === 'string' ? __LAB_ROOT__ : new URL('../../../', import.meta.url).pathname;
const MANIFESTS = `${ROOT}test/e2e/lab/manifests/`;
const DNS = '10.96.0.10';
const DOMAIN = 'cluster.local';

export interface LoadResult {
  readonly answers: number;
  readonly failures: string[];
}

export class Lab {
  readonly kubectl: Kubectl;
  readonly kubeconfig: string;

  private constructor(
    private readonly dir: string,
    private readonly registry: Registry,
    readonly etcd: string,
    private readonly port: number,
  ) {
    this.kubeconfig = path.join(this.dataDir, 'kubeconfig');
    this.kubectl = new Kubectl(onPath('kubectl')!, this.kubeconfig);
  }

  get dataDir(): string {
    return path.join(this.dir, 'cluster');
  }

  static async start(dir: string, say: (line: string) => void = () => undefined): Promise<Lab> {
    fs.mkdirSync(dir, { recursive: true });
    const registry = await startRegistry(path.join(dir, 'registry'));
    try {
      const o = { clusterDomain: DOMAIN, dns: DNS };
      for (const image of [nginxImage('v1', o), nginxImage('v2', o), tomcatImage('v1')]) {
        push(image, registry.address, `${registry.user}:${registry.password}`, dir);
        say(`pushed ${image.name}`);
      }
      const lab = new Lab(dir, registry, `https://127.0.0.1:${await freePort()}`, await freePort());
      // A lab that was killed has the machine's pod network still.
      const left = machineOwner();
      if (left && path.dirname(left).startsWith(path.join(os.tmpdir(), 'k8ts-lab-'))) lab.k8ts(['down', '--data-dir', left]);
      lab.up();
      return lab;
    } catch (e) {
      await registry.stop();
      throw e;
    }
  }

  /** Prints what `k8ts up` prints. */
  up(): string {
    return this.k8ts([
      'up',
      '--detach',
      '--data-dir',
      this.dataDir,
      '--port',
      String(this.port),
      '--etcd-listen',
      this.etcd,
      '--cluster-domain',
      DOMAIN,
      '--registry-mirror',
      `harbor.haostack.com=http://${this.registry.address}`,
      '--runtime',
      'containerd',
    ]);
  }

  /** The manifests, and the pull secret that the namespace's pods use. */
  apply(k = this.kubectl): string {
    if (k.try('get namespace ns-uat').code !== 0) {
      k.run(['apply', '-f', `${MANIFESTS}00-namespace.yaml`]);
      k.run([
        '-n',
        'ns-uat',
        'create',
        'secret',
        'docker-registry',
        'harbor',
        '--docker-server=harbor.haostack.com',
        `--docker-username=${this.registry.user}`,
        `--docker-password=${this.registry.password}`,
      ]);
      for (let i = 0; k.try('-n ns-uat get serviceaccount default').code !== 0 && i < 50; i++) execFileSync('sleep', ['0.1']);
      k.run(['-n', 'ns-uat', 'patch', 'serviceaccount', 'default', '-p', '{"imagePullSecrets":[{"name":"harbor"}]}']);
    }
    return k.run(['apply', '-f', MANIFESTS]);
  }

  /** The body of a page of nginx through the node port; what went wrong where it did not answer. */
  async page(file: string): Promise<string> {
    try {
      return (await get(`http://${nodeAddress()}:30016${file}`)).trim();
    } catch (e) {
      return (e as Error).message;
    }
  }

  /** Requests on new connections, four at a time, until stopped; at most two minutes. */
  load(): { stop(): Promise<LoadResult> } {
    const workerData = { url: `http://${nodeAddress()}:30016/`, limitMs: 120_000 };
    const worker = new Worker(`${ROOT}test/e2e/lab/load.mjs`, { workerData });
    const result = new Promise<LoadResult>((resolve, reject) => worker.once('message', resolve).once('error', reject));
    return {
      stop: () => {
        worker.postMessage('stop');
        return result;
      },
    };
  }

  async throughPortForward(pod: string, port: number, file: string): Promise<string> {
    const local = await freePort();
    const child = spawn(this.kubectl.binary, ['-n', 'ns-uat', 'port-forward', pod, `${local}:${port}`], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, KUBECONFIG: this.kubeconfig },
    });
    try {
      await new Promise<void>((resolve, reject) => {
        child.stdout.once('data', () => resolve());
        let said = '';
        child.stderr.on('data', (d: Buffer) => (said += d));
        child.once('exit', () => reject(new Error(`port-forward ended: ${said}`)));
      });
      return (await get(`http://127.0.0.1:${local}${file}`)).trim();
    } finally {
      child.kill('SIGTERM');
    }
  }

  /** kill -9 of k8ts, then `k8ts up` on the same data directory. */
  async killAndResume(): Promise<void> {
    const pid = Number(fs.readFileSync(path.join(this.dataDir, 'pids'), 'utf8'));
    process.kill(pid, 'SIGKILL');
    for (let i = 0; i < 100 && fs.existsSync(`/proc/${pid}`); i++) await new Promise((r) => setTimeout(r, 50));
    this.up();
  }

  /** What there is to see of the lab, in a few dozen lines. */
  diagnosis(): string {
    const show = (title: string, text: string) => `-- ${title}\n${text.trim()}\n`;
    const rules = (() => {
      try {
        return execFileSync('iptables-save', ['-t', 'nat'], { encoding: 'utf8' })
          .split('\n')
          .filter((l) => l.includes('uat-nginx') && l.startsWith('-A'))
          .join('\n');
      } catch (e) {
        return (e as Error).message;
      }
    })();
    const log = path.join(this.dataDir, 'k8ts.log');
    return [
      ...['get pods,rs -A -o wide', 'get endpointslices -n ns-uat', 'get events -n ns-uat --sort-by=.lastTimestamp'].map((c) => {
        const { out, err } = this.kubectl.try(c);
        return show(`kubectl ${c}`, `${out}${err}`.split('\n').slice(-16).join('\n'));
      }),
      show('rules of the nginx service', rules),
      show('log', fs.existsSync(log) ? fs.readFileSync(log, 'utf8').split('\n').slice(-20).join('\n') : 'none'),
    ].join('');
  }

  async down(): Promise<void> {
    this.k8ts(['down', '--data-dir', this.dataDir]);
    await this.registry.stop();
    fs.rmSync('/tmp/k8ts-lab', { recursive: true, force: true });
  }

  async stop(): Promise<void> {
    await this.down().catch(() => undefined);
  }

  private k8ts(args: readonly string[]): string {
    return execFileSync(path.join(ROOT, 'bin/k8ts'), args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  }
}

export function nodeAddress(): string {
  for (const list of Object.values(os.networkInterfaces()))
    for (const a of list ?? []) if (a.family === 'IPv4' && !a.internal && !a.address.startsWith('10.244.')) return a.address;
  throw new Error('this machine has no address but loopback');
}

/** A GET on a connection of its own. Rejects for anything but 200. */
function get(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const req = http.get(url, { agent: false, timeout: 5_000 }, (res) => {
      let body = '';
      res.setEncoding('utf8');
      res.on('data', (d: string) => (body += d));
      res.on('end', () => (res.statusCode === 200 ? resolve(body) : reject(new Error(`${res.statusCode} ${body.slice(0, 100)}`))));
      res.on('error', reject);
    });
    req.on('timeout', () => req.destroy(new Error('no answer in 5 s')));
    req.on('error', reject);
  });
}
