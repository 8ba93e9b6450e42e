import { describe, expect, it } from 'vitest';
import { containerdConfig, hostsToml } from './config.js';
import { containerConfig, sandboxConfig, toContainerStatus, toSandboxStatus } from './convert.js';
import { CRI_SCHEMA } from './cri.schema.js';
import { ociArchive } from './oci-image.js';
import { pauseImage, pauseProgram } from './pause-image.js';
import { protoCodec } from './proto.js';
import { exitCodeOf } from './streaming.js';

const codec = protoCodec(CRI_SCHEMA);

describe('messages', () => {
  it('go over the wire and back', () => {
    const config = sandboxConfig({
      metadata: { name: 'p', uid: 'u', namespace: 'ns', attempt: 2 },
      hostname: 'h',
      logDirectory: '/l',
      dns: { servers: ['1'], searches: ['s'], options: ['o'] },
      portMappings: [{ protocol: 'UDP', containerPort: 53, hostPort: 5353, hostIP: '' }],
      labels: { a: 'ä' },
      annotations: { b: '' },
      cgroupParent: '/k',
      sysctls: { 'net.x': '1' },
      security: {
        namespaces: { network: 'node', pid: 'container', ipc: 'pod' },
        runAsUser: 0,
        seccomp: { type: 'Localhost', localhostRef: '/s' },
      },
    });
    const back = codec.decode('RunPodSandboxRequest', codec.encode('RunPodSandboxRequest', { config, runtimeHandler: 'x' }));
    expect(back).toMatchObject({
      runtimeHandler: 'x',
      config: {
        metadata: { name: 'p', attempt: 2 },
        dnsConfig: { servers: ['1'] },
        labels: { a: 'ä' },
        portMappings: [{ protocol: 'UDP', containerPort: 53 }],
        linux: {
          sysctls: { 'net.x': '1' },
          securityContext: {
            runAsUser: { value: 0 },
            namespaceOptions: { network: 'NODE', pid: 'CONTAINER', ipc: 'POD' },
            seccomp: { profileType: 'Localhost' },
          },
        },
      },
    });
    expect((back.config as { linux: { securityContext: { runAsGroup: unknown } } }).linux.securityContext.runAsGroup).toBeNull();
  });

  it('have the field numbers of CRI', () => {
    // PodSandboxMetadata { name = 1: "p", attempt = 4: 3 }
    expect(codec.encode('PodSandboxMetadata', { name: 'p', attempt: 3 }).toString('hex')).toBe('0a01702003');
    // StopContainerRequest { container_id = 1: "c", timeout = 2: 30 }
    expect(codec.encode('StopContainerRequest', { containerId: 'c', timeout: 30 }).toString('hex')).toBe('0a0163101e');
  });

  it('become what the kubelet knows', () => {
    const status = codec.decode(
      'ContainerStatus',
      codec.encode('ContainerStatus', {
        id: 'c',
        metadata: { name: 'n', attempt: 1 },
        state: 'CONTAINER_EXITED',
        createdAt: 1_795_258_416_097_000_000,
        exitCode: 137,
        reason: 'OOMKilled',
        image: { image: 'i' },
        imageRef: 'r',
      }),
    );
    expect(toContainerStatus(status)).toMatchObject({
      id: 'c',
      name: 'n',
      attempt: 1,
      state: 'exited',
      exitCode: 137,
      reason: 'OOMKilled',
      image: 'i',
      imageRef: 'r',
      startedAt: 0,
    });
    expect(Math.round(toContainerStatus(status).createdAt)).toBe(1_795_258_416_097);
    const sandbox = codec.decode(
      'PodSandboxStatus',
      codec.encode('PodSandboxStatus', {
        id: 's',
        state: 'SANDBOX_NOTREADY',
        network: { ip: '10.0.0.1', additionalIps: [{ ip: 'fd00::1' }] },
        linux: { namespaces: { options: { network: 'NODE' } } },
      }),
    );
    expect(toSandboxStatus(sandbox)).toMatchObject({ id: 's', state: 'notready', ips: ['10.0.0.1', 'fd00::1'], network: 'node' });
  });

  it('carry limits and security of a container', () => {
    const message = containerConfig({
      name: 'c',
      attempt: 0,
      image: 'i',
      userImage: 'i:1',
      command: ['a'],
      args: ['b'],
      workingDir: '/w',
      env: [{ name: 'X', value: 'ü' }],
      mounts: [{ containerPath: '/c', hostPath: '/h', readonly: true, propagation: 'bidirectional' }],
      devices: [],
      labels: {},
      annotations: {},
      logPath: 'c/0.log',
      stdin: true,
      stdinOnce: false,
      tty: true,
      resources: { cpuShares: 102, memoryLimit: 1024, oomScoreAdj: -997 },
      security: {
        namespaces: { network: 'pod', pid: 'target', ipc: 'pod', targetId: 't' },
        addCapabilities: ['A'],
        noNewPrivileges: true,
        runAsUser: 7,
      },
    });
    expect(codec.decode('ContainerConfig', codec.encode('ContainerConfig', message))).toMatchObject({
      mounts: [{ propagation: 'PROPAGATION_BIDIRECTIONAL', readonly: true }],
      linux: {
        resources: { cpuShares: 102, memoryLimitInBytes: 1024, oomScoreAdj: -997 },
        securityContext: {
          noNewPrivs: true,
          runAsUser: { value: 7 },
          namespaceOptions: { pid: 'TARGET', targetId: 't' },
          capabilities: { addCapabilities: ['A'] },
        },
      },
    });
  });

  it('refuse a table that is not one', () => {
    expect(() => protoCodec('A: b=1')).toThrow('not a field of a schema table: "b=1"');
  });
});

describe('the end of a stream', () => {
  it.each([
    ['', 0],
    ['{"metadata":{},"status":"Success"}', 0],
    ['{"status":"Failure","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"7"}]}}', 7],
  ])('%s', (text, code) => {
    expect(exitCodeOf(text)).toBe(code);
  });
  it.each([
    ['{"status":"Failure","reason":"InternalError","message":"no such container"}', 'no such container'],
    ['plain words', 'plain words'],
  ])('%s', (text, error) => {
    expect(() => exitCodeOf(text)).toThrow(error);
  });
});

describe('the configuration', () => {
  it('quotes paths and names the sandbox image', () => {
    const text = containerdConfig(
      { root: '/a "b"/root', state: '/s', socket: '/c.sock', registries: '/r', cniBin: '/bin', cniConf: '/conf' },
      { restrictOomScore: true, snapshotter: 'overlayfs', systemdCgroup: false, streamPort: 40123 },
    );
    expect(text).toContain('stream_server_port = "40123"');
    expect(text).toContain('root = "/a \\"b\\"/root"');
    expect(text).toContain('restrict_oom_score_adj = true');
    expect(text).toContain('sandbox_image = "k8ts.local/pause:1"');
  });
  it('sends a registry to its mirror', () => {
    expect(hostsToml('http://127.0.0.1:5000/')).toContain('[host."http://127.0.0.1:5000"]\n  capabilities = ["pull", "resolve"]\n');
    expect(() => hostsToml('not a url')).toThrow();
  });
});

describe('the sandbox image', () => {
  it.each([
    ['amd64', 62],
    ['arm64', 183],
  ])('has a program for %s', (architecture, machine) => {
    const elf = pauseProgram(architecture);
    expect(elf.subarray(0, 4).toString('latin1')).toBe('\x7fELF');
    expect(elf.readUInt16LE(18)).toBe(machine);
    expect(elf.readBigUInt64LE(24)).toBe(0x400078n);
    expect(elf.length).toBeLessThan(512);
  });
  it('says which machines it knows', () => {
    expect(() => pauseProgram('mips')).toThrow('no pause program for architecture mips: k8ts has one for amd64 and arm64');
  });
  it('is the same archive every time', () => {
    expect(ociArchive(pauseImage('amd64')).equals(ociArchive(pauseImage('amd64')))).toBe(true);
  });
});
