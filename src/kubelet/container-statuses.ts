/** `containerStatuses` and its sisters in a pod's status, from what the runtime has and what was said before. Pure. */
import type { Container, ContainerState, ContainerStatus, Pod, VolumeMountStatus } from '../api/types/core/v1.js';
import { timestamp } from '../util/clock.js';
import { findContainer, initContainers, isSidecar } from './pods.js';
import { latest, type PodSeen, type SeenContainer } from './seen.js';
import { needsStart } from './sync.js';

/** Why a container could not be started last time: what its waiting state shows. */
export interface WaitingReason {
  readonly reason: string;
  readonly message: string;
}

export interface StatusInputs {
  readonly pod: Pod;
  readonly seen: PodSeen;
  /** `containerd`: the scheme of container ids. */
  readonly runtimeName: string;
  readonly reasons: ReadonlyMap<string, WaitingReason>;
}

const GONE = 137;

export function containerStatuses(
  inputs: StatusInputs,
  kind: 'init' | 'container' | 'ephemeral',
  containers: readonly Container[],
  old: readonly ContainerStatus[],
): ContainerStatus[] {
  const { pod, seen } = inputs;
  const before = new Map(old.map((s) => [s.name, s]));
  const histories = new Map<string, SeenContainer[]>();
  for (const s of seen.containers) {
    const history = histories.get(s.name);
    if (history) history.push(s);
    else histories.set(s.name, [s]);
  }
  const begun = kind === 'init' && pod.spec.containers.some((m) => latest(seen, m.name));
  const statuses = containers.map((c) => {
    const previous = before.get(c.name);
    const history = histories.get(c.name) ?? [];
    const status = history[0] ? fromRuntime(inputs, c, history[0], history[1], previous) : unseen(pod, c, previous);
    return withWaiting(inputs, kind, c, status, begun);
  });
  // Lists of regular containers are sorted for those who compare them; init containers keep the order in which they run.
  return kind === 'init' ? statuses : statuses.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function volumeMounts(c: Container): VolumeMountStatus[] | undefined {
  return c.volumeMounts?.map((m) => ({
    name: m.name,
    mountPath: m.mountPath,
    ...(m.readOnly ? { readOnly: true, recursiveReadOnly: 'Disabled' } : {}),
  }));
}

function stateOf(s: SeenContainer, runtimeName: string, previous: ContainerStatus | undefined): ContainerState {
  if (s.state === 'running') return { running: { startedAt: timestamp(s.startedAt) } };
  if (s.state === 'exited') {
    return {
      terminated: {
        exitCode: s.exitCode,
        ...(s.reason ? { reason: s.reason } : {}),
        ...(s.message ? { message: s.message } : {}),
        startedAt: timestamp(s.startedAt),
        finishedAt: timestamp(s.finishedAt),
        containerID: `${runtimeName}://${s.id}`,
      },
    };
  }
  if (s.state === 'unknown' && previous?.state.running) {
    return {
      terminated: {
        exitCode: GONE,
        reason: 'ContainerStatusUnknown',
        message: 'The container could not be located when the pod was terminated',
      },
    };
  }
  return { waiting: {} };
}

function fromRuntime(
  inputs: StatusInputs,
  c: Container,
  s: SeenContainer,
  earlier: SeenContainer | undefined,
  previous: ContainerStatus | undefined,
): ContainerStatus {
  const containerID = `${inputs.runtimeName}://${s.id}`;
  const lastState: ContainerState = earlier
    ? stateOf(earlier, inputs.runtimeName, undefined)
    : previous && previous.containerID !== containerID && previous.state.terminated
      ? { terminated: previous.state.terminated }
      : (previous?.lastState ?? {});
  const spec = findContainer(inputs.pod, c.name);
  const mounts = volumeMounts(c);
  return {
    name: c.name,
    state: stateOf(s, inputs.runtimeName, previous),
    lastState,
    ready: false,
    restartCount: Math.max(s.restartCount, previous?.restartCount ?? 0),
    image: s.image,
    imageID: s.imageRef,
    containerID,
    ...(spec?.resources?.requests ? { allocatedResources: spec.resources.requests } : {}),
    resources: spec?.resources ?? {},
    ...(mounts ? { volumeMounts: mounts } : {}),
    ...(s.user ? { user: { linux: { uid: s.user.uid, gid: s.user.gid, supplementalGroups: [...s.user.supplementalGroups] } } } : {}),
  };
}

/** The runtime knows no such container: it never was, or was removed behind our back. */
function unseen(pod: Pod, c: Container, previous: ContainerStatus | undefined): ContainerStatus {
  if (previous?.state.terminated) return previous;
  const mounts = volumeMounts(c);
  const status: ContainerStatus = {
    name: c.name,
    state: { waiting: { reason: initContainers(pod).length ? 'PodInitializing' : 'ContainerCreating' } },
    lastState: previous?.lastState ?? {},
    ready: false,
    restartCount: previous?.restartCount ?? 0,
    image: c.image ?? '',
    imageID: '',
    ...(mounts ? { volumeMounts: mounts } : {}),
  };
  if (!previous?.state.running || status.lastState.terminated) return status;
  return {
    ...status,
    restartCount: status.restartCount + (pod.metadata.deletionTimestamp ? 0 : 1),
    lastState: {
      terminated: {
        exitCode: GONE,
        reason: 'ContainerStatusUnknown',
        message: 'The container could not be located when the pod was deleted.  The container used to be Running',
      },
    },
  };
}

/** A container that is to start again but did not yet is waiting, with the reason of the last attempt. */
function withWaiting(
  inputs: StatusInputs,
  kind: 'init' | 'container' | 'ephemeral',
  c: Container,
  status: ContainerStatus,
  begun: boolean,
): ContainerStatus {
  const seen = latest(inputs.seen, c.name);
  if (kind === 'init') {
    if (seen?.state === 'exited' && seen.exitCode === 0 && !isSidecar(c)) return status;
    if (!seen && begun && !isSidecar(c) && status.state.waiting) {
      const message =
        'Unable to get init container status from container runtime and pod has been initialized, treat it as exited normally';
      return { ...status, state: { terminated: { exitCode: 0, reason: 'Completed', message } } };
    }
  }
  if (kind === 'ephemeral' ? seen : !needsStart(inputs.pod, c, seen)) return status;
  const why = inputs.reasons.get(c.name);
  if (!why) return status;
  const waiting = { reason: why.reason, ...(why.message ? { message: why.message } : {}) };
  return { ...status, state: { waiting }, ...(status.state.terminated ? { lastState: { terminated: status.state.terminated } } : {}) };
}
