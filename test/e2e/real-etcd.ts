/** Real etcd members on loopback, for tests: started, killed and started again, with their data in a folder of their own. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { freePorts } from './ports.js';

export interface EtcdFiles {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

export class RealEtcd {
  private readonly running = new Map<number, ChildProcess>();

  private constructor(
    readonly dir: string,
    readonly endpoints: readonly string[],
    private readonly peers: readonly string[],
    private readonly files: EtcdFiles | undefined,
    private readonly args: readonly string[],
  ) {}

  /** `files`: paths of PEM files; clients must show a certificate then. */
  static async start(members: number, files?: EtcdFiles, args: readonly string[] = []): Promise<RealEtcd> {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-etcd-'));
    const ports = await freePorts(members * 2);
    const scheme = files ? 'https' : 'http';
    const etcd = new RealEtcd(
      dir,
      ports.slice(0, members).map((p) => `${scheme}://127.0.0.1:${p}`),
      ports.slice(members).map((p) => `http://127.0.0.1:${p}`),
      files,
      args,
    );
    for (let i = 0; i < members; i++) etcd.run(i);
    return etcd;
  }

  /** One member, with the data of a snapshot. */
  static async restored(snapshot: string): Promise<RealEtcd> {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-etcd-'));
    const [client, peer] = (await freePorts(2)).map((p) => `http://127.0.0.1:${p}`);
    const etcd = new RealEtcd(dir, [client!], [peer!], undefined, []);
    const place = ['--name', 'm0', '--initial-cluster', `m0=${peer}`, '--initial-advertise-peer-urls', peer!];
    execFileSync('etcdctl', ['snapshot', 'restore', snapshot, '--data-dir', path.join(dir, 'm0'), ...place], {
      env: { ...process.env, ETCDCTL_API: '3' },
      stdio: 'ignore',
    });
    etcd.run(0);
    return etcd;
  }

  run(i: number): void {
    const [client, peer] = [this.endpoints[i]!, this.peers[i]!];
    const child = spawn(
      'etcd',
      [
        ...['--name', `m${i}`, '--data-dir', path.join(this.dir, `m${i}`), '--log-level', 'error'],
        ...['--listen-client-urls', client, '--advertise-client-urls', client],
        ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
        ...['--initial-cluster', this.peers.map((p, n) => `m${n}=${p}`).join(',')],
        ...(this.files ? ['--cert-file', this.files.certificate, '--key-file', this.files.key] : []),
        ...(this.files ? ['--trusted-ca-file', this.files.ca, '--client-cert-auth'] : []),
        ...this.args,
      ],
      { stdio: ['ignore', 'ignore', fs.openSync(path.join(this.dir, `m${i}.log`), 'a')] },
    );
    this.running.set(i, child);
  }

  async kill(i: number): Promise<void> {
    const child = this.running.get(i);
    if (!child) return;
    this.running.delete(i);
    const gone = new Promise((resolve) => child.on('close', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  /** The member that leads now, by what `etcdctl` says. */
  leader(): number {
    const up = [...this.running.keys()];
    for (const i of up) {
      try {
        const out = execFileSync('etcdctl', ['--endpoints', this.endpoints[i]!, 'endpoint', 'status', '-w', 'json'], {
          env: { ...process.env, ETCDCTL_API: '3' },
          stdio: ['ignore', 'pipe', 'ignore'],
        });
        const text = out.toString();
        const member = /"member_id":(\d+)/.exec(text)?.[1];
        if (member && member === /"leader":(\d+)/.exec(text)?.[1]) return i;
      } catch {
        // Not up yet.
      }
    }
    return -1;
  }

  async waitForLeader(): Promise<number> {
    for (;;) {
      const i = this.leader();
      if (i >= 0) return i;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async stop(): Promise<void> {
    for (const i of [...this.running.keys()]) await this.kill(i);
    fs.rmSync(this.dir, { recursive: true, force: true });
  }
}
