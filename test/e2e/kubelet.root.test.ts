/** A kubelet on the real machine (containerd, mounts, cgroups, network), against a small API in memory. Needs root; left out, with the reason, without. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reason } from './own-containerd.js';
import { type RealKubelet, realKubelet } from './real-kubelet.js';

describe.skipIf(reason)(`a kubelet on the real machine${reason ? ` (left out: ${reason})` : ''}`, () => {
  let k: RealKubelet;
  beforeAll(async () => {
    k = await realKubelet(1);
  });
  afterAll(() => k?.stop());

  it('runs a pod with volumes, limits and a network, and leaves nothing of it', async () => {
    k.api.put({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'cm', namespace: 'default' }, data: { k: 'value' } });
    k.api.put({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'sec', namespace: 'default' }, data: { pw: btoa('secret') } });
    fs.writeFileSync(`${k.dir}/host-file`, 'from the host');
    k.put({
      name: 'full',
      spec: {
        securityContext: { runAsUser: 1000, fsGroup: 2000 },
        volumes: [
          { name: 'cm', configMap: { name: 'cm' } },
          { name: 'sec', secret: { secretName: 'sec', defaultMode: 0o400 } },
          { name: 'tmp', emptyDir: {} },
          { name: 'mem', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
          { name: 'host', hostPath: { path: `${k.dir}/host-file`, type: 'File' } },
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
    await k.running('full');
    expect(await k.exec('full', 'sh', '-c', 'cat /cm/k /host-file /token/token /one /sec/pw')).toBe(
      'valuefrom the hosttoken-of-defaultvaluesecret',
    );
    expect(await k.exec('full', 'sh', '-c', 'id; touch /scratch/x && stat -c "%u %g" /scratch/x')).toMatch(
      /uid=1000 gid=0.*2000[\s\S]*1000 2000/,
    );
    expect(await k.exec('full', 'mount')).toMatch(/tmpfs on \/mem type tmpfs \(rw.*size=1024k/);
    expect(await k.exec('full', 'cat', '/etc/hosts')).toContain(`${k.get('full')!.status.podIP}\tfull`);
    const group = `/sys/fs/cgroup/memory${k.cgroup}/kubepods/burstable/poduid-full`;
    if (fs.existsSync('/sys/fs/cgroup/memory')) {
      expect(fs.readFileSync(`${group}/memory.limit_in_bytes`, 'utf8').trim()).toBe(String(64 * 2 ** 20));
      expect(fs.readFileSync(`/sys/fs/cgroup/cpu${k.cgroup}/kubepods/burstable/poduid-full/cpu.cfs_quota_us`, 'utf8').trim()).toBe('50000');
    }
    const [link] = fs.readdirSync(`${k.dir}/log/containers`);
    expect(link).toMatch(/^full_default_c-[0-9a-f]{64}\.log$/);
    expect(fs.readFileSync(`${k.dir}/log/containers/${link}`, 'utf8')).toMatch(/ stdout F started\n$/);
    expect(k.mounts().length).toBeGreaterThan(3);
    await k.gone('full');
    expect(k.mounts()).toEqual([]);
    expect(fs.existsSync(group)).toBe(false);
    expect(fs.readdirSync(`${k.dir}/kubelet/pods`)).toEqual([]);
    expect(fs.readdirSync(`${k.dir}/log/pods`)).toEqual([]);
    expect(fs.readdirSync(`${k.dir}/log/containers`)).toEqual([]);
    expect(fs.readFileSync(`${k.dir}/host-file`, 'utf8')).toBe('from the host');
  });

  it('keeps the machine for itself: Pods together have what is left, and every process its own place when memory is short', async () => {
    k.put({ name: 'eager' });
    k.put({ name: 'modest', containers: [{ resources: { requests: { memory: '64Mi', cpu: '100m' } } }] });
    await k.running('eager');
    await k.running('modest');
    const read = (file: string) => fs.readFileSync(file, 'utf8').trim();
    if (fs.existsSync('/sys/fs/cgroup/memory')) {
      const at = (controller: string, file: string) => read(`/sys/fs/cgroup/${controller}${k.cgroup}/kubepods${file}`);
      const total = Number(/^MemTotal:\s+(\d+)/m.exec(read('/proc/meminfo'))![1]) * 1024;
      expect(at('memory', '/memory.limit_in_bytes')).toBe(String(total - 2 ** 28));
      const most = Math.min(...['pid_max', 'threads-max'].map((f) => Number(read(`/proc/sys/kernel/${f}`))));
      expect(at('pids', '/pids.max')).toBe(String(most - 500));
      expect(at('cpu', '/cpu.shares')).toBe(String(os.availableParallelism() * 1024));
      expect(at('cpu', '/besteffort/cpu.shares')).toBe('2');
    }
    const daemon = Number(read(`/proc/${k.daemon.pid()}/oom_score_adj`));
    const ids = ['eager', 'modest'].map((name) => k.state(name)!.containerID!.replace('containerd://', ''));
    const processes = fs.readdirSync('/proc').filter((p) => /^\d+$/.test(p));
    const of = (what: (line: string) => boolean) =>
      processes.filter((p) => what(fs.existsSync(`/proc/${p}/cmdline`) ? read(`/proc/${p}/cmdline`) : ''));
    const shims = of((line) => line.includes('containerd-shim') && line.includes(k.dir));
    expect(shims.length).toBeGreaterThan(1);
    expect(new Set(shims.map((p) => Number(read(`/proc/${p}/oom_score_adj`))))).toEqual(new Set([daemon + 1]));
    const adjust = async (id: string) =>
      Number(new TextDecoder().decode((await k.kubelet.runtime.execSync(id, ['cat', '/proc/1/oom_score_adj'], 5)).stdout));
    expect(await adjust(ids[0]!)).toBe(1000);
    const share = Math.floor((1000 * 64 * 2 ** 20) / (Number(/^MemTotal:\s+(\d+)/m.exec(read('/proc/meminfo'))![1]) * 1024));
    expect(await adjust(ids[1]!)).toBe(1000 - Math.max(1, share));
    await k.gone('eager', 'modest');
  });

  it('restarts what crashes, at once first, then with a wait', async () => {
    k.put({ name: 'crash', containers: [{ command: ['sh', '-c', 'echo bye > /dev/termination-log; exit 4'] }] });
    await k.until(() => k.state('crash')?.state.waiting?.reason === 'CrashLoopBackOff');
    expect(k.state('crash')).toMatchObject({
      restartCount: 1,
      lastState: { terminated: { exitCode: 4, reason: 'Error', message: 'bye\n' } },
    });
    await k.gone('crash');
  });

  it('kills and restarts what fails its liveness probe', async () => {
    k.put({ name: 'sick', containers: [{ livenessProbe: { tcpSocket: { port: 9 }, periodSeconds: 1, failureThreshold: 1 } }] });
    await k.until(() => (k.state('sick')?.restartCount ?? 0) >= 1);
    expect(k.events('sick')).toContain('Killing: Container c failed liveness probe, will be restarted');
    expect(k.events('sick').some((e) => /Liveness probe failed: dial tcp 10\.99\.2\.\d+:9: connect: connection refused/.test(e))).toBe(
      true,
    );
    await k.gone('sick');
  });

  it('says why a command cannot be run', async () => {
    k.put({ name: 'bad', spec: { restartPolicy: 'Never' }, containers: [{ command: ['/nothing'] }] });
    await k.until(() => k.get('bad')?.status.phase === 'Failed');
    expect(
      k.events('bad').some((e) => /^Failed: Error: failed to create containerd task: .*"\/nothing": .*no such file or directory/.test(e)),
    ).toBe(true);
    await k.gone('bad');
  });

  it('goes on with running containers after it was away, and removes what the API forgot meanwhile', async () => {
    k.put({ name: 'stays' });
    k.put({ name: 'goes' });
    await k.running('stays');
    await k.running('goes');
    const { containerID } = k.state('stays')!;
    await k.restart(() =>
      k.api.client().delete({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'goes' }, { gracePeriodSeconds: 0 }),
    );
    let left: readonly unknown[] = [];
    for (let i = 0; i < 100; i++) {
      left = await k.kubelet.runtime.listSandboxes();
      if (left.length === 1) break;
      await new Promise((r) => setTimeout(r, 100));
    }
    expect(left).toHaveLength(1);
    expect(k.state('stays')).toMatchObject({ containerID, restartCount: 0, ready: true });
    expect(await k.exec('stays', 'hostname')).toBe('stays\n');
    await k.gone('stays');
    expect(k.mounts()).toEqual([]);
  });

  it('shows a container the mounts that come after it, where it asks for them', async () => {
    const volumeMounts = [{ name: 'v', mountPath: '/v', mountPropagation: 'HostToContainer' as const }];
    k.put({ name: 'propagated', spec: { volumes: [{ name: 'v', emptyDir: {} }] }, containers: [{ volumeMounts }] });
    await k.running('propagated');
    const at = `${k.dir}/kubelet/pods/uid-propagated/volumes/kubernetes.io~empty-dir/v/later`;
    fs.mkdirSync(at);
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', at]);
    fs.writeFileSync(`${at}/file`, 'seen');
    expect(await k.exec('propagated', 'cat', '/v/later/file')).toBe('seen');
    await k.gone('propagated');
    expect(k.mounts()).toEqual([]);
  });

  it('removes what is deeper in a volume than a path of the host may be long', async () => {
    const deep = `/v/${`${'d'.repeat(100)}/`.repeat(40)}`;
    const command = ['sh', '-c', `mkdir -p ${deep} && echo x > ${deep}f; trap "exit 0" TERM; while true; do sleep 0.05; done`];
    k.put({
      name: 'deep',
      spec: { volumes: [{ name: 'v', emptyDir: {} }] },
      containers: [
        {
          command,
          volumeMounts: [{ name: 'v', mountPath: '/v' }],
          readinessProbe: { exec: { command: ['cat', `${deep}f`] }, periodSeconds: 1 },
        },
      ],
    });
    await k.running('deep');
    await k.gone('deep');
    expect(fs.existsSync(`${k.dir}/kubelet/pods/uid-deep`)).toBe(false);
  });

  it('gives the files of a volume to the group that a pod asks for, to read', async () => {
    k.api.put({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'key', namespace: 'default' }, data: { key: btoa('s') } });
    k.put({
      name: 'group',
      spec: {
        securityContext: { runAsUser: 1000, runAsGroup: 1000, fsGroup: 2000 },
        volumes: [
          { name: 's', secret: { secretName: 'key', defaultMode: 0o600, items: [{ key: 'key', path: 'a/b/key' }] } },
          { name: 'e', emptyDir: {} },
        ],
      },
      containers: [
        {
          volumeMounts: [
            { name: 's', mountPath: '/s' },
            { name: 'e', mountPath: '/e' },
          ],
        },
      ],
    });
    await k.running('group');
    expect(await k.exec('group', 'sh', '-c', 'cat /s/a/b/key; stat -Lc " %a %g" /s/a /s/a/b/key; touch /e/x && stat -c "%g" /e/x')).toBe(
      's 2755 2000\n 640 2000\n2000\n',
    );
    await k.gone('group');
  });
});
