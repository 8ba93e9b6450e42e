/** Short ways to say what a runtime has, for tables of decisions. */
import type { Pod } from '../../src/api/types/core/v1.js';
import { containerAnnotations } from '../../src/kubelet/labels.js';
import { findContainer } from '../../src/kubelet/pods.js';
import type { ContainerStatus, SandboxStatus } from '../../src/kubelet/runtime.js';
import { type PodSeen, seenOf } from '../../src/kubelet/seen.js';

/** `run`, `exit:3`, `created`, `unknown`; with `!` an older definition. */
export type StateWord = string;

export function sandbox(attempt = 0, more: Partial<SandboxStatus> = {}): SandboxStatus {
  const metadata = { name: 'p', uid: 'u', namespace: 'default', attempt };
  return {
    id: `s${attempt}`,
    metadata,
    state: 'ready',
    createdAt: attempt,
    labels: {},
    annotations: {},
    ips: ['10.0.0.1'],
    network: 'pod',
    ...more,
  };
}

export function container(pod: Pod, name: string, word: StateWord, order = 0): ContainerStatus {
  const spec = findContainer(pod, name) ?? { name, image: 'x', resources: {} };
  const changed = word.endsWith('!');
  const [state, code] = word.replace('!', '').split(':');
  const annotations = containerAnnotations(pod, changed ? { ...spec, image: 'older' } : spec, order);
  return {
    id: `${name}-${order}`,
    name,
    attempt: order,
    image: spec.image ?? '',
    imageRef: 'sha256:1',
    state: state === 'run' ? 'running' : state === 'exit' ? 'exited' : (state as ContainerStatus['state']),
    createdAt: 1000 + order,
    startedAt: 1000 + order,
    finishedAt: state === 'exit' ? 2000 + order : 0,
    exitCode: Number(code ?? 0),
    reason: state === 'exit' ? (Number(code ?? 0) ? 'Error' : 'Completed') : '',
    message: '',
    labels: {},
    annotations,
    mounts: [],
    logPath: '',
  };
}

/** `{ a: 'run', b: ['exit:1', 'exit:1'] }`: the oldest first. */
export function seen(pod: Pod, containers: Record<string, StateWord | StateWord[]>, sandboxes: SandboxStatus[] = [sandbox()]): PodSeen {
  return seenOf(
    sandboxes,
    Object.entries(containers).flatMap(([name, words]) => [words].flat().map((w, i) => container(pod, name, w, i))),
  );
}
