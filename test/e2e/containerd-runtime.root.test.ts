/** The compliance suite against a real containerd of our own. Needs root, containerd and the reference CNI plugins; left out, with the reason, without. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ContainerdRuntime } from '../../src/host/containerd/containerd-runtime.js';
import { ContainerdDaemon } from '../../src/host/containerd/daemon.js';
import { silentLogger } from '../../src/util/logger.js';
import { containerRuntimeCompliance } from '../compliance/container-runtime.js';
import { cleanMachine, containerdOptions, IMAGE, importBusybox, reason } from './own-containerd.js';

const NETWORK = { name: 'k8ts-runtime-test', bridge: 'k8tstest0', subnet: '10.99.1.0/24' };
const CGROUP = '/k8ts-runtime-test';
const FLOOD = ['/bin/busybox', 'head', '-c', '8000000', '/dev/zero'];

if (reason) {
  describe('container runtime: containerd', () => {
    it.skip(`left out: ${reason}`, () => {});
  });
} else {
  containerRuntimeCompliance(
    'containerd',
    async () => {
      const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-rt-'));
      const daemon = new ContainerdDaemon(containerdOptions(dir, NETWORK));
      await daemon.start();
      await importBusybox(daemon, ['sh', 'cat', 'sleep', 'true', 'false', 'httpd']);
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
          cleanMachine(NETWORK.bridge, CGROUP);
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
      const options = { ...containerdOptions(dir, NETWORK), registryMirrors: { 'harbor.example.com': 'http://127.0.0.1:5000' } };
      const first = new ContainerdDaemon(options);
      onTestFinished(async () => {
        await first.removeAll();
        fs.rmSync(dir, { recursive: true, force: true });
        cleanMachine(NETWORK.bridge, CGROUP);
      });
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
    });

    it('refuses a folder whose path does not hold a socket', () => {
      expect(() => new ContainerdDaemon({ dir: `/tmp/${'x'.repeat(100)}`, cniBin: '/tmp', cniConf: '/tmp', log: silentLogger })).toThrow(
        'too long for a unix socket',
      );
    });
  });
}
