/** One pod, all nodes: where it fits, and which of those is best. Pure but for the last choice among equals. */
import type { Random } from '../util/random.js';
import { type ClusterEvent, MAX_SCORE, type NodeInfo, type Plugin, type PodInfo, type Snapshot } from './framework.js';

export type Outcome =
  | { readonly node: NodeInfo }
  /** `message` as FailedScheduling says it; `helps`: events after which to try again. Undefined: no plugin turned it down, and time alone may help. */
  | { readonly message: string; readonly helps: ReadonlySet<ClusterEvent> | undefined };

/** With many nodes not all are looked at: enough to choose from. Source: the scheduler's percentageOfNodesToScore */
export function nodesToFind(count: number): number {
  if (count <= 100) return count;
  const percent = Math.max(50 - Math.floor(count / 125), 5);
  return Math.max(Math.floor((count * percent) / 100), 100);
}

export function schedule(
  pod: PodInfo,
  snapshot: Snapshot,
  plugins: readonly Plugin[],
  random: Random,
  start = 0,
): Outcome & { readonly looked: number } {
  const { nodes } = snapshot;
  if (!nodes.length) return { message: 'no nodes available to schedule pods', helps: undefined, looked: 0 };
  const states = new Map<Plugin, unknown>();
  for (const p of plugins) {
    const prepared = p.prepare?.(pod, snapshot);
    if (!prepared) continue;
    if ('misfit' in prepared)
      return {
        message: failure(pod, nodes.length, new Map(prepared.misfit.reasons.map((r) => [r, nodes.length])), 0),
        helps: new Set(p.helps),
        looked: 0,
      };
    states.set(p, prepared.state);
  }
  const fits: NodeInfo[] = [];
  const reasons = new Map<string, number>();
  const helps = new Set<ClusterEvent>();
  const enough = nodesToFind(nodes.length);
  /** Nodes where taking other pods away could help. */
  let hopeful = 0;
  let looked = 0;
  for (; looked < nodes.length && fits.length < enough; looked++) {
    const node = nodes[(start + looked) % nodes.length]!;
    const no = firstMisfit(pod, node, plugins, states, helps);
    if (!no) fits.push(node);
    else {
      if (!no.unresolvable) hopeful++;
      for (const r of no.reasons) reasons.set(r, (reasons.get(r) ?? 0) + 1);
    }
  }
  if (!fits.length) return { message: failure(pod, nodes.length, reasons, hopeful), helps, looked };
  return { node: fits.length === 1 ? fits[0]! : best(pod, fits, snapshot, plugins, states, random), looked };
}

function firstMisfit(
  pod: PodInfo,
  node: NodeInfo,
  plugins: readonly Plugin[],
  states: ReadonlyMap<Plugin, unknown>,
  helps: Set<ClusterEvent>,
) {
  for (const p of plugins) {
    const no = p.filter?.(pod, node, states.get(p));
    if (!no) continue;
    for (const e of p.helps ?? []) helps.add(e);
    return no;
  }
  return undefined;
}

/** `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.` */
function failure(pod: PodInfo, count: number, reasons: ReadonlyMap<string, number>, hopeful: number): string {
  const list = [...reasons]
    .map(([r, n]) => `${n} ${r}`)
    .sort()
    .join(', ');
  const told = `0/${count} nodes are available: ${list}. no new claims to deallocate, preemption:`;
  if (pod.pod.spec.preemptionPolicy === 'Never') return `${told} not eligible due to preemptionPolicy=Never.`;
  const why = [
    ...(hopeful ? [`${hopeful} No preemption victims found for incoming pod`] : []),
    ...(hopeful < count ? [`${count - hopeful} Preemption is not helpful for scheduling`] : []),
  ]
    .sort()
    .join(', ');
  return `${told} 0/${count} nodes are available: ${why}.`;
}

function best(
  pod: PodInfo,
  fits: readonly NodeInfo[],
  snapshot: Snapshot,
  plugins: readonly Plugin[],
  states: ReadonlyMap<Plugin, unknown>,
  random: Random,
): NodeInfo {
  const totals = new Float64Array(fits.length);
  for (const p of plugins) {
    if (!p.score) continue;
    const raw = fits.map((n) => p.score!(pod, n, states.get(p), snapshot));
    normalize(raw, p.normalize ?? 'none');
    for (let i = 0; i < raw.length; i++) totals[i]! += raw[i]! * (p.weight ?? 1);
  }
  // Among equals each has the same chance.
  let chosen = 0;
  let ties = 1;
  for (let i = 1; i < totals.length; i++) {
    if (totals[i]! > totals[chosen]!) {
      chosen = i;
      ties = 1;
    } else if (totals[i] === totals[chosen] && random.float() < 1 / ++ties) chosen = i;
  }
  return fits[chosen]!;
}

function normalize(scores: number[], how: 'none' | 'max-is-best' | 'min-is-best'): void {
  if (how === 'none') return;
  const max = scores.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  for (let i = 0; i < scores.length; i++) {
    const part = max === 0 ? 0 : Math.floor((scores[i]! * MAX_SCORE) / max);
    scores[i] = how === 'max-is-best' ? part : MAX_SCORE - part;
  }
}
