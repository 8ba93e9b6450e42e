/** What every `ContainerRuntime` must do, as a suite: run against the simulated one in the unit tests, against a real containerd as root. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ContainerConfig, ContainerRuntime, RuntimeEvent, SandboxConfig } from '../../src/kubelet/runtime.js';

export interface RuntimeUnderTest {
  readonly runtime: ContainerRuntime;
  /** An image that is there, with a shell that knows echo, cat, sleep, exit, true, false and `while true`. */
  readonly image: string;
  /** Of a pod's log folder. */
  readonly logDirectory: string;
  readonly cgroupParent: string;
  readFile(path: string): Promise<string>;
  /** A container that answers HTTP on 8080 with `hello`: its image and command. */
  readonly server: { readonly image: string; readonly command: readonly string[] };
  close(): Promise<void>;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const never = (): AbortSignal => new AbortController().signal;

async function* bytes(...texts: string[]): AsyncIterable<Uint8Array> {
  for (const t of texts) yield encoder.encode(t);
}

async function until<T>(get: () => Promise<T>, good: (value: T) => boolean, ms = 5000): Promise<T> {
  const end = Date.now() + ms;
  for (;;) {
    const value = await get();
    if (good(value) || Date.now() > end) return value;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** `flood`: a command that writes 8 MB, where the runtime runs real ones. */
export function containerRuntimeCompliance(name: string, make: () => Promise<RuntimeUnderTest>, flood?: readonly string[]): void {
  describe(`container runtime: ${name}`, () => {
    let t: RuntimeUnderTest;
    let r: ContainerRuntime;
    let pods = 0;

    beforeAll(async () => {
      t = await make();
      r = t.runtime;
    });
    afterAll(async () => {
      for (const s of await r.listSandboxes()) {
        await r.stopSandbox(s.id);
        await r.removeSandbox(s.id);
      }
      await t.close();
    });

    const sandboxConfig = (): SandboxConfig => {
      const uid = `uid-${++pods}`;
      return {
        metadata: { name: `pod-${pods}`, uid, namespace: 'default', attempt: 0 },
        hostname: `pod-${pods}`,
        logDirectory: `${t.logDirectory}/${uid}`,
        dns: { servers: ['192.0.2.53'], searches: ['example.test'], options: ['ndots:2'] },
        portMappings: [],
        labels: { 'io.kubernetes.pod.uid': uid, app: 'x' },
        annotations: { note: 'ä' },
        cgroupParent: `${t.cgroupParent}/pod${uid}`,
        sysctls: {},
        security: { namespaces: { network: 'pod', pid: 'container', ipc: 'pod' } },
      };
    };
    const config = (sandbox: SandboxConfig, command: readonly string[], more: Partial<ContainerConfig> = {}): ContainerConfig => ({
      name: 'c',
      attempt: 0,
      image: t.image,
      userImage: t.image,
      command,
      args: [],
      workingDir: '',
      env: [],
      mounts: [],
      devices: [],
      labels: { 'io.kubernetes.pod.uid': sandbox.metadata.uid },
      annotations: { 'io.kubernetes.container.restartCount': '0' },
      logPath: `${more.name ?? 'c'}.log`,
      stdin: false,
      stdinOnce: false,
      tty: false,
      resources: {},
      security: { namespaces: sandbox.security.namespaces },
      ...more,
    });
    const FOREVER = ['sh', '-c', 'while true; do sleep 0.05; done'];

    /** A sandbox with one started container. */
    async function started(command: readonly string[], more: Partial<ContainerConfig> = {}) {
      const sandbox = sandboxConfig();
      const sandboxId = await r.runSandbox(sandbox, '');
      const id = await r.createContainer(sandboxId, config(sandbox, command, more), sandbox);
      await r.startContainer(id);
      return { sandbox, sandboxId, id, uid: sandbox.metadata.uid };
    }
    const exited = (id: string) =>
      until(
        () => r.containerStatus(id),
        (s) => s.state === 'exited',
      );

    it('names itself and is ready', async () => {
      const v = await r.version();
      expect(v.name).toBeTruthy();
      expect(v.version).toBeTruthy();
      const conditions = await r.conditions();
      expect(conditions.find((c) => c.type === 'RuntimeReady')?.status).toBe(true);
      expect(conditions.find((c) => c.type === 'NetworkReady')?.status).toBe(true);
    });

    it('keeps what a sandbox was made of, and gives it an address', async () => {
      const sandbox = sandboxConfig();
      const id = await r.runSandbox(sandbox, '');
      const s = await r.sandboxStatus(id);
      expect(s).toMatchObject({
        id,
        state: 'ready',
        metadata: sandbox.metadata,
        labels: sandbox.labels,
        annotations: sandbox.annotations,
        network: 'pod',
      });
      expect(s.ips[0]).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
      expect((await r.listSandboxes({ podUid: sandbox.metadata.uid })).map((x) => x.id)).toEqual([id]);
      expect(await r.listSandboxes({ podUid: 'nobody' })).toEqual([]);
      await r.stopSandbox(id);
      expect((await r.sandboxStatus(id)).state).toBe('notready');
      await r.stopSandbox(id);
      await r.removeSandbox(id);
      await r.removeSandbox(id);
      await r.stopSandbox(id);
      await expect(r.sandboxStatus(id)).rejects.toMatchObject({ code: 'NotFound' });
    });

    it('refuses a second sandbox of the same attempt', async () => {
      const sandbox = sandboxConfig();
      await r.runSandbox(sandbox, '');
      await expect(r.runSandbox(sandbox, '')).rejects.toThrow(/reserve/);
    });

    it('runs a container through created, running and exited, with its exit code and times', async () => {
      const sandbox = sandboxConfig();
      const sandboxId = await r.runSandbox(sandbox, '');
      const id = await r.createContainer(sandboxId, config(sandbox, ['sh', '-c', 'sleep 0.2; exit 3']), sandbox);
      expect(await r.containerStatus(id)).toMatchObject({
        id,
        name: 'c',
        attempt: 0,
        state: 'created',
        image: t.image,
        annotations: { 'io.kubernetes.container.restartCount': '0' },
      });
      await r.startContainer(id);
      expect(await r.containerStatus(id)).toMatchObject({ state: 'running' });
      const s = await exited(id);
      expect(s).toMatchObject({ state: 'exited', exitCode: 3, reason: 'Error' });
      expect(s.createdAt).toBeLessThanOrEqual(s.startedAt);
      expect(s.startedAt).toBeLessThan(s.finishedAt);
      expect(s.imageRef).toBeTruthy();
      await expect(r.startContainer(id)).rejects.toThrow();
    });

    it('says Completed of exit code 0', async () => {
      const { id } = await started(['true']);
      expect(await exited(id)).toMatchObject({ exitCode: 0, reason: 'Completed' });
    });

    it('lists containers by pod and by sandbox, with their sandbox', async () => {
      const { id, sandboxId, uid } = await started(FOREVER);
      expect(await r.listContainers({ podUid: uid })).toMatchObject([{ id, sandboxId, state: 'running' }]);
      expect((await r.listContainers({ sandboxId })).map((c) => c.id)).toEqual([id]);
      expect((await r.listContainers({ id })).map((c) => c.id)).toEqual([id]);
      expect((await r.listContainers()).some((c) => c.id === id)).toBe(true);
      expect(await r.listContainers({ podUid: 'nobody' })).toEqual([]);
    });

    it('writes logs in CRI form', async () => {
      const { id } = await started(['sh', '-c', 'echo out; echo err >&2; echo last']);
      const { logPath } = await exited(id);
      const lines = (
        await until(
          () => t.readFile(logPath),
          (x) => x.split('\n').length > 3,
        )
      )
        .trimEnd()
        .split('\n');
      expect(lines).toHaveLength(3);
      for (const l of lines) expect(l).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(Z|[+-]\d\d:\d\d) (stdout|stderr) F /);
      expect(lines.map((l) => l.split(' ').slice(1).join(' ')).sort()).toEqual(['stderr F err', 'stdout F last', 'stdout F out']);
    });

    it('hands over environment and arguments', async () => {
      const { id } = await started(['sh', '-c', 'echo $GREETING'], { env: [{ name: 'GREETING', value: 'grüß gott' }] });
      const { logPath } = await exited(id);
      expect(
        await until(
          () => t.readFile(logPath),
          (x) => x.length > 0,
        ),
      ).toContain('grüß gott');
    });

    it('kills a container that ignores the stop signal when the grace is over', async () => {
      const { id } = await started(FOREVER); // the first process of a container has no default handlers
      await r.stopContainer(id, 1);
      const s = await r.containerStatus(id);
      expect(s.state).toBe('exited');
      await r.stopContainer(id, 1);
    });

    it('removes containers, running ones too, and is not troubled by what is gone', async () => {
      const { id } = await started(FOREVER);
      await r.stopContainer(id, 0);
      await r.removeContainer(id);
      await r.removeContainer(id);
      await r.stopContainer(id, 0);
      await expect(r.containerStatus(id)).rejects.toMatchObject({ code: 'NotFound' });
    });

    it('ends containers with their sandbox', async () => {
      const { id, sandboxId } = await started(FOREVER);
      await r.stopSandbox(sandboxId);
      expect((await r.containerStatus(id)).state).toBe('exited');
      await r.removeSandbox(sandboxId);
      await expect(r.containerStatus(id)).rejects.toMatchObject({ code: 'NotFound' });
    });

    it('runs commands inside, with output apart and the exit code', async () => {
      const { id } = await started(FOREVER);
      const result = await r.execSync(id, ['sh', '-c', 'echo a; echo b >&2; exit 5'], 10);
      expect({ code: result.exitCode, out: decoder.decode(result.stdout), err: decoder.decode(result.stderr) }).toEqual({
        code: 5,
        out: 'a\n',
        err: 'b\n',
      });
      expect((await r.execSync(id, ['true'], 0)).exitCode).toBe(0);
    });

    it('ends a command that takes too long', async () => {
      const { id } = await started(FOREVER);
      await expect(r.execSync(id, ['sleep', '30'], 1)).rejects.toMatchObject({ code: 'DeadlineExceeded' });
    });

    const floods = flood ? it : undefined;
    floods?.('takes no more of a command’s output than anyone is told of', async () => {
      const { id } = await started(FOREVER);
      await expect(r.execSync(id, flood!, 10)).rejects.toThrow(/larger than max/);
      expect((await r.execSync(id, ['true'], 10)).exitCode).toBe(0);
    });

    it('does not run commands in a container that has ended', async () => {
      const { id } = await started(['true']);
      await exited(id);
      await expect(r.execSync(id, ['true'], 1)).rejects.toThrow(/EXITED/);
    });

    it('streams a command: input to its end, output, exit code', async () => {
      const { id } = await started(FOREVER);
      let out = '';
      const code = await r.exec(
        id,
        { command: ['cat'], tty: false },
        {
          stdin: bytes('one ', 'two'),
          stdout: async (b) => {
            out += decoder.decode(b);
          },
          stderr: async () => {},
          signal: never(),
        },
      );
      expect({ code, out }).toEqual({ code: 0, out: 'one two' });
      expect(await r.exec(id, { command: ['sh', '-c', 'exit 7'], tty: false }, { stdout: async () => {}, signal: never() })).toBe(7);
    });

    it('shows the output of a running container to who attaches, until the client goes', async () => {
      const { id } = await started(['sh', '-c', 'while true; do echo tick; sleep 0.05; done']);
      const gone = new AbortController();
      let out = '';
      const attached = r.attach(id, false, {
        stdout: async (b) => {
          out += decoder.decode(b);
          if (out.length > 20) gone.abort();
        },
        signal: gone.signal,
      });
      await attached.catch(() => {}); // cut off from our side
      expect(out).toContain('tick\n');
    });

    it('forwards a port, and says when nobody listens', async () => {
      const { image, command } = t.server;
      const { sandboxId } = await started(command, { image, userImage: image, name: 'server' });
      const ask = async () => {
        let out = '';
        await r.portForward(sandboxId, 8080, {
          input: bytes('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'),
          output: async (b) => {
            out += decoder.decode(b);
          },
          signal: never(),
        });
        return out;
      };
      const answer = await until(
        () => ask().catch(() => ''),
        (x) => x.includes('hello'),
      );
      expect(answer).toMatch(/^HTTP\/1\.[01] 200/);
      await expect(r.portForward(sandboxId, 9, { input: bytes('x'), output: async () => {}, signal: never() })).rejects.toThrow(/refused/);
    });

    it('knows its images', async () => {
      const image = await r.imageStatus(t.image);
      expect(image?.id).toMatch(/^sha256:/);
      expect(image!.size).toBeGreaterThan(0);
      expect((await r.listImages()).some((i) => i.id === image!.id)).toBe(true);
      expect(await r.imageStatus('nowhere.invalid/nothing:1')).toBeUndefined();
      expect((await r.imageFilesystem()).length).toBeGreaterThan(0);
    });

    it('refuses a container of an image that it has not', async () => {
      const sandbox = sandboxConfig();
      const id = await r.runSandbox(sandbox, '');
      await expect(
        r.createContainer(
          id,
          config(sandbox, ['true'], { image: 'nowhere.invalid/nothing:1', userImage: 'nowhere.invalid/nothing:1' }),
          sandbox,
        ),
      ).rejects.toMatchObject({ code: 'NotFound' });
    });

    it('measures what runs', async () => {
      const { id, uid } = await started(FOREVER);
      const [s] = await until(
        () => r.containerStats({ podUid: uid }),
        (x) => x.length > 0 && (x[0]!.cpuNanoSeconds ?? 0) > 0,
      );
      expect(s).toMatchObject({ id, name: 'c' });
      expect(s!.memoryWorkingSet).toBeGreaterThan(0);
      expect(s!.cpuNanoSeconds).toBeGreaterThan(0);
    });

    it('tells of an exit when it can be seen, and stops telling when nobody listens', async () => {
      const gone = new AbortController();
      const seen: RuntimeEvent[] = [];
      const states: string[] = [];
      const listening = (async () => {
        for await (const e of r.events(gone.signal)) {
          // The state is asked before the event counts as seen: the test below waits for the latter and reads both.
          if (e.type === 'stopped') states.push((await r.containerStatus(e.id).catch(() => undefined))?.state ?? 'sandbox');
          seen.push(e);
        }
      })();
      await new Promise((resolve) => setTimeout(resolve, 100));
      const { id } = await started(['sh', '-c', 'sleep 0.1']);
      await until(async () => seen.some((e) => e.type === 'stopped' && e.id === id), Boolean);
      expect(seen.filter((e) => e.id === id).map((e) => e.type)).toEqual(['created', 'started', 'stopped']);
      expect(states).toContain('exited');
      expect(states).not.toContain('running');
      gone.abort();
      await listening;
    });

    it('opens its log anew when asked', async () => {
      const { id } = await started(FOREVER);
      await r.reopenLog(id);
      await expect(r.reopenLog('0'.repeat(64))).rejects.toThrow();
    });
  });
}
