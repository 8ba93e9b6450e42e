/** One Pod, all nodes: where it fits, and which of those is best. Pure but for the last choice among equals. */
import type { Random } from '../util/random.js';
import type { CycleState } from './cycle-state.js';
import { FitError } from './fit-error.js';
import { unresolvable, type Verdict } from './framework.js';
import { NodeStatuses } from './node-statuses.js';
import type { PodInfo } from './pod-info.js';
import type { Framework } from './runtime.js';
import type { NodeInfo, Snapshot } from './snapshot.js';
import type { TimeSlice } from './time-slice.js';

export type Outcome =
  | { readonly node: NodeInfo }
  /** `nominatedNodeName`: where room was made for it. */
  | { readonly fitError: FitError; readonly nominatedNodeName?: string }
  /** No plugin turned it down, and time alone may help. */
  | { readonly noNodes: true };

export const NO_NODES = 'no nodes available to schedule pods';

const LEAST_NODES = 100;
/** Nodes are looked at so many at once before the time slice is asked for. */
const STEPS = 64;

/**
 * With many nodes not all are looked at: enough to choose from. `percentage` 0: the more nodes the fewer, but 5 of 100.
 * Source: https://kubernetes.io/docs/concepts/scheduling-eviction/scheduler-perf-tuning/
 */
export function nodesToFind(count: number, percentage = 0): number {
  if (count <= LEAST_NODES) return count;
  const percent = percentage || Math.max(50 - Math.floor(count / 125), 5);
  return Math.max(Math.floor((count * percent) / 100), LEAST_NODES);
}

export interface CycleInput {
  readonly framework: Framework;
  readonly state: CycleState;
  readonly pod: PodInfo;
  readonly snapshot: Snapshot;
  readonly random: Random;
  readonly slice: TimeSlice;
  /** The node to begin at: each Pod goes on where the one before stopped, so that all nodes are looked at in turn. */
  readonly start?: number;
}

export async function schedulePod(c: CycleInput): Promise<Outcome & { readonly looked: number }> {
  const { framework, state, pod, snapshot } = c;
  if (!snapshot.nodes.length) return { noNodes: true, looked: 0 };
  const found = await feasibleNodes(c);
  if (found.fits.length) return { node: found.fits.length === 1 ? found.fits[0]! : await best(c, found.fits), looked: found.looked };
  const { fitError } = found;
  // What a plugin nominates is written to the Pod; another cycle, once there is room, binds it.
  const post = await framework.postFilter(state, pod, fitError.statuses);
  fitError.postFilterMessages = post.messages;
  return { fitError, nominatedNodeName: post.nominatedNodeName, looked: found.looked };
}

interface Found {
  readonly fits: readonly NodeInfo[];
  readonly fitError: FitError;
  readonly looked: number;
}

async function feasibleNodes({ framework, state, pod, snapshot, slice, start = 0 }: CycleInput): Promise<Found> {
  const all = snapshot.nodes;
  const pre = framework.preFilter(state, pod, snapshot);
  if ('refused' in pre) {
    const [first] = pre.refused;
    return {
      fits: [],
      fitError: new FitError(new NodeStatuses(all.length, first), pre.refused, first!.status.reasons.join(', ')),
      looked: 0,
    };
  }
  const { nodeNames, narrowedBy } = pre;
  const statuses = new NodeStatuses(all.length);
  const refused = new Map<string, Verdict>();
  let nodes = all;
  if (nodeNames) {
    nodes = [...nodeNames].flatMap((name) => snapshot.node(name) ?? []);
    const status = unresolvable(`node(s) didn't satisfy plugin(s) [${narrowedBy.join(' ')}]`);
    for (const plugin of narrowedBy) refused.set(plugin, { plugin, status });
    statuses.absent = { plugin: narrowedBy[0]!, status };
  }
  const filter = framework.filter(state, pod);
  const enough = nodesToFind(nodes.length, framework.percentageOfNodesToScore);
  const fits: NodeInfo[] = [];
  let looked = 0;
  for (; looked < nodes.length && fits.length < enough; looked++) {
    if (looked % STEPS === STEPS - 1) await slice.spent();
    const node = nodes[(start + looked) % nodes.length]!;
    const verdict = filter(node);
    if (!verdict) fits.push(node);
    else {
      statuses.set(node.name, verdict);
      if (!refused.has(verdict.plugin)) refused.set(verdict.plugin, verdict);
    }
  }
  return { fits, fitError: new FitError(statuses, [...refused.values()]), looked };
}

/** Among equals each has the same chance. */
async function best({ framework, state, pod, snapshot, random, slice }: CycleInput, fits: readonly NodeInfo[]): Promise<NodeInfo> {
  const totals = await framework.score(state, pod, fits, snapshot, slice);
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
