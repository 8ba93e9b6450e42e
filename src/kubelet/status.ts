/** A pod's whole status as the API shows it. Pure. */
import type { ContainerStatus, Pod, PodStatus } from '../api/types/core/v1.js';
import { timestamp } from '../util/clock.js';
import { byType, containersReady, initialized, KUBELET_CONDITIONS, keepTimes, ready } from './conditions.js';
import { containerStatuses, type WaitingReason } from './container-statuses.js';
import { type Phase, phaseOf } from './phase.js';
import { ephemeralContainers, findContainer, initContainers, isSidecar, isTerminalPhase, usesHostNetwork } from './pods.js';
import { qosClass } from './qos.js';
import { latest, type PodSeen } from './seen.js';
import { sandboxChanged } from './sync.js';

/** What probes say about a running container. */
export interface Readiness {
  /** Undefined: a startup probe has not answered yet, and nothing was known before. */
  readonly started: (container: string, containerID: string) => boolean;
  readonly ready: (container: string, containerID: string) => boolean;
}

export interface PodStatusInputs {
  readonly pod: Pod;
  /** The last status that was made, or the API's. */
  readonly old: PodStatus;
  readonly seen: PodSeen;
  readonly runtimeName: string;
  readonly reasons: ReadonlyMap<string, WaitingReason>;
  readonly probes: Readiness;
  readonly hostIPs: readonly string[];
  /** Terminating, and no container runs any more. */
  readonly over: boolean;
  /** The kubelet itself ended the pod: phase Failed with these words. */
  readonly failure?: { readonly reason: string; readonly message: string; readonly refused?: boolean };
  readonly now: number;
}

function withProbes(inputs: PodStatusInputs, s: ContainerStatus, sidecarOrMain: boolean): ContainerStatus {
  const id = s.containerID ?? '';
  const started = !!s.state.running && inputs.probes.started(s.name, id);
  if (!sidecarOrMain) return { ...s, started, ready: s.state.terminated?.exitCode === 0 };
  return { ...s, started, ready: started && inputs.probes.ready(s.name, id) };
}

function phase(inputs: PodStatusInputs, statuses: readonly ContainerStatus[]): Phase {
  const begun = inputs.pod.spec.containers.some((c) => ['running', 'exited'].includes(latest(inputs.seen, c.name)?.state ?? ''));
  const computed = phaseOf(inputs.pod, statuses, inputs.over, begun);
  if (inputs.failure) return 'Failed';
  // A pod that is over stays over.
  for (const before of [inputs.pod.status?.phase, inputs.old.phase]) if (isTerminalPhase(before)) return before as Phase;
  return computed;
}

export function podStatus(inputs: PodStatusInputs): PodStatus {
  const { pod, old, seen } = inputs;
  if (wasRefused(inputs)) return refusedStatus(inputs);
  const main = containerStatuses(inputs, 'container', pod.spec.containers, old.containerStatuses ?? []).map((s) =>
    withProbes(inputs, s, true),
  );
  const init = containerStatuses(inputs, 'init', initContainers(pod), old.initContainerStatuses ?? []).map((s) =>
    withProbes(inputs, s, isSidecar(findContainer(pod, s.name)!)),
  );
  const ephemeral = containerStatuses(inputs, 'ephemeral', ephemeralContainers(pod), old.ephemeralContainerStatuses ?? []);
  const all = [...init, ...main];
  const now = phase(inputs, all);
  if (inputs.over) settle(init, main, initialized(pod, all, now).status === 'True');
  const others = (pod.status?.conditions ?? []).filter((c) => !KUBELET_CONDITIONS.has(c.type));
  const generation = pod.metadata.generation;
  const own = [
    { type: 'PodReadyToStartContainers', status: sandboxChanged(pod, seen).changed ? 'False' : 'True' },
    initialized(pod, all, now),
    ready(pod, all, now, others),
    containersReady(pod, all, now),
    { type: 'PodScheduled', status: 'True' },
  ].map((c) => ({ ...c, ...(generation ? { observedGeneration: generation } : {}) }));
  const ips = usesHostNetwork(pod)
    ? (old.podIPs?.map((p) => p.ip) ?? inputs.hostIPs)
    : seen.ips.length || seen.sandboxes.some((s) => s.state === 'ready')
      ? seen.ips
      : (old.podIPs?.map((p) => p.ip) ?? []); // gone with its sandbox; the status keeps it
  const same = now === old.phase;
  const reason = inputs.failure?.reason ?? (same ? (old.reason ?? pod.status?.reason) : undefined);
  const message = inputs.failure?.message ?? (same ? (old.message ?? pod.status?.message) : undefined);
  return {
    ...(generation ? { observedGeneration: generation } : {}),
    phase: now,
    conditions: keepTimes([...others, ...own], [...(old.conditions ?? []), ...(pod.status?.conditions ?? [])], timestamp(inputs.now)),
    ...(reason ? { reason } : {}),
    ...(message ? { message } : {}),
    ...(inputs.hostIPs.length ? { hostIP: inputs.hostIPs[0]!, hostIPs: inputs.hostIPs.map((ip) => ({ ip })) } : {}),
    ...(ips.length ? { podIP: ips[0]!, podIPs: ips.map((ip) => ({ ip })) } : {}),
    startTime: old.startTime ?? pod.status?.startTime ?? timestamp(inputs.now),
    ...(init.length ? { initContainerStatuses: init } : {}),
    containerStatuses: main,
    ...(ephemeral.length ? { ephemeralContainerStatuses: ephemeral } : {}),
    qosClass: qosClass(pod),
  };
}

/** Turned away before anything was made of it; also by a kubelet that ran here before. */
const wasRefused = ({ pod, seen, failure }: PodStatusInputs): boolean =>
  failure?.refused ?? (isTerminalPhase(pod.status?.phase) && !pod.status?.containerStatuses?.length && !seen.containers.length);

/** Nothing is said of containers that never were. */
function refusedStatus({ pod, old, failure, now }: PodStatusInputs): PodStatus {
  const generation = pod.metadata.generation;
  const reason = failure?.reason ?? pod.status?.reason;
  const message = failure?.message ?? pod.status?.message;
  const conditions = (pod.status?.conditions ?? []).filter((c) => !KUBELET_CONDITIONS.has(c.type) || c.type === 'PodScheduled');
  return {
    ...(generation ? { observedGeneration: generation } : {}),
    phase: failure ? 'Failed' : pod.status!.phase!,
    ...(conditions.length ? { conditions } : {}),
    ...(reason ? { reason } : {}),
    ...(message ? { message } : {}),
    startTime: old.startTime ?? pod.status?.startTime ?? timestamp(now),
    qosClass: qosClass(pod),
  };
}

const UNKNOWN_END: ContainerStatus['state'] = {
  terminated: {
    exitCode: 137,
    reason: 'ContainerStatusUnknown',
    message: 'The container could not be located when the pod was terminated',
  },
};

/** Every container of a pod that is over has ended: what was to start again does not, what was lost counts as killed. */
function settle(init: ContainerStatus[], main: ContainerStatus[], ready: boolean): void {
  const end = (s: ContainerStatus): ContainerStatus => {
    if (s.state.terminated) return s;
    const { terminated } = s.lastState ?? {};
    return terminated ? { ...s, state: { terminated }, lastState: {} } : { ...s, state: UNKNOWN_END };
  };
  if (ready) for (const [i, s] of main.entries()) main[i] = end(s);
  // Init containers after the last one that began never were.
  const last = init.findLastIndex((s) => !s.state.waiting || s.lastState?.terminated);
  for (let i = 0; i <= last; i++) init[i] = end(init[i]!);
}

/** What a strategic merge patch must say to turn one status into the other; undefined when nothing differs. */
export function statusPatch(uid: string, from: PodStatus, to: PodStatus): object | undefined {
  const status: Record<string, unknown> = {};
  const old = from as Record<string, unknown>;
  const next = to as Record<string, unknown>;
  for (const field of new Set([...Object.keys(old), ...Object.keys(next)])) {
    if (KEPT.has(field) || equal(old[field], next[field])) continue;
    if (field === 'conditions') {
      status['$setElementOrder/conditions'] = to.conditions?.map((c) => ({ type: c.type }));
      status.conditions = conditionsPatch(from, to);
    } else if (next[field] === undefined) status[field] = null;
    else if (field === 'podIPs' || field === 'hostIPs') status[field] = [...(next[field] as object[]), { $patch: 'replace' }];
    else status[field] = next[field];
  }
  return Object.keys(status).length ? { metadata: { uid }, status } : undefined;
}

/** Fields of a pod's status that others own. */
const KEPT = new Set([
  'nominatedNodeName',
  'resourceClaimStatuses',
  'extendedResourceClaimStatus',
  'nodeAllocatableResourceClaimStatuses',
  'resize',
  'allocatedResources',
  'resources',
]);

/** Conditions merge by type; a text that is no more must be taken away by name. */
function conditionsPatch(from: PodStatus, to: PodStatus): object[] {
  const changed: object[] = [];
  const known = byType(from.conditions ?? []);
  for (const c of to.conditions ?? []) {
    const before = known.get(c.type);
    if (equal(before, c)) continue;
    changed.push({
      ...c,
      ...(before?.reason && !c.reason ? { reason: null } : {}),
      ...(before?.message && !c.message ? { message: null } : {}),
    });
  }
  return changed;
}

export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined || a === null || b === null) return (a ?? null) === (b ?? null);
  if (typeof a !== 'object' || typeof b !== 'object') return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  for (const k of keys) if (!equal((a as Record<string, unknown>)[k], (b as Record<string, unknown>)[k])) return false;
  return true;
}
