/** What the runtime is told to make: a pod's sandbox and its containers. Pure. */
import type { Container, Pod } from '../api/types/core/v1.js';
import { named } from '../util/named.js';
import { Expansion } from './expansion.js';
import { kernelHostName, podHostName } from './hostname.js';
import { containerAnnotations, containerLabels, sandboxAnnotations, sandboxLabels } from './labels.js';
import { type Folders, logPath, podLogDir } from './paths.js';
import { initContainers, isSidecar, nameOf, namespaceOf, uidOf, usesHostNetwork } from './pods.js';
import { containerResources, podCgroup } from './qos.js';
import type { ContainerConfig, DnsConfig, Image, Mount, PortMapping, SandboxConfig } from './runtime.js';
import { containerSecurity, effective, namespaces } from './security.js';
import { sysctlName } from './unsupported.js';

export interface ConfigContext {
  readonly folders: Folders;
  readonly clusterDomain: string;
  readonly cgroupRoot: string;
  readonly memoryCapacity: number;
}

function portMappings(pod: Pod): PortMapping[] {
  if (usesHostNetwork(pod)) return [];
  return pod.spec.containers.flatMap((c) =>
    (c.ports ?? []).map((p) => ({
      protocol: p.protocol ?? 'TCP',
      containerPort: p.containerPort,
      hostPort: p.hostPort ?? 0,
      hostIP: p.hostIP ?? '',
    })),
  );
}

export function sandboxConfig(pod: Pod, attempt: number, dns: DnsConfig, ctx: ConfigContext): SandboxConfig {
  const sc = pod.spec.securityContext ?? {};
  return {
    metadata: { name: nameOf(pod), uid: uidOf(pod), namespace: namespaceOf(pod), attempt },
    hostname: usesHostNetwork(pod) ? '' : kernelHostName(pod, podHostName(pod, ctx.clusterDomain)),
    logDirectory: podLogDir(ctx.folders, pod),
    dns,
    portMappings: portMappings(pod),
    labels: sandboxLabels(pod),
    annotations: sandboxAnnotations(pod),
    cgroupParent: podCgroup(ctx.cgroupRoot, pod),
    sysctls: Object.fromEntries((sc.sysctls ?? []).map((s) => [sysctlName(s.name), s.value])),
    security: {
      namespaces: namespaces(pod),
      ...(sc.seLinuxOptions ? { selinux: sc.seLinuxOptions } : {}),
      ...(sc.runAsUser !== undefined ? { runAsUser: sc.runAsUser } : {}),
      ...(sc.runAsGroup !== undefined ? { runAsGroup: sc.runAsGroup } : {}),
      supplementalGroups: [...(sc.fsGroup !== undefined ? [sc.fsGroup] : []), ...(sc.supplementalGroups ?? [])],
      privileged: pod.spec.containers.some((c) => effective(pod, c).privileged),
      seccomp: { type: 'RuntimeDefault' },
    },
  };
}

export interface ContainerInputs {
  readonly image: Image | undefined;
  /** What the runtime starts: an id or a reference. */
  readonly imageRef: string;
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly mounts: readonly Mount[];
  readonly restartCount: number;
  /** Container whose processes an ephemeral container shares. */
  readonly targetId?: string;
}

export function containerConfig(pod: Pod, c: Container, inputs: ContainerInputs, ctx: ConfigContext): ContainerConfig {
  const env = new Map(inputs.env.map((e) => [e.name, e.value]));
  const lookup = (name: string) => env.get(name);
  const expansion = new Expansion();
  return {
    name: c.name,
    attempt: inputs.restartCount,
    image: inputs.imageRef,
    ...(named(initContainers(pod), c.name) === c && !isSidecar(c) ? { runsToEnd: true } : {}),
    userImage: c.image ?? '',
    command: (c.command ?? []).map((s) => expansion.expand(s, lookup, 'command')),
    args: (c.args ?? []).map((s) => expansion.expand(s, lookup, 'args')),
    workingDir: c.workingDir ?? '',
    env: inputs.env,
    mounts: inputs.mounts,
    devices: [],
    labels: containerLabels(pod, c),
    annotations: containerAnnotations(pod, c, inputs.restartCount),
    logPath: logPath(c.name, inputs.restartCount),
    stdin: c.stdin ?? false,
    stdinOnce: c.stdinOnce ?? false,
    tty: c.tty ?? false,
    resources: containerResources(pod, c, ctx.memoryCapacity),
    security: containerSecurity(pod, c, inputs.image, ctx.folders.root, inputs.targetId),
  };
}
