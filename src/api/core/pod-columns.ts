/** What `kubectl get pods` shows: a pod's state in one word, and how often its containers were started again. */
import { age } from '../../meta/human-duration.js';
import { ageColumn, column, nameColumn, wide } from '../columns.js';
import type { Column } from '../resource.js';
import type { ContainerStatus, Pod } from '../types/core/v1.js';
import { isSidecar } from './pod-spec/containers.js';

interface Summary {
  reason: string;
  ready: number;
  total: number;
  restarts: number;
  /** When a container ended last before it was started again. */
  lastRestart: string;
}

const NODE_LOST = 'NodeLost';
const isTrue = (pod: Pod, type: string): boolean => pod.status?.conditions?.some((c) => c.type === type && c.status === 'True') ?? false;
const later = (a: string, b: string | null | undefined): string => (b && b > a ? b : a);
const ending = (t: { reason?: string; signal?: number; exitCode: number }): string =>
  t.reason || (t.signal ? `Signal:${t.signal}` : `ExitCode:${t.exitCode}`);

export function podSummary(pod: Pod): Summary {
  const { status } = pod;
  const gated = status?.conditions?.some((c) => c.type === 'PodScheduled' && c.reason === 'SchedulingGated');
  const init = initSummary(pod);
  const summary: Summary = {
    ...init.summary,
    total: (pod.spec.containers?.length ?? 0) + (pod.spec.initContainers ?? []).filter(isSidecar).length,
    reason: init.reason ?? (gated ? 'SchedulingGated' : status?.reason || status?.phase || ''),
  };
  if (init.reason === undefined || isTrue(pod, 'Initialized')) containersSummary(pod, summary, init.sidecars);
  if (pod.metadata.deletionTimestamp) {
    if (status?.reason === NODE_LOST) summary.reason = 'Unknown';
    else if (status?.phase !== 'Failed' && status?.phase !== 'Succeeded') summary.reason = 'Terminating';
  }
  return summary;
}

/** How far the init containers are; no reason when they are done. */
function initSummary(pod: Pod): {
  reason?: string;
  summary: Omit<Summary, 'reason' | 'total'>;
  sidecars: { restarts: number; lastRestart: string };
} {
  const summary = { ready: 0, restarts: 0, lastRestart: '' };
  const sidecars = { restarts: 0, lastRestart: '' };
  const specs = new Map((pod.spec.initContainers ?? []).map((c) => [c.name, c]));
  for (const [i, s] of (pod.status?.initContainerStatuses ?? []).entries()) {
    const spec = specs.get(s.name);
    const sidecar = spec !== undefined && isSidecar(spec);
    summary.restarts += s.restartCount;
    summary.lastRestart = later(summary.lastRestart, s.lastState?.terminated?.finishedAt);
    if (sidecar) {
      sidecars.restarts += s.restartCount;
      sidecars.lastRestart = later(sidecars.lastRestart, s.lastState?.terminated?.finishedAt);
    }
    const { terminated, waiting } = s.state ?? {};
    if (terminated && terminated.exitCode === 0) continue;
    if (sidecar && s.started) {
      if (s.ready) summary.ready++;
      continue;
    }
    if (terminated) return { reason: `Init:${ending(terminated)}`, summary, sidecars };
    if (waiting?.reason && waiting.reason !== 'PodInitializing') return { reason: `Init:${waiting.reason}`, summary, sidecars };
    return { reason: `Init:${i}/${pod.spec.initContainers?.length ?? 0}`, summary, sidecars };
  }
  return { summary, sidecars };
}

function containersSummary(pod: Pod, summary: Summary, sidecars: { restarts: number; lastRestart: string }): void {
  summary.restarts = sidecars.restarts;
  summary.lastRestart = sidecars.lastRestart;
  let running = false;
  for (const s of [...(pod.status?.containerStatuses ?? [])].reverse()) {
    summary.restarts += s.restartCount;
    summary.lastRestart = later(summary.lastRestart, s.lastState?.terminated?.finishedAt);
    const reason = stateReason(s);
    if (reason) summary.reason = reason;
    else if (s.ready && s.state?.running) {
      running = true;
      summary.ready++;
    }
  }
  if (summary.reason === 'Completed' && running) summary.reason = isTrue(pod, 'Ready') ? 'Running' : 'NotReady';
}

function stateReason({ state }: ContainerStatus): string {
  if (state?.waiting?.reason) return state.waiting.reason;
  return state?.terminated ? ending(state.terminated) : '';
}

function gates(pod: Pod): string {
  const gates = pod.spec.readinessGates ?? [];
  return gates.length ? `${gates.filter((g) => isTrue(pod, g.conditionType)).length}/${gates.length}` : '<none>';
}

export const podColumns: readonly Column<Pod>[] = [
  nameColumn as Column<Pod>,
  column('Ready', (p) => {
    const { ready, total } = podSummary(p);
    return `${ready}/${total}`;
  }),
  column('Status', (p) => podSummary(p).reason),
  column('Restarts', (p, now) => {
    const { restarts, lastRestart } = podSummary(p);
    return restarts && lastRestart ? `${restarts} (${age(lastRestart, now)} ago)` : `${restarts}`;
  }),
  ageColumn as Column<Pod>,
  wide('IP', (p) => p.status?.podIPs?.[0]?.ip || '<none>'),
  wide('Node', (p) => p.spec.nodeName || '<none>'),
  wide('Nominated Node', (p) => p.status?.nominatedNodeName || '<none>'),
  wide('Readiness Gates', gates),
];
