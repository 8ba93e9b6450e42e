/** One profile at work: its plugins, asked at each extension point in their order. */
import type { Pod } from '../api/types/core/v1.js';
import type { EventWithHint } from './cluster-event.js';
import type { CycleState } from './cycle-state.js';
import {
  EXTENSION_POINTS,
  type ExtensionPoint,
  failed,
  isRejection,
  MAX_SCORE,
  type Plugin,
  type PostFilterResult,
  type QueuedPod,
  type Status,
  unresolvable,
  type Verdict,
} from './framework.js';
import type { NodeStatuses } from './node-statuses.js';
import type { PodInfo } from './pod-info.js';
import type { NodeInfo, Snapshot } from './snapshot.js';
import type { TimeSlice } from './time-slice.js';

/** A plugin of a profile. */
export interface Enabled {
  readonly name: string;
  readonly plugin: Plugin;
  /** Times its score counts. */
  readonly weight: number;
}

type With<K extends keyof Plugin> = Enabled & { readonly plugin: Plugin & Required<Pick<Plugin, K>> };
const has =
  <K extends keyof Plugin>(point: K) =>
  (e: Enabled): e is With<K> =>
    e.plugin[point] !== undefined;

/** A plugin failed, or said what it may not at that point. */
export class PluginError extends Error {
  constructor(point: ExtensionPoint, { plugin, status }: Verdict) {
    super(`running ${point} plugin "${plugin}": ${status.reasons.join(', ') || status.code}`, { cause: status.error });
  }
}

/** What preFilter left: nodes to look at (undefined: all), and the plugins that narrowed them; or who refused. */
export type PreFiltered =
  | { readonly nodeNames: ReadonlySet<string> | undefined; readonly narrowedBy: readonly string[] }
  | { readonly refused: readonly Verdict[] };

export interface PostFiltered {
  readonly messages: readonly string[];
  readonly nominatedNodeName?: string;
}

/** Long loops look whether the time slice is over once in so many steps. */
const STEPS = 64;

export class Framework {
  private readonly at: { readonly [P in ExtensionPoint]: readonly With<P>[] };
  /** Which events concern Pods that a plugin refused. */
  readonly events: ReadonlyMap<string, readonly EventWithHint[]>;

  constructor(
    readonly profileName: string,
    enabled: Readonly<Record<ExtensionPoint, readonly Enabled[]>>,
    /** Of the nodes, how many percent are looked at; 0: fewer the more there are. */
    readonly percentageOfNodesToScore = 0,
  ) {
    const at = <P extends ExtensionPoint>(point: P) => enabled[point].filter(has(point));
    this.at = {
      queueSort: at('queueSort'),
      preEnqueue: at('preEnqueue'),
      preFilter: at('preFilter'),
      filter: at('filter'),
      postFilter: at('postFilter'),
      preScore: at('preScore'),
      score: at('score'),
      reserve: at('reserve'),
      permit: at('permit'),
      preBind: at('preBind'),
      bind: at('bind'),
      postBind: at('postBind'),
    };
    const events = new Map<string, readonly EventWithHint[]>();
    for (const point of EXTENSION_POINTS) for (const { name, plugin } of this.at[point]) events.set(name, plugin.events ?? []);
    this.events = events;
  }

  /** The names of the plugins at a point, in their order. */
  plugins(point: ExtensionPoint): string[] {
    return this.at[point].map((e) => e.name);
  }

  /** Whether `a` goes before `b`. */
  less(a: QueuedPod, b: QueuedPod): boolean {
    return this.at.queueSort[0]!.plugin.queueSort(a, b);
  }

  preEnqueue(pod: Pod): Verdict | undefined {
    for (const { name, plugin } of this.at.preEnqueue) {
      const status = plugin.preEnqueue(pod);
      if (status) return { plugin: name, status };
    }
    return undefined;
  }

  preFilter(state: CycleState, pod: PodInfo, snapshot: Snapshot): PreFiltered {
    let nodeNames: ReadonlySet<string> | undefined;
    const narrowedBy: string[] = [];
    for (const { name, plugin } of this.at.preFilter) {
      const told = plugin.preFilter(state, pod, snapshot);
      if (!told) continue;
      if ('code' in told) {
        if (told.code === 'Skip') state.skipFilter.add(name);
        else return { refused: [rejection('preFilter', name, told)] };
        continue;
      }
      narrowedBy.push(name);
      const before: ReadonlySet<string> | undefined = nodeNames;
      nodeNames = before ? new Set([...told.nodeNames].filter((n) => before.has(n))) : told.nodeNames;
      if (nodeNames.size) continue;
      const status = unresolvable(
        narrowedBy.length === 1
          ? `node(s) didn't satisfy plugin ${name}`
          : `node(s) didn't satisfy plugin(s) [${narrowedBy.join(' ')}] simultaneously`,
      );
      return { refused: narrowedBy.map((by) => ({ plugin: by, status })) };
    }
    return { nodeNames, narrowedBy };
  }

  /** Asks a node: undefined, the Pod fits. */
  filter(state: CycleState, pod: PodInfo): (node: NodeInfo) => Verdict | undefined {
    const asked = this.at.filter.filter((e) => !state.skipFilter.has(e.name));
    return (node) => {
      for (const { name, plugin } of asked) {
        const status = plugin.filter(state, pod, node);
        if (status) return rejection('filter', name, status);
      }
      return undefined;
    };
  }

  /** As if a Pod were on the node. Undefined where all plugins could tell. */
  addPod(state: CycleState, pod: PodInfo, added: PodInfo, node: NodeInfo): Verdict | undefined {
    return this.extend(state, (x) => x.addPod(state, pod, added, node));
  }

  /** As if a Pod were gone from the node. */
  removePod(state: CycleState, pod: PodInfo, removed: PodInfo, node: NodeInfo): Verdict | undefined {
    return this.extend(state, (x) => x.removePod(state, pod, removed, node));
  }

  private extend(state: CycleState, ask: (of: NonNullable<Plugin['preFilterExtensions']>) => Status | undefined): Verdict | undefined {
    for (const { name, plugin } of this.at.preFilter) {
      const status = plugin.preFilterExtensions && !state.skipFilter.has(name) && ask(plugin.preFilterExtensions);
      if (status) return { plugin: name, status };
    }
    return undefined;
  }

  /** No node is left. The first plugin that can help ends it. */
  async postFilter(state: CycleState, pod: PodInfo, statuses: NodeStatuses): Promise<PostFiltered> {
    const messages: string[] = [];
    for (const { name, plugin } of this.at.postFilter) {
      const { status, nominatedNodeName }: PostFilterResult = await plugin.postFilter(state, pod, statuses);
      if (!status) return { messages, nominatedNodeName };
      messages.push(...rejection('postFilter', name, status).status.reasons);
    }
    return { messages };
  }

  /** What each node is worth. */
  async score(
    state: CycleState,
    pod: PodInfo,
    nodes: readonly NodeInfo[],
    snapshot: Snapshot,
    slice: TimeSlice,
  ): Promise<readonly number[]> {
    for (const { name, plugin } of this.at.preScore) {
      const status = plugin.preScore(state, pod, nodes, snapshot);
      if (status?.code === 'Skip') state.skipScore.add(name);
      else if (status) throw new PluginError('preScore', { plugin: name, status });
    }
    const totals = nodes.map(() => 0);
    for (const { name, plugin, weight } of this.at.score) {
      if (state.skipScore.has(name)) continue;
      const scores: number[] = [];
      for (const node of nodes) {
        scores.push(plugin.score(state, pod, node));
        if (scores.length % STEPS === 0) await slice.spent();
      }
      const status = plugin.normalizeScore?.(state, pod, scores, nodes);
      if (status) throw new PluginError('score', { plugin: name, status });
      for (let i = 0; i < scores.length; i++) {
        const score = scores[i]!;
        if (!(score >= 0 && score <= MAX_SCORE))
          throw new PluginError('score', {
            plugin: name,
            status: failed(`score ${score} of node ${nodes[i]!.name} is not from 0 to ${MAX_SCORE}`),
          });
        totals[i]! += score * weight;
      }
    }
    return totals;
  }

  reserve(state: CycleState, pod: PodInfo, nodeName: string): Verdict | undefined {
    for (const { name, plugin } of this.at.reserve) {
      const status = caught(() => plugin.reserve(state, pod, nodeName));
      if (status) return { plugin: name, status };
    }
    return undefined;
  }

  /** All of them, in the opposite order, whether they reserved something or not. */
  unreserve(state: CycleState, pod: PodInfo, nodeName: string): void {
    for (const { plugin } of [...this.at.reserve].reverse()) plugin.unreserve?.(state, pod, nodeName);
  }

  /** How long which plugins make the Pod wait; or who refused it. */
  permit(
    state: CycleState,
    pod: PodInfo,
    nodeName: string,
  ): { readonly waits: ReadonlyMap<string, number> } | { readonly refused: Verdict } {
    const waits = new Map<string, number>();
    for (const { name, plugin } of this.at.permit) {
      try {
        const told = plugin.permit(state, pod, nodeName);
        if (told?.status.code === 'Wait') waits.set(name, told.timeoutMs ?? Number.POSITIVE_INFINITY);
        else if (told) return { refused: { plugin: name, status: told.status } };
      } catch (e) {
        return { refused: { plugin: name, status: failed(e) } };
      }
    }
    return { waits };
  }

  async preBind(state: CycleState, pod: PodInfo, nodeName: string): Promise<Verdict | undefined> {
    for (const { name, plugin } of this.at.preBind) {
      const status = await plugin.preBind(state, pod, nodeName).catch(failed);
      if (status) return { plugin: name, status };
    }
    return undefined;
  }

  /** The first plugin that does not skip it binds the Pod. */
  async bind(state: CycleState, pod: PodInfo, nodeName: string): Promise<Verdict | undefined> {
    for (const { name, plugin } of this.at.bind) {
      const status = await plugin.bind(state, pod, nodeName).catch(failed);
      if (status?.code !== 'Skip') return status && { plugin: name, status };
    }
    return { plugin: this.at.bind.at(-1)!.name, status: failed('all bind plugins skipped the Pod') };
  }

  postBind(state: CycleState, pod: PodInfo, nodeName: string): void {
    for (const { plugin } of this.at.postBind) plugin.postBind(state, pod, nodeName);
  }
}

/** A refusal; any other status is an error there. */
function rejection(point: ExtensionPoint, plugin: string, status: Status): Verdict {
  if (!isRejection(status)) throw new PluginError(point, { plugin, status });
  return { plugin, status };
}

function caught(ask: () => Status | undefined): Status | undefined {
  try {
    return ask();
  } catch (e) {
    return failed(e);
  }
}
