/**
 * NodeResourcesFit: enough of everything asked for (filter); the emptiest node, or the fullest (score).
 * Arguments: `scoringStrategy: { type: LeastAllocated | MostAllocated, resources: [{ name: cpu | memory, weight }] }`.
 * Source: https://kubernetes.io/docs/concepts/scheduling-eviction/resource-bin-packing/
 */
import type { Node, Pod } from '../../api/types/core/v1.js';
import { table } from '../../util/own.js';
import { on } from '../cluster-event.js';
import { definePluginWithArgs, MAX_SCORE, type PluginArgs } from '../framework.js';
import { podInfo } from '../pod-info.js';
import { type Amounts, parseAmounts } from '../resources.js';

const MOST_REASONS = 20;

/** How much of a resource's score counts. */
type Weights = readonly (readonly [name: 'cpu' | 'memory', weight: number])[];

interface Strategy {
  readonly score: (all: number, used: number) => number;
  readonly weights: Weights;
}

const STRATEGIES = table({
  LeastAllocated: (all: number, used: number) => (all <= 0 || used > all ? 0 : Math.floor(((all - used) * MAX_SCORE) / all)),
  MostAllocated: (all: number, used: number) => (all <= 0 ? 0 : Math.floor((Math.min(used, all) * MAX_SCORE) / all)),
});

const isObject = (v: unknown): v is Readonly<Record<string, unknown>> => typeof v === 'object' && v !== null && !Array.isArray(v);

function parse(args: PluginArgs): Strategy {
  const only = (of: object, ...known: string[]) => {
    for (const k of Object.keys(of)) if (!known.includes(k)) throw new RangeError(`NodeResourcesFit has no argument ${JSON.stringify(k)}`);
  };
  only(args, 'scoringStrategy');
  const strategy = args.scoringStrategy ?? {};
  if (!isObject(strategy)) throw new RangeError('NodeResourcesFit: scoringStrategy is no object');
  only(strategy, 'type', 'resources');
  const { type = 'LeastAllocated', resources = [] } = strategy;
  if (type !== 'LeastAllocated' && type !== 'MostAllocated')
    throw new RangeError(`NodeResourcesFit: scoringStrategy.type is neither LeastAllocated nor MostAllocated: ${JSON.stringify(type)}`);
  if (!Array.isArray(resources)) throw new RangeError('NodeResourcesFit: scoringStrategy.resources is no list');
  const weights = resources.map((r: unknown) => {
    const { name, weight = 1 } = isObject(r) ? r : {};
    if (name !== 'cpu' && name !== 'memory') throw new RangeError('NodeResourcesFit: only cpu and memory are scored');
    if (typeof weight !== 'number' || !(weight >= 1 && weight <= 100))
      throw new RangeError('NodeResourcesFit: a weight is not from 1 to 100');
    return [name, weight] as const;
  });
  return {
    score: STRATEGIES[type],
    weights: weights.length
      ? weights
      : [
          ['cpu', 1],
          ['memory', 1],
        ],
  };
}

const within = (wanted: readonly (readonly [string, number])[], all: Amounts): boolean =>
  wanted.every(([name, amount]) => amount <= (all[name] ?? 0));

/** The node has what the Pod asks for, were it empty; and more of something that the Pod asks for than before. */
function nodeMayFit(pod: Pod, old: Node | undefined, now: Node | undefined): 'queue' | 'skip' {
  const { wanted } = podInfo(pod);
  const after = parseAmounts(now?.status?.allocatable);
  if (!within(wanted, after)) return 'skip';
  if (!old) return 'queue';
  const before = parseAmounts(old.status?.allocatable);
  const more = (name: string) => (after[name] ?? 0) > (before[name] ?? 0);
  return more('pods') || wanted.some(([name]) => more(name)) ? 'queue' : 'skip';
}

/** Another Pod on a node let go of something that this one asks for; or this one asks for less. */
function podMayHelp(pod: Pod, old: Pod | undefined, now: Pod | undefined): 'queue' | 'skip' {
  if (now?.metadata.uid === pod.metadata.uid) return 'queue';
  if (!old?.spec.nodeName) return 'skip';
  // It counted as one of the Pods of its node.
  if (!now) return 'queue';
  const [before, after] = [podInfo(old).requests, podInfo(now).requests];
  return podInfo(pod).wanted.some(([name]) => (after[name] ?? 0) < (before[name] ?? 0)) ? 'queue' : 'skip';
}

export const nodeResourcesFit = definePluginWithArgs('NodeResourcesFit', parse, ({ score, weights }) => {
  const total = weights.reduce((sum, [, w]) => sum + w, 0);
  return {
    events: [on('Pod', ['Delete', 'UpdatePodScaleDown'], podMayHelp), on('Node', ['Add', 'UpdateNodeAllocatable'], nodeMayFit)],
    filter(_state, { wanted }, node) {
      const reasons: string[] = [];
      let unresolvable = false;
      if (node.pods.size + 1 > (node.allocatable.pods ?? 0)) reasons.push('Too many pods');
      for (const [name, amount] of wanted) {
        // What a Pod asks for it names itself: so many reasons do.
        if (reasons.length >= MOST_REASONS) break;
        const all = node.allocatable[name] ?? 0;
        if (amount > all - (node.requested[name] ?? 0)) reasons.push(`Insufficient ${name}`);
        if (amount > all) unresolvable = true;
      }
      return reasons.length ? { code: unresolvable ? 'UnschedulableAndUnresolvable' : 'Unschedulable', reasons } : undefined;
    },
    score(_state, { nonZero }, node) {
      let sum = 0;
      for (const [name, weight] of weights) sum += weight * score(node.allocatable[name] ?? 0, node.nonZero[name] + nonZero[name]);
      return Math.floor(sum / total);
    },
  };
});
