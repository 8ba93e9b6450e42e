/**
 * What a pod asks of its node that this one lacks or forbids: refused with the original's reason, never dropped in silence. Pure.
 * Source: https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/#safe-and-unsafe-sysctls
 */

import type { Pod } from '../api/types/core/v1.js';
import { canonicalQuantity } from '../meta/quantity.js';
import { table } from '../util/own.js';
import type { Rejection } from './admission.js';
import { amount } from './amount.js';
import type { MachineFacts } from './host.js';
import { allContainers } from './pods.js';

/** Kernel settings of a pod's own that touch no other pod, and the kernel from which on they are a pod's own. */
interface SafeSysctl {
  readonly of: 'IPC' | 'Net';
  readonly since?: readonly [number, number];
}

const SAFE_SYSCTLS: Readonly<Record<string, SafeSysctl>> = table<Record<string, SafeSysctl>>({
  'kernel.shm_rmid_forced': { of: 'IPC' },
  'net.ipv4.ip_local_port_range': { of: 'Net' },
  'net.ipv4.tcp_syncookies': { of: 'Net' },
  'net.ipv4.ping_group_range': { of: 'Net' },
  'net.ipv4.ip_unprivileged_port_start': { of: 'Net' },
  'net.ipv4.ip_local_reserved_ports': { of: 'Net', since: [3, 16] },
  'net.ipv4.tcp_keepalive_time': { of: 'Net', since: [4, 5] },
  'net.ipv4.tcp_fin_timeout': { of: 'Net', since: [4, 6] },
  'net.ipv4.tcp_keepalive_intvl': { of: 'Net', since: [4, 5] },
  'net.ipv4.tcp_keepalive_probes': { of: 'Net', since: [4, 5] },
  'net.ipv4.tcp_rmem': { of: 'Net', since: [4, 15] },
  'net.ipv4.tcp_wmem': { of: 'Net', since: [4, 15] },
});

/** `net/ipv4/tcp_rmem` is the same; after a first `/`, dots belong to names. */
export function sysctlName(name: string): string {
  const first = /[./]/.exec(name)?.[0];
  return first === '/' ? name.replace(/[./]/g, (c) => (c === '/' ? '.' : '/')) : name;
}

function atLeast(kernel: string, [major, minor]: readonly [number, number]): boolean {
  const [a = 0, b = 0] = kernel.split('.').map((p) => Number.parseInt(p, 10));
  return a > major || (a === major && b >= minor);
}

function sysctl(pod: Pod, kernel: string): string | undefined {
  for (const { name } of pod.spec.securityContext?.sysctls ?? []) {
    const dotted = sysctlName(name);
    const quoted = JSON.stringify(dotted);
    const safe = SAFE_SYSCTLS[dotted];
    if (!safe || (safe.since && !atLeast(kernel, safe.since))) return `${quoted} not allowlisted`;
    if (safe.of === 'IPC' && pod.spec.hostIPC) return `${quoted} not allowed with host IPC enabled`;
    if (safe.of === 'Net' && pod.spec.hostNetwork) return `${quoted} not allowed with host Net enabled`;
  }
  return undefined;
}

/** Refused for good: another try cannot help. */
export function unsupported(pod: Pod, facts: Pick<MachineFacts, 'appArmor' | 'kernelVersion'>): Rejection | undefined {
  const forbidden = sysctl(pod, facts.kernelVersion);
  if (forbidden) return { reason: 'SysctlForbidden', message: `forbidden sysctl: ${forbidden}` };
  if (pod.spec.securityContext?.supplementalGroupsPolicy === 'Strict')
    return { reason: 'SupplementalGroupsPolicyNotSupported', message: 'SupplementalGroupsPolicy=Strict is not supported in this node' };
  const profiles = [pod.spec, ...allContainers(pod)].flatMap((c) => c.securityContext?.appArmorProfile?.type ?? []);
  if (!facts.appArmor && profiles.some((type) => type !== 'Unconfined'))
    return { reason: 'AppArmor', message: 'Cannot enforce AppArmor: AppArmor is not enabled on the host' };
  const missing = notBuilt(pod);
  return missing === undefined ? undefined : { reason: 'PodFeatureUnsupported', message: `${missing} is not supported by this kubelet` };
}

/** Each may be a mount, of its own process. */
const VOLUME_LIMIT = 500;
/** So is each mount of a part of a volume, at each start of its container. */
const SUB_PATH_LIMIT = 500;

/** Fields of the API that this kubelet does not do yet. */
function notBuilt(pod: Pod): string | undefined {
  if (pod.spec.resourceClaims?.length) return 'spec.resourceClaims';
  if ((pod.spec.volumes?.length ?? 0) > VOLUME_LIMIT) return `a Pod with more than ${VOLUME_LIMIT} volumes`;
  const parts = allContainers(pod).reduce((n, c) => n + (c.volumeMounts ?? []).filter((m) => m.subPath || m.subPathExpr).length, 0);
  if (parts > SUB_PATH_LIMIT) return `a Pod with more than ${SUB_PATH_LIMIT} mounts of sub-paths`;
  for (const c of allContainers(pod)) {
    if (c.restartPolicyRules?.some((r) => r.action === 'RestartAllContainers'))
      return 'restartPolicyRules with action RestartAllContainers';
    if (c.volumeDevices?.length) return 'volumeDevices';
    if (c.lifecycle?.stopSignal) return 'lifecycle.stopSignal';
    if (c.env?.some((e) => e.valueFrom?.fileKeyRef)) return 'env.valueFrom.fileKeyRef';
  }
  return undefined;
}

/** What keeps a sandbox from being made, in the words of the event; the kubelet tries again. */
export function sandboxProblem(pod: Pod): string | undefined {
  if (pod.spec.hostUsers === false) return "can't set `spec.hostUsers: false`, runtime does not support user namespaces";
  return BANDWIDTHS.map((name) => bandwidthProblem(name, pod.metadata.annotations?.[name])).find((p) => p !== undefined);
}

const BANDWIDTHS = ['kubernetes.io/ingress-bandwidth', 'kubernetes.io/egress-bandwidth'] as const;
const SLOWEST = 1e3;
const FASTEST = 1e15;

/**
 * The runtime reads these annotations as it makes the network of a sandbox, and again as it takes it down: one that it does not take would leave a
 * sandbox that can never be removed.
 */
function bandwidthProblem(name: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  let bits: number;
  try {
    bits = amount(canonicalQuantity(text));
  } catch {
    return `annotation ${name}: not a quantity: ${JSON.stringify(text.slice(0, 100))}`;
  }
  if (bits < SLOWEST) return `annotation ${name}: resource is unreasonably small (< 1kbit)`;
  return bits > FASTEST ? `annotation ${name}: resource is unreasonably large (> 1Pbit)` : undefined;
}
