/** A kubelet on the real machine (containerd, mounts, cgroups, network), against a small API in memory. Needs root; left out, with the reason, without. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Event, Pod } from '../../src/api/types/core/v1.js';
import { ContainerdDaemon, goArchitecture } from '../../src/host/containerd/daemon.js';
import { type RunningKubelet, startRealKubelet } from '../../src/host/kubelet/create.js';
import { realClock } from '../../src/util/clock.js';
import { silentLogger } from '../../src/util/logger.js';
import { realRandom } from '../../src/util/random.js';
import { FakeApi } from '../kubelet/fake-client.js';
import { type PodDraft, pod } from '../kubelet/simulated.js';

const CNI_BIN = '/usr/lib/cni';
const BRIDGE = 'k8tstest1';
const CGROUP = '/k8ts-kubelet-test';
const IMAGE = 'test.local/busybox:1';
const env = { clock: realClock, random: realRandom, log: silentLogger };

const reason =
  process.getuid?.() !== 0
    ? 'not root'
    : ![...(process.env.PATH ?? '').split(':')].some((d) => fs.existsSync(path.join(d, 'containerd')))
      ? 'containerd is not installed'
      : !fs.existsSync(`${CNI_BIN}/bridge`)
        ? 'the CNI plugins are not installed'
        : !fs.existsSync('/bin/busybox')
          ? 'busybox-static is not installed'
          : '';

describe.skipIf(reason)(`a kubelet on the real machine${reason ? ` (left out: ${reason})` : ''}`, () => {
  let dir: string;
  let daemon: ContainerdDaemon;
  let api: FakeApi;
  let kubelet: RunningKubelet;

  const start = () =>
    startRealKubelet({
      nodeName: 'node',
      client: api.client(),
      env,
      socket: daemon.paths.socket,
      rootDir: `${dir}/kubelet`,
      podLogsDir: `${dir}/log/pods`,
      containerLogsDir: `${dir}/log/containers`,
      cgroupRoot: `${CGROUP}/kubepods`,
      clusterDNS: ['10.96.0.10'],
      addresses: ['192.0.2.1'],
    });
  const get = (name: string): Pod | undefined => api.of<Pod>('Pod').find((p) => p.metadata.name === name);
  const state = (name: string, container = 'c') =>
    [...(get(name)?.status.containerStatuses ?? []), ...(get(name)?.status.initContainerStatuses ?? [])].find((c) => c.name === container);
  const events = (name: string): string[] =>
    api
      .of<Event>('Event')
      .filter((e) => e.involvedObject.name === name)
      .map((e) => `${e.reason}: ${e.message}`);
  const under = (): string[] =>
    fs
      .readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .filter((l) => l.includes(`${dir}/kubelet`));
  const put = (d: PodDraft) =>
    api.put(
      pod({
        ...d,
        containers: (d.containers ?? [{}]).map((c) => ({ image: IMAGE, command: FOREVER, ...c })),
        spec: { terminationGracePeriodSeconds: 2, ...d.spec },
      }),
    );
  const exec = async (name: string, ...command: string[]): Promise<string> => {
    const id = state(name)!.containerID!.replace('containerd://', '');
    const r = await kubelet.runtime.execSync(id, command, 10);
    return Buffer.from(r.stdout).toString() + Buffer.from(r.stderr).toString();
  };
  async function until(what: () => unknown, ms = 20_000): Promise<void> {
    const end = Date.now() + ms;
    while (!what()) {
      if (Date.now() > end)
        throw new Error(
          `not in ${ms} ms: ${what.toString()}; ${JSON.stringify(api.of<Pod>('Pod').map((p) => [p.metadata.name, p.status.phase, p.status.containerStatuses?.map((c) => c.state)]))}`,
        );
      await new Promise((r) => setTimeout(r, 20));
    }
  }
  const running = (name: string) => until(() => get(name)?.status.conditions?.find((c) => c.type === 'Ready')?.status === 'True');
  const FOREVER = ['sh', '-c', 'trap "exit 0" TERM; while true; do sleep 0.05; done'];

  beforeAll(async () => {
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-kl-'));
    fs.mkdirSync(`${dir}/cni`);
    const ipam = { type: 'host-local', dataDir: `${dir}/ipam`, ranges: [[{ subnet: '10.99.2.0/24' }]] };
    fs.writeFileSync(
      `${dir}/cni/10-test.conflist`,
      JSON.stringify({
        cniVersion: '0.4.0',
        name: 'k8ts-kubelet-test',
        plugins: [{ type: 'bridge', bridge: BRIDGE, isGateway: true, ipam }],
      }),
    );
    daemon = new ContainerdDaemon({ dir: `${dir}/c`, cniBin: CNI_BIN, cniConf: `${dir}/cni`, log: silentLogger });
    await daemon.start();
    const links = ['sh', 'cat', 'sleep', 'ls', 'id', 'stat', 'httpd', 'touch', 'hostname', 'mount'].map((n) => ({
      path: `bin/${n}`,
      link: 'busybox',
    }));
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
    api = new FakeApi(env);
    kubelet = await start();
  });

  afterAll(async () => {
    await kubelet.stop();
    await daemon.removeAll();
    for (const h of fs.readdirSync('/sys/fs/cgroup')) {
      const remove = (d: string): void => {
        if (!fs.existsSync(d)) return;
        for (const e of fs.readdirSync(d, { withFileTypes: true })) if (e.isDirectory()) remove(path.join(d, e.name));
        fs.rmdirSync(d);
      };
      remove(`/sys/fs/cgroup/${h}${CGROUP}`);
    }
    execFileSync('ip', ['link', 'del', BRIDGE], { stdio: 'ignore' });
    fs.rmSync(dir, { recursive: true, force: true });
  });

  it('runs a pod with volumes, limits and a network, and leaves nothing of it', async () => {
    api.put({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'cm', namespace: 'default' }, data: { k: 'value' } });
    api.put({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'sec', namespace: 'default' }, data: { pw: btoa('secret') } });
    fs.writeFileSync(`${dir}/host-file`, 'from the host');
    put({
      name: 'full',
      spec: {
        securityContext: { runAsUser: 1000, fsGroup: 2000 },
        volumes: [
          { name: 'cm', configMap: { name: 'cm' } },
          { name: 'sec', secret: { secretName: 'sec', defaultMode: 0o400 } },
          { name: 'tmp', emptyDir: {} },
          { name: 'mem', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
          { name: 'host', hostPath: { path: `${dir}/host-file`, type: 'File' } },
          { name: 'token', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } },
        ],
      },
      containers: [
        {
          resources: { limits: { cpu: '500m', memory: '64Mi' }, requests: { cpu: '100m', memory: '32Mi' } },
          command: ['sh', '-c', 'echo started; httpd -p 8080 -h /www; trap "exit 0" TERM; while true; do sleep 0.05; done'],
          readinessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 1 },
          volumeMounts: [
            { name: 'cm', mountPath: '/cm' },
            { name: 'sec', mountPath: '/sec' },
            { name: 'tmp', mountPath: '/scratch' },
            { name: 'mem', mountPath: '/mem' },
            { name: 'host', mountPath: '/host-file' },
            { name: 'token', mountPath: '/token' },
            { name: 'cm', mountPath: '/one', subPath: 'k' },
          ],
        },
      ],
    });
    await running('full');
    expect(await exec('full', 'sh', '-c', 'cat /cm/k /host-file /token/token /one /sec/pw')).toBe(
      'valuefrom the hosttoken-of-defaultvaluesecret',
    );
    expect(await exec('full', 'sh', '-c', 'id; touch /scratch/x && stat -c "%u %g" /scratch/x')).toMatch(
      /uid=1000 gid=0.*2000[\s\S]*1000 2000/,
    );
    expect(await exec('full', 'mount')).toMatch(/tmpfs on \/mem type tmpfs \(rw.*size=1024k/);
    expect(await exec('full', 'cat', '/etc/hosts')).toContain(`${get('full')!.status.podIP}\tfull`);
    const group = `/sys/fs/cgroup/memory${CGROUP}/kubepods/burstable/poduid-full`;
    if (fs.existsSync('/sys/fs/cgroup/memory')) {
      expect(fs.readFileSync(`${group}/memory.limit_in_bytes`, 'utf8').trim()).toBe(String(64 * 2 ** 20));
      expect(fs.readFileSync(`/sys/fs/cgroup/cpu${CGROUP}/kubepods/burstable/poduid-full/cpu.cfs_quota_us`, 'utf8').trim()).toBe('50000');
    }
    const [link] = fs.readdirSync(`${dir}/log/containers`);
    expect(link).toMatch(/^full_default_c-[0-9a-f]{64}\.log$/);
    expect(fs.readFileSync(`${dir}/log/containers/${link}`, 'utf8')).toMatch(/ stdout F started\n$/);
    expect(under().length).toBeGreaterThan(3);
    await api.client().delete({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'full' });
    await until(() => !get('full'));
    expect(under()).toEqual([]);
    expect(fs.existsSync(group)).toBe(false);
    expect(fs.readdirSync(`${dir}/kubelet/pods`)).toEqual([]);
    expect(fs.readdirSync(`${dir}/log/pods`)).toEqual([]);
    expect(fs.readdirSync(`${dir}/log/containers`)).toEqual([]);
    expect(fs.readFileSync(`${dir}/host-file`, 'utf8')).toBe('from the host');
  });

  it('restarts what crashes, at once first, then with a wait', async () => {
    put({ name: 'crash', containers: [{ command: ['sh', '-c', 'echo bye > /dev/termination-log; exit 4'] }] });
    await until(() => state('crash')?.state.waiting?.reason === 'CrashLoopBackOff');
    expect(state('crash')).toMatchObject({
      restartCount: 1,
      lastState: { terminated: { exitCode: 4, reason: 'Error', message: 'bye\n' } },
    });
    await api.client().delete({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'crash' });
    await until(() => !get('crash'));
  });

  it('kills and restarts what fails its liveness probe', async () => {
    put({ name: 'sick', containers: [{ livenessProbe: { tcpSocket: { port: 9 }, periodSeconds: 1, failureThreshold: 1 } }] });
    await until(() => (state('sick')?.restartCount ?? 0) >= 1);
    expect(events('sick')).toContain('Killing: Container c failed liveness probe, will be restarted');
    expect(events('sick').some((e) => /Liveness probe failed: dial tcp 10\.99\.2\.\d+:9: connect: connection refused/.test(e))).toBe(true);
    await api.client().delete({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'sick' });
    await until(() => !get('sick'));
  });

  it('says why a command cannot be run', async () => {
    put({ name: 'bad', spec: { restartPolicy: 'Never' }, containers: [{ command: ['/nothing'] }] });
    await until(() => get('bad')?.status.phase === 'Failed');
    expect(
      events('bad').some((e) => /^Failed: Error: failed to create containerd task: .*"\/nothing": .*no such file or directory/.test(e)),
    ).toBe(true);
    await api.client().delete({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'bad' });
    await until(() => !get('bad'));
  });

  it('goes on with running containers after it was away, and removes what the API forgot meanwhile', async () => {
    put({ name: 'stays' });
    put({ name: 'goes' });
    await running('stays');
    await running('goes');
    const { containerID } = state('stays')!;
    await kubelet.stop();
    await api.client().delete({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'goes' }, { gracePeriodSeconds: 0 });
    kubelet = await start();
    let left: readonly unknown[] = [];
    for (let i = 0; i < 100; i++) {
      left = await kubelet.runtime.listSandboxes();
      if (left.length === 1) break;
      await new Promise((r) => setTimeout(r, 100));
    }
    expect(left).toHaveLength(1);
    expect(state('stays')).toMatchObject({ containerID, restartCount: 0, ready: true });
    expect(await exec('stays', 'hostname')).toBe('stays\n');
    await api.client().delete({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'stays' });
    await until(() => !get('stays'));
    expect(under()).toEqual([]);
  });
});
