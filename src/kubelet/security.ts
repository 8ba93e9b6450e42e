/** A container's security settings: the pod's, overlaid by its own, as the runtime takes them. Pure. */
import type { Container, Pod, SeccompProfile, SecurityContext } from '../api/types/core/v1.js';
import { describePod } from './pods.js';
import type { ContainerSecurity, Image, NamespaceOptions, SecurityProfile } from './runtime.js';

/** Hidden from an unprivileged container, as Docker did it. */
const MASKED = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
];
const READONLY = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];
const MAX_UID = 2 ** 31 - 1;

/** What a container has, else what its pod says for all. */
export function effective(pod: Pod, c: Container): SecurityContext {
  const { seLinuxOptions, runAsUser, runAsGroup, runAsNonRoot, seccompProfile, appArmorProfile } = pod.spec.securityContext ?? {};
  const own = Object.fromEntries(Object.entries(c.securityContext ?? {}).filter(([, v]) => v !== undefined && v !== null));
  return { seLinuxOptions, runAsUser, runAsGroup, runAsNonRoot, seccompProfile, appArmorProfile, ...own };
}

export function namespaces(pod: Pod, targetId?: string): NamespaceOptions {
  const { hostNetwork, hostPID, hostIPC, shareProcessNamespace } = pod.spec;
  const pid = hostPID ? 'node' : shareProcessNamespace ? 'pod' : targetId ? 'target' : 'container';
  return { network: hostNetwork ? 'node' : 'pod', pid, ipc: hostIPC ? 'node' : 'pod', ...(pid === 'target' ? { targetId } : {}) };
}

export function seccomp(profile: SeccompProfile | undefined, root: string): SecurityProfile {
  if (!profile || profile.type === 'Unconfined') return { type: 'Unconfined' };
  if (profile.type === 'RuntimeDefault') return { type: 'RuntimeDefault' };
  if (!profile.localhostProfile) throw new Error('localhostProfile must be set if seccompProfile type is Localhost.');
  return { type: 'Localhost', localhostRef: `${root}/seccomp/${profile.localhostProfile}` };
}

/** Throws in the words that a container's waiting message shows. */
export function verifyNonRoot(pod: Pod, c: Container, image: Image | undefined): void {
  const sc = effective(pod, c);
  if (!sc.runAsNonRoot) return;
  const where = `(pod: ${JSON.stringify(describePod(pod))}, container: ${c.name})`;
  if (sc.runAsUser !== undefined) {
    if (sc.runAsUser === 0) throw new Error(`container's runAsUser breaks non-root policy ${where}`);
    return;
  }
  if (image?.uid === undefined && image?.username)
    throw new Error(
      `container has runAsNonRoot and image has non-numeric user (${image.username}), cannot verify user is non-root ${where}`,
    );
  const uid = image?.uid ?? 0; // an image that names nobody runs as root
  if (uid === 0) throw new Error(`container has runAsNonRoot and image will run as root ${where}`);
  if (uid < 0 || uid > MAX_UID)
    throw new Error(`container has runAsNonRoot and image has an invalid user id (${uid}). (Must be 1-(${MAX_UID})) ${where}`);
}

export function containerSecurity(pod: Pod, c: Container, image: Image | undefined, root: string, targetId?: string): ContainerSecurity {
  const sc = effective(pod, c);
  const podSc = pod.spec.securityContext ?? {};
  const user = sc.runAsUser ?? image?.uid;
  const unmasked = sc.procMount === 'Unmasked' || sc.privileged;
  const apparmor = sc.appArmorProfile;
  return {
    namespaces: namespaces(pod, targetId),
    addCapabilities: sc.capabilities?.add ?? [],
    dropCapabilities: sc.capabilities?.drop ?? [],
    privileged: sc.privileged ?? false,
    ...(sc.seLinuxOptions ? { selinux: sc.seLinuxOptions } : {}),
    ...(user !== undefined ? { runAsUser: user } : image?.username ? { runAsUsername: image.username } : {}),
    ...(sc.runAsGroup !== undefined ? { runAsGroup: sc.runAsGroup } : {}),
    readonlyRootfs: sc.readOnlyRootFilesystem ?? false,
    supplementalGroups: [...(podSc.fsGroup !== undefined ? [podSc.fsGroup] : []), ...(podSc.supplementalGroups ?? [])],
    supplementalGroupsPolicy: podSc.supplementalGroupsPolicy ?? 'Merge',
    noNewPrivileges: sc.allowPrivilegeEscalation === false,
    maskedPaths: unmasked ? [] : MASKED,
    readonlyPaths: unmasked ? [] : READONLY,
    seccomp: sc.privileged ? { type: 'Unconfined' } : seccomp(sc.seccompProfile, root),
    ...(apparmor
      ? { apparmor: { type: apparmor.type, ...(apparmor.localhostProfile ? { localhostRef: apparmor.localhostProfile } : {}) } }
      : {}),
  };
}
