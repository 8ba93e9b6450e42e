/** The compliance suite against a real containerd of our own. Needs root, containerd and the reference CNI plugins; left out, with the reason, without. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ContainerdRuntime } from '../../src/host/containerd/containerd-runtime.js';
import { ContainerdDaemon, goArchitecture } from '../../src/host/containerd/daemon.js';
import { silentLogger } from '../../src/util/logger.js';
import { containerRuntimeCompliance } from '../compliance/container-runtime.js';

const CNI_BIN = '/usr/lib/cni';
const BRIDGE = 'k8tstest0';
const CGROUP = '/k8ts-runtime-test';
const IMAGE = 'test.local/busybox:1';
const FLOOD = ['/bin/busybox', 'head', '-c', '8000000', '/dev/zero'];

const has = (command: string): boolean => (process.env.PATH ?? '').split(':').some((d) => fs.existsSync(path.join(d, command)));

function missing(): string | undefined {
  if (process.getuid?.() !== 0) return 'not root';
  if (!has('containerd') || !has('runc')) return 'containerd or runc is not installed';
  if (!fs.existsSync(`${CNI_BIN}/bridge`)) return 'the CNI plugins are not installed';
  if (!fs.existsSync('/bin/busybox')) return 'busybox-static is not installed';
  return undefined;
}

function writeCni(dir: string): void {
  fs.mkdirSync(path.join(dir, 'cni'), { recursive: true });
  const ipam = { type: 'host-local', dataDir: path.join(dir, 'ipam'), ranges: [[{ subnet: '10.99.1.0/24' }]] };
  const conf = { cniVersion: '0.4.0', name: 'k8ts-runtime-test', plugins: [{ type: 'bridge', bridge: BRIDGE, isGateway: true, ipam }] };
  fs.writeFileSync(path.join(dir, 'cni', '10-test.conflist'), JSON.stringify(conf));
}

/** busybox with a page to serve. */
async function importBusybox(daemon: ContainerdDaemon): Promise<void> {
  const links = ['sh', 'cat', 'sleep', 'true', 'false', 'httpd'].map((n) => ({ path: `bin/${n}`, link: 'busybox' }));
  await daemon.importImage({
    name: IMAGE,
    architecture: goArchitecture(),
    files: [
      { path: 'bin/' },
      { path: 'bin/busybox', data: fs.readFileSync('/bin/busybox'), mode: 0o755 },
      ...links,
      { path: 'www/' },
      { path: 'www/index.html', data: Buffer.from('hello\n') },
    ],
    config: { Cmd: ['/bin/sh'], Env: ['PATH=/bin'] },
  });
}

function cleanMachine(): void {
  try {
    execFileSync('ip', ['link', 'del', BRIDGE], { stdio: 'ignore' });
  } catch {
    // was not made
  }
  for (const h of fs.readdirSync('/sys/fs/cgroup')) {
    const remove = (d: string): void => {
      if (!fs.existsSync(d)) return;
      for (const e of fs.readdirSync(d, { withFileTypes: true })) if (e.isDirectory()) remove(path.join(d, e.name));
      fs.rmdirSync(d);
    };
    remove(`/sys/fs/cgroup/${h}${CGROUP}`);
  }
}

const reason = missing();
if (reason) {
  describe('container runtime: containerd', () => {
    it.skip(`left out: ${reason}`, () => {});
  });
} else {
  containerRuntimeCompliance(
    'containerd',
    async () => {
      const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-rt-'));
      writeCni(dir);
      const daemon = new ContainerdDaemon({ dir: path.join(dir, 'c'), cniBin: CNI_BIN, cniConf: path.join(dir, 'cni'), log: silentLogger });
      await daemon.start();
      await importBusybox(daemon);
      const runtime = new ContainerdRuntime(daemon.paths.socket);
      return {
        runtime,
        image: IMAGE,
        logDirectory: path.join(dir, 'logs'),
        cgroupParent: CGROUP,
        readFile: (p) => fs.promises.readFile(p, 'utf8'),
        server: { image: IMAGE, command: ['httpd', '-f', '-p', '8080', '-h', '/www'] },
        async close() {
          await runtime.close();
          await daemon.removeAll();
          fs.rmSync(dir, { recursive: true, force: true });
          cleanMachine();
        },
      };
    },
    FLOOD,
  );

  describe('a containerd of our own', () => {
    it('is found again, keeps its containers while nobody looks, and leaves nothing behind', async () => {
      const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-rt-'));
      const mounts = () =>
        fs
          .readFileSync('/proc/self/mounts', 'utf8')
          .split('\n')
          .filter((l) => l.includes(dir));
      const options = {
        dir: path.join(dir, 'c'),
        cniBin: CNI_BIN,
        cniConf: path.join(dir, 'cni'),
        registryMirrors: { 'harbor.example.com': 'http://127.0.0.1:5000' },
        log: silentLogger,
      };
      writeCni(dir);
      const first = new ContainerdDaemon(options);
      expect(await first.start()).toBe('started');
      const pid = first.pid()!;
      expect(fs.readFileSync(`${dir}/c/registries/harbor.example.com/hosts.toml`, 'utf8')).toContain('[host."http://127.0.0.1:5000"]');
      const second = new ContainerdDaemon(options);
      expect(await second.start()).toBe('found');
      expect(second.pid()).toBe(pid);
      const runtime = new ContainerdRuntime(second.paths.socket);
      const id = await runtime.runSandbox(
        {
          metadata: { name: 'p', uid: 'u', namespace: 'default', attempt: 0 },
          hostname: 'p',
          logDirectory: path.join(dir, 'logs'),
          portMappings: [],
          labels: {},
          annotations: {},
          cgroupParent: CGROUP,
          sysctls: {},
          security: { namespaces: { network: 'pod', pid: 'pod', ipc: 'pod' } },
        },
        '',
      );
      const sandboxPid = await runtime.sandboxPid(id);
      await runtime.close();
      await second.stop();
      expect(fs.existsSync(`/proc/${sandboxPid}`)).toBe(true);
      expect(await first.start()).toBe('started');
      const again = new ContainerdRuntime(first.paths.socket);
      expect((await again.sandboxStatus(id)).state).toBe('ready');
      expect(await again.sandboxPid(id)).toBe(sandboxPid);
      await again.close();
      await first.removeAll();
      expect(fs.existsSync(`/proc/${sandboxPid}`)).toBe(false);
      expect(first.pid()).toBeUndefined();
      expect(mounts()).toEqual([]);
      fs.rmSync(dir, { recursive: true, force: true });
      cleanMachine();
    });

    it('refuses a folder whose path does not hold a socket', () => {
      expect(() => new ContainerdDaemon({ dir: `/tmp/${'x'.repeat(100)}`, cniBin: CNI_BIN, cniConf: '/tmp', log: silentLogger })).toThrow(
        'too long for a unix socket',
      );
    });
  });
}
