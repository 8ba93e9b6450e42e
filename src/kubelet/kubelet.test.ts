/** Whole lives of pods on a simulated node under a virtual clock: hours pass at once, always alike. */
import { afterEach, describe, expect, it } from 'vitest';
import { type PodDraft, pod, simulatedNode } from '../../test/kubelet/simulated.js';
import type { Event, Node } from '../api/types/core/v1.js';
import type { SimulatedContainer } from './simulated/behaviour.js';

type TestNode = Awaited<ReturnType<typeof simulatedNode>>;
let node: TestNode;

/** Nothing is left of a node that was stopped: no timer. */
afterEach(async () => {
  await node.stop();
  expect(node.clock.pending).toBe(0);
});

const start = async (options: Parameters<typeof simulatedNode>[0] = {}) => {
  node = await simulatedNode(options);
  return node;
};
const run = async (draft: PodDraft, time = '1s') => {
  node.api.put(pod(draft));
  await node.clock.advance(time);
};
const remove = (name: string, gracePeriodSeconds?: number) =>
  node.api
    .client()
    .delete({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name }, gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds });
const state = (name: string, container = 'c') => {
  const s = node.get(name)?.status;
  return [...(s?.containerStatuses ?? []), ...(s?.initContainerStatuses ?? [])].find((c) => c.name === container);
};

describe('a pod', () => {
  it('runs, is ready, and goes when it is deleted', async () => {
    await start();
    await run({ name: 'web' });
    expect(node.get('web')?.status).toMatchObject({
      phase: 'Running',
      podIP: '10.1.0.1',
      hostIP: '192.0.2.1',
      qosClass: 'BestEffort',
      containerStatuses: [{ name: 'c', ready: true, started: true, restartCount: 0, image: 'app:1', state: { running: {} } }],
    });
    expect(node.events('web')).toEqual([
      'Normal Pulling Pulling image "app:1"',
      'Normal Pulled Successfully pulled image "app:1" in 0s (0s including waiting). Image size: 10000000 bytes.',
      'Normal Created Container created',
      'Normal Started Container started',
    ]);
    await remove('web');
    await node.clock.advance('1s');
    expect(node.get('web')).toBeUndefined();
    expect(await node.runtime.listSandboxes()).toEqual([]);
    expect(node.events('web').at(-1)).toBe('Normal Killing Stopping container c');
  });

  it('that crashes waits 10 s, doubled to 5 min, and starts anew after a long good run', async () => {
    await start();
    let lives = 0;
    node.behaviours.add('app', {
      run: async (c) => {
        lives++;
        await c.sleep(lives < 9 ? 100 : 700_000);
        return 1;
      },
    });
    await run({ name: 'crash' });
    expect(state('crash')).toMatchObject({
      restartCount: 1,
      state: {
        waiting: { reason: 'CrashLoopBackOff', message: 'back-off 10s restarting failed container=c pod=crash_default(uid-crash)' },
      },
      lastState: { terminated: { exitCode: 1, reason: 'Error' } },
    });
    expect(node.get('crash')?.status.phase).toBe('Running');
    await node.clock.advance('10s');
    expect(lives).toBe(3);
    await node.clock.advance('12s');
    expect(lives).toBe(3);
    await node.clock.advance('10s');
    expect(lives).toBe(4);
    await node.clock.advance('15m');
    expect(lives).toBe(9);
    await node.clock.advance('12m'); // the ninth ran for more than ten minutes: the tenth follows at once
    expect(lives).toBe(10);
    expect(state('crash')?.restartCount).toBe(9);
    expect(
      node
        .events('crash')
        .some((e) => e.startsWith('Warning BackOff Back-off restarting failed container c in pod crash_default(uid-crash)')),
    ).toBe(true);
  });

  it('that is done with Never succeeds and keeps its logs', async () => {
    await start();
    node.behaviours.add('app', { exit: { afterMs: 500, code: 0, message: 'all good' }, logs: ['working'] });
    await run({ name: 'job', spec: { restartPolicy: 'Never' } }, '3s');
    expect(node.get('job')?.status).toMatchObject({
      phase: 'Succeeded',
      containerStatuses: [{ ready: false, state: { terminated: { exitCode: 0, reason: 'Completed', message: 'all good' } } }],
    });
    expect(node.get('job')?.status.conditions?.find((c) => c.type === 'Ready')?.reason).toBe('PodCompleted');
    expect(await node.runtime.listContainers()).toHaveLength(1);
    await node.clock.advance('5m');
    expect(await node.runtime.listContainers()).toHaveLength(1);
    await remove('job');
    await node.clock.advance('1s');
    expect(await node.runtime.listContainers()).toHaveLength(0);
    expect(node.get('job')).toBeUndefined();
  });

  it('runs init containers in order, and a sidecar beside them to the end', async () => {
    await start();
    const order: string[] = [];
    const note = (what: string, ms: number, code = 0) => ({
      run: async (c: SimulatedContainer) => {
        order.push(`${what} begins`);
        await c.sleep(ms);
        order.push(`${what} ends`);
        return code;
      },
    });
    node.behaviours
      .add('one', note('one', 1000))
      .add('side', note('side', 1e9))
      .add('two', note('two', 1000))
      .add('main', note('main', 5000));
    await run({
      name: 'p',
      containers: [{ name: 'm', image: 'main:1' }],
      spec: {
        restartPolicy: 'Never',
        initContainers: [
          { name: 'i1', image: 'one:1' },
          { name: 's', image: 'side:1', restartPolicy: 'Always' },
          { name: 'i2', image: 'two:1' },
        ],
      },
    });
    expect(node.get('p')?.status).toMatchObject({
      phase: 'Pending',
      containerStatuses: [{ state: { waiting: { reason: 'PodInitializing' } } }],
    });
    await node.clock.advance('2s');
    expect(node.get('p')?.status.phase).toBe('Running');
    await node.clock.advance('10s');
    expect(order).toEqual(['one begins', 'one ends', 'side begins', 'two begins', 'two ends', 'main begins', 'main ends', 'side ends']);
    expect(node.get('p')?.status.phase).toBe('Succeeded');
  });

  it('fails for good when an init container fails with Never', async () => {
    await start();
    node.behaviours.add('bad', { exit: { afterMs: 10, code: 2 } });
    await run({ name: 'p', spec: { restartPolicy: 'Never', initContainers: [{ name: 'i', image: 'bad:1' }] } });
    expect(node.get('p')?.status).toMatchObject({ phase: 'Failed', initContainerStatuses: [{ state: { terminated: { exitCode: 2 } } }] });
  });

  it('past its deadline fails', async () => {
    await start();
    await run({ name: 'slow', spec: { activeDeadlineSeconds: 30 } }, '20s');
    expect(node.get('slow')?.status.phase).toBe('Running');
    await node.clock.advance('15s');
    expect(node.get('slow')?.status).toMatchObject({
      phase: 'Failed',
      reason: 'DeadlineExceeded',
      message: 'Pod was active on the node longer than the specified deadline',
    });
    expect(await node.runtime.listContainers().then((l) => l.filter((c) => c.state === 'running'))).toEqual([]);
  });

  it('that does not fit is rejected', async () => {
    await start({ cpus: 1 });
    await run({ name: 'big', containers: [{ resources: { requests: { cpu: '2' } } }] });
    expect(node.get('big')?.status).toMatchObject({
      phase: 'Failed',
      reason: 'OutOfcpu',
      message: "Pod was rejected: Node didn't have enough resource: cpu, requested: 2000, used: 0, capacity: 1000",
    });
    await run({ name: 'one', containers: [{ ports: [{ containerPort: 80, hostPort: 8080 }] }] });
    await run({ name: 'two', containers: [{ ports: [{ containerPort: 81, hostPort: 8080 }] }] });
    expect(node.get('two')?.status).toMatchObject({ phase: 'Failed', reason: 'NodePorts' });
  });
});

describe('images', () => {
  it('that cannot be had back off in the words of the registry', async () => {
    await start();
    const error = 'rpc error: code = NotFound desc = failed to resolve reference "gone:1": not found';
    node.behaviours.add('gone', { pull: { error } });
    await run({ name: 'p', containers: [{ image: 'gone:1' }] });
    expect(state('p')?.state.waiting).toEqual({ reason: 'ErrImagePull', message: error });
    await node.clock.advance('10s');
    expect(node.events('p')).toContain(`Warning Failed Failed to pull image "gone:1": ${error} (x2)`);
    await node.clock.advance('10s');
    expect(state('p')?.state.waiting).toEqual({
      reason: 'ImagePullBackOff',
      message: `Back-off pulling image "gone:1": ErrImagePull: ${error}`,
    });
    expect(node.get('p')?.status.phase).toBe('Pending');
    node.behaviours.add('gone', {});
    await node.clock.advance('5m');
    expect(node.get('p')?.status.phase).toBe('Running');
  });

  it.each([
    ['Never', 'app:1', 'ErrImageNeverPull', 'Container image "app:1" is not present with pull policy of Never'],
    [
      'IfNotPresent',
      'UPPER:1',
      'InvalidImageName',
      `Failed to apply default image tag "UPPER:1": couldn't parse image name "UPPER:1": invalid reference format: repository name must be lowercase`,
    ],
  ] as const)('with policy %s and name %s: %s', async (imagePullPolicy, image, reason, message) => {
    await start();
    await run({ name: 'p', containers: [{ image, imagePullPolicy }] });
    expect(state('p')?.state.waiting).toEqual({ reason, message });
  });

  it('are pulled once for all who want them, and not again when they are there', async () => {
    await start();
    node.behaviours.add('app', { pull: { takesMs: 3000 } });
    node.api.put(pod({ name: 'a' }));
    await run({ name: 'b' }, '4s');
    expect(node.events('a')).toContain(
      'Normal Pulled Successfully pulled image "app:1" in 3s (3s including waiting). Image size: 10000000 bytes.',
    );
    await run({ name: 'c' }, '1s');
    expect(node.events('c')[0]).toBe('Normal Pulled Container image "app:1" already present on machine and can be accessed by the pod');
    await run({ name: 'd', containers: [{ imagePullPolicy: 'Always' }] }, '4s');
    expect(node.events('d')[0]).toBe('Normal Pulling Pulling image "app:1"');
  });
});

describe('probes', () => {
  const serve = (status: () => number) => node.behaviours.add('app', { ports: [80], http: () => ({ status: status() }) });

  it('readiness opens and shuts the pod', async () => {
    await start();
    let status = 500;
    serve(() => status);
    await run(
      { name: 'p', containers: [{ readinessProbe: { httpGet: { path: '/', port: 80 }, periodSeconds: 2, failureThreshold: 2 } }] },
      '5s',
    );
    expect(state('p')).toMatchObject({ ready: false, started: true });
    expect(node.events('p').at(-1)).toMatch(/^Warning Unhealthy Readiness probe failed: HTTP probe failed with statuscode: 500/);
    status = 200;
    await node.clock.advance('2s');
    expect(state('p')?.ready).toBe(true);
    status = 500;
    await node.clock.advance('2s');
    expect(state('p')?.ready).toBe(true); // one failure is not enough
    await node.clock.advance('2s');
    expect(state('p')?.ready).toBe(false);
    expect(state('p')?.restartCount).toBe(0);
  });

  it('liveness restarts after the threshold, and waits for the initial delay', async () => {
    await start();
    node.behaviours.add('app', { ports: [80] });
    await run(
      {
        name: 'p',
        containers: [{ livenessProbe: { tcpSocket: { port: 81 }, initialDelaySeconds: 10, periodSeconds: 5, failureThreshold: 2 } }],
      },
      '14s',
    );
    expect(state('p')?.restartCount).toBe(0);
    await node.clock.advance('2s');
    expect(state('p')?.restartCount).toBe(1);
    expect(node.events('p')).toContain('Normal Killing Container c failed liveness probe, will be restarted');
    expect(node.events('p').some((e) => /Liveness probe failed: dial tcp 10\.1\.0\.1:81: connect: connection refused/.test(e))).toBe(true);
  });

  it('startup holds back the others, then lets them go', async () => {
    await start();
    let up = false;
    node.behaviours.add('app', { exec: () => ({ exitCode: up ? 0 : 1, stdout: 'not yet' }) });
    await run(
      {
        name: 'p',
        containers: [
          {
            startupProbe: { exec: { command: ['x'] }, periodSeconds: 1, failureThreshold: 30 },
            livenessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1 },
            readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1 },
          },
        ],
      },
      '10s',
    );
    expect(state('p')).toMatchObject({ started: false, ready: false, restartCount: 0 });
    up = true;
    await node.clock.advance('2s');
    expect(state('p')).toMatchObject({ started: true, ready: true });
  });

  it('an exec that takes too long fails', async () => {
    await start();
    node.behaviours.add('app', { exec: (_, c) => c.sleep(60_000).then(() => ({ exitCode: 0 })) });
    await run({ name: 'p', containers: [{ readinessProbe: { exec: { command: ['sleep', '60'] }, timeoutSeconds: 1 } }] }, '3s');
    expect(node.events('p').at(-1)).toBe('Warning Unhealthy Readiness probe failed: command timed out: "sleep 60" timed out after 1s');
  });
});

describe('ending', () => {
  it('gives the grace, then kills', async () => {
    await start();
    node.behaviours.add('app', { stop: 'ignore' });
    await run({ name: 'p', spec: { terminationGracePeriodSeconds: 20 } });
    await remove('p');
    await node.clock.advance('15s');
    expect(node.get('p')?.metadata.deletionTimestamp).toBeDefined();
    await node.clock.advance('6s');
    expect(node.get('p')).toBeUndefined();
  });

  it('is cut short by a shorter grace', async () => {
    await start();
    node.behaviours.add('app', { stop: 'ignore' });
    await run({ name: 'p', spec: { terminationGracePeriodSeconds: 300 } });
    await remove('p');
    await node.clock.advance('5s');
    await remove('p', 1);
    await node.clock.advance('3s');
    expect(node.get('p')).toBeUndefined();
  });

  it('runs preStop within the grace, and takes its time off', async () => {
    await start();
    const at: number[] = [];
    node.behaviours.add('app', {
      stop: 'ignore',
      exec: async (_, c) => {
        await c.sleep(4000);
        at.push(c.clock.now());
        return { exitCode: 0 };
      },
    });
    await run({
      name: 'p',
      spec: { terminationGracePeriodSeconds: 10 },
      containers: [{ lifecycle: { preStop: { exec: { command: ['bye'] } } } }],
    });
    const asked = node.clock.now();
    await remove('p');
    await node.clock.advance('11s');
    expect(at).toEqual([asked + 4000]);
    expect(node.get('p')).toBeUndefined();
  });

  it('shows the last states before the pod goes', async () => {
    await start();
    node.behaviours.add('app', { stop: { takesMs: 2000, code: 3 } });
    const seen: string[] = [];
    await run({ name: 'p' });
    const patch = node.api.client();
    await patch.delete({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'p' });
    for (let i = 0; i < 4 && node.get('p'); i++) {
      seen.push(`${node.get('p')?.status.phase} ${state('p')?.state.terminated?.exitCode ?? 'run'}`);
      await node.clock.advance('900ms');
    }
    expect(seen[0]).toBe('Running run');
    expect(node.get('p')).toBeUndefined();
  });

  it('of a pod that was deleted by force removes what is left', async () => {
    await start();
    await run({ name: 'p' });
    await remove('p', 0);
    await node.clock.advance('3s');
    expect(await node.runtime.listSandboxes()).toEqual([]);
  });
});

describe('hooks', () => {
  it('postStart that fails kills the container', async () => {
    await start();
    node.behaviours.add('app', { exec: () => ({ exitCode: 1, stderr: 'no' }) });
    await run({ name: 'p', containers: [{ lifecycle: { postStart: { exec: { command: ['x'] } } } }] });
    expect(node.events('p').some((e) => e.startsWith('Warning FailedPostStartHook PostStartHook failed'))).toBe(true);
    expect(state('p')?.lastState.terminated ?? state('p')?.state.terminated).toBeDefined();
  });
});

describe('configuration', () => {
  it('that is missing keeps the container waiting until it comes', async () => {
    await start();
    await run({ name: 'p', containers: [{ env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'cm', key: 'k' } } }] }] });
    expect(state('p')?.state.waiting).toEqual({ reason: 'CreateContainerConfigError', message: 'configmap "cm" not found' });
    expect(node.events('p')).toContain('Warning Failed Error: configmap "cm" not found');
    node.api.put({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'cm', namespace: 'default' }, data: { k: 'v' } });
    await node.clock.advance('15s');
    expect(state('p')?.state.running).toBeDefined();
  });

  it('of volumes that is missing is told, and tried again', async () => {
    await start();
    await run({
      name: 'p',
      spec: { volumes: [{ name: 's', secret: { secretName: 'sec' } }] },
      containers: [{ volumeMounts: [{ name: 's', mountPath: '/s' }] }],
    });
    expect(node.events('p')[0]).toMatch(/^Warning FailedMount MountVolume.SetUp failed for volume "s" : secret "sec" not found/);
    expect(state('p')?.state.waiting?.reason).toBe('ContainerCreating');
    node.api.put({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'sec', namespace: 'default' }, data: { k: btoa('v') } });
    await node.clock.advance('3m');
    expect(state('p')?.state.running).toBeDefined();
  });

  it('reaches files, and changes reach them', async () => {
    await start();
    const read: string[] = [];
    node.behaviours.add('app', {
      run: async (c) => {
        while (!c.stopped.aborted) {
          read.push(new TextDecoder().decode(await c.readFile('/cfg/k')));
          await c.sleep(60_000);
        }
        return 0;
      },
    });
    node.api.put({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'cm', namespace: 'default' }, data: { k: 'one' } });
    await run(
      {
        name: 'p',
        spec: { volumes: [{ name: 'v', configMap: { name: 'cm' } }] },
        containers: [{ volumeMounts: [{ name: 'v', mountPath: '/cfg' }] }],
      },
      '30s',
    );
    node.api.edit({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'cm' }, (o) => {
      (o as { data?: object }).data = { k: 'two' };
    });
    await node.clock.advance('4m');
    expect([read[0], read.at(-1)]).toEqual(['one', 'two']);
  });

  it('gives pods their token, and asks for a new one before it runs out', async () => {
    await start();
    const volumes = [{ name: 't', projected: { sources: [{ serviceAccountToken: { path: 'token', expirationSeconds: 3607 } }] } }];
    await run({ name: 'p', spec: { serviceAccountName: 'sa', volumes }, containers: [{ volumeMounts: [{ name: 't', mountPath: '/t' }] }] });
    const asked = () => node.api.calls.filter((c) => c === 'post token').length;
    expect(asked()).toBe(1);
    await node.clock.advance('30m');
    expect(asked()).toBe(1);
    await node.clock.advance('25m');
    expect(asked()).toBe(2);
  });
});

describe('the node', () => {
  const current = () => node.api.of<Node>('Node')[0]!;
  it('registers, is ready, and renews its lease', async () => {
    await start({ labels: { zone: 'a' } });
    expect(current()).toMatchObject({
      metadata: {
        name: 'node',
        labels: { 'kubernetes.io/hostname': 'node', 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64', zone: 'a' },
      },
      status: {
        capacity: { cpu: '32', pods: '110' },
        addresses: [
          { type: 'InternalIP', address: '192.0.2.1' },
          { type: 'Hostname', address: 'node' },
        ],
      },
    });
    expect(current().status.conditions?.map((c) => `${c.type}=${c.status} ${c.reason}`)).toEqual([
      'MemoryPressure=False KubeletHasSufficientMemory',
      'DiskPressure=False KubeletHasNoDiskPressure',
      'PIDPressure=False KubeletHasSufficientPID',
      'Ready=True KubeletReady',
    ]);
    const lease = () => node.api.of<{ spec: { renewTime: string } }>('Lease')[0]!.spec.renewTime;
    const first = lease();
    await node.clock.advance('11s');
    expect(Date.parse(lease()) - Date.parse(first)).toBe(10_000);
    const heartbeat = () => current().status.conditions?.find((c) => c.type === 'Ready')?.lastHeartbeatTime;
    const beat = heartbeat();
    await node.clock.advance('4m');
    expect(heartbeat()).toBe(beat); // nothing changed: no post
    await node.clock.advance('2m');
    expect(heartbeat()).not.toBe(beat);
    expect(
      node.api
        .of<Event>('Event')
        .filter((e) => e.involvedObject.kind === 'Node')
        .map((e) => e.reason),
    ).toEqual(['NodeHasSufficientMemory', 'NodeHasNoDiskPressure', 'NodeHasSufficientPID', 'NodeReady', 'Starting']);
  });
});

describe('taking over', () => {
  it('goes on with what runs, without a restart and without a moment of not ready', async () => {
    await start();
    await run({ name: 'p', containers: [{ readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 10 } }] }, '15s');
    const before = state('p')!;
    expect(before.ready).toBe(true);
    await node.kubelet.stop();
    const again = new (await import('./kubelet.js')).Kubelet(node.kubelet.options);
    await again.start();
    const seen = new Set<string>();
    for (let i = 0; i < 20; i++) {
      await node.clock.advance('1s');
      seen.add(`${state('p')?.containerID} ${state('p')?.ready} ${state('p')?.restartCount}`);
    }
    expect([...seen]).toEqual([`${before.containerID} true 0`]);
    await again.stop();
  });

  it('removes what the API knows no more', async () => {
    await start();
    await run({ name: 'p' });
    await node.kubelet.stop();
    await remove('p', 0);
    const again = new (await import('./kubelet.js')).Kubelet(node.kubelet.options);
    await again.start();
    await node.clock.advance('15s');
    expect(await node.runtime.listSandboxes()).toEqual([]);
    await again.stop();
  });
});
