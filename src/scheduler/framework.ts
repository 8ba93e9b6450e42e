/**
 * The scheduling framework: what a plugin may do with a Pod, from the queue to its node. Source: KEP-624,
 * https://kubernetes.io/docs/concepts/scheduling-eviction/scheduling-framework/
 *
 *     queue              preEnqueue -> queueSort            a Pod may enter; which goes first
 *     scheduling cycle   preFilter -> filter -> postFilter  once a Pod; each node; where no node is left
 *                        preScore -> score -> normalizeScore
 *                        reserve -> permit                  the Pod is assumed on the node: others see it there
 *     binding cycle      (wait for permits) -> preBind -> bind -> postBind
 *
 * The scheduling cycle takes one Pod after another; binding cycles run beside it. What fails after `reserve` is un-reserved by all plugins in the
 * opposite order, and the Pod is forgotten by the node. A Pod that plugins refused waits until one of the events that these plugins name, and whose
 * hint says `queue` (KEP-4247; cluster-event.ts).
 *
 * - A plugin is a value whose functions belong to extension points; `definePlugin` makes it of its arguments and a `Handle`. It keeps what it found
 *   about one Pod in the `CycleState` under a key that carries the type (cycle-state.ts), and shares nothing else between points.
 * - It answers with a `Status`; undefined is success. What it throws counts as the status Error.
 * - It sees the cluster as a `Snapshot`, which stays as it is for a whole cycle (snapshot.ts).
 * - Which plugins there are, in which order, with which weights and arguments, says a `Profile` (profiles.ts); `Framework` (runtime.ts) asks them.
 */
import type { Pod } from '../api/types/core/v1.js';
import type { Client } from '../client/client.js';
import type { Informers } from '../client/informer.js';
import type { Env } from '../util/component.js';
import type { EventWithHint } from './cluster-event.js';
import type { CycleState } from './cycle-state.js';
import type { NodeStatuses } from './node-statuses.js';
import type { PodInfo } from './pod-info.js';
import type { NodeInfo, Snapshot } from './snapshot.js';
import type { WaitingPods } from './waiting-pods.js';

export type Code =
  /** A fault of the plugin or of what it asked: the Pod comes back after a back-off. */
  | 'Error'
  /** The Pod does not fit; taking other Pods away might help (filter). */
  | 'Unschedulable'
  /** The Pod does not fit, whoever is taken away. */
  | 'UnschedulableAndUnresolvable'
  /** permit: later. */
  | 'Wait'
  /** preFilter, preScore: nothing for this plugin to look at; bind: another one's Pod. */
  | 'Skip'
  /** All is prepared and something outside must follow: once it has, the Pod is tried without a back-off. */
  | 'Pending';

/** How an extension point ended; success is undefined. */
export interface Status {
  readonly code: Code;
  readonly reasons: readonly string[];
  readonly error?: unknown;
}

/** A status, and whose it is. */
export interface Verdict {
  readonly plugin: string;
  readonly status: Status;
}

export const unschedulable = (...reasons: string[]): Status => ({ code: 'Unschedulable', reasons });
export const unresolvable = (...reasons: string[]): Status => ({ code: 'UnschedulableAndUnresolvable', reasons });
export const pending = (...reasons: string[]): Status => ({ code: 'Pending', reasons });
export const failed = (error: unknown): Status => ({
  code: 'Error',
  reasons: [error instanceof Error ? error.message : String(error)],
  error,
});
export const SKIP: Status = Object.freeze({ code: 'Skip', reasons: [] });

/** Whether it refuses the Pod, rather than failed at it. */
export const isRejection = ({ code }: Status): boolean =>
  code === 'Unschedulable' || code === 'UnschedulableAndUnresolvable' || code === 'Pending';

/** Only these nodes need be looked at. */
export interface PreFilterResult {
  readonly nodeNames: ReadonlySet<string>;
}

export interface PostFilterResult {
  /** Success: the Pod may fit later, on the nominated node. */
  readonly status?: Status;
  readonly nominatedNodeName?: string;
}

/** Undefined allows; Wait holds the binding until the plugin allows it, and refuses after `timeoutMs`. */
export interface PermitResult {
  readonly status: Status;
  readonly timeoutMs?: number;
}

/** A Pod as the queue knows it. */
export interface QueuedPod {
  readonly pod: Pod;
  /** When it came, or was last tried. */
  readonly timestamp: number;
  /** Of two with the same timestamp the lower one was first. */
  readonly order: number;
  readonly attempts: number;
}

type Told = Status | undefined;

/** Changes to what `preFilter` found while it is tried what would be if a Pod came or went. */
export interface PreFilterExtensions {
  addPod(state: CycleState, pod: PodInfo, added: PodInfo, node: NodeInfo): Told;
  removePod(state: CycleState, pod: PodInfo, removed: PodInfo, node: NodeInfo): Told;
}

export interface Plugin {
  /** Whether `a` goes before `b`. One plugin of all profiles. */
  queueSort?(a: QueuedPod, b: QueuedPod): boolean;
  preEnqueue?(pod: Pod): Told;
  preFilter?(state: CycleState, pod: PodInfo, snapshot: Snapshot): PreFilterResult | Told;
  readonly preFilterExtensions?: PreFilterExtensions;
  filter?(state: CycleState, pod: PodInfo, node: NodeInfo): Told;
  postFilter?(state: CycleState, pod: PodInfo, statuses: NodeStatuses): PostFilterResult | Promise<PostFilterResult>;
  preScore?(state: CycleState, pod: PodInfo, nodes: readonly NodeInfo[], snapshot: Snapshot): Told;
  /** An integer; from 0 to MAX_SCORE once normalized. */
  score?(state: CycleState, pod: PodInfo, node: NodeInfo): number;
  /** Changes the scores, each that of the node in the same place. */
  normalizeScore?(state: CycleState, pod: PodInfo, scores: number[], nodes: readonly NodeInfo[]): Told;
  reserve?(state: CycleState, pod: PodInfo, nodeName: string): Told;
  /** Must not fail, and must do no harm where `reserve` was not called. */
  unreserve?(state: CycleState, pod: PodInfo, nodeName: string): void;
  permit?(state: CycleState, pod: PodInfo, nodeName: string): PermitResult | undefined;
  preBind?(state: CycleState, pod: PodInfo, nodeName: string): Promise<Told>;
  bind?(state: CycleState, pod: PodInfo, nodeName: string): Promise<Told>;
  postBind?(state: CycleState, pod: PodInfo, nodeName: string): void;
  /** After which changes of the cluster a Pod that this plugin refused may fit. Without any, only time brings it back. */
  readonly events?: readonly EventWithHint[];
}

/** Where plugins are enabled. `score` has normalizeScore with it, `reserve` unreserve. */
export const EXTENSION_POINTS = [
  'queueSort',
  'preEnqueue',
  'preFilter',
  'filter',
  'postFilter',
  'preScore',
  'score',
  'reserve',
  'permit',
  'preBind',
  'bind',
  'postBind',
] as const;
export type ExtensionPoint = (typeof EXTENSION_POINTS)[number];

/** What the scheduler lends to plugins. */
export interface Handle {
  readonly env: Env;
  readonly client: Client;
  readonly informers: Informers;
  /** Pods that wait for a permit. */
  readonly waitingPods: WaitingPods;
  /** The snapshot of the present cycle. */
  snapshot(): Snapshot;
  /** Brings Pods that wait in the queue up at once. */
  activate(pods: readonly Pod[]): void;
}

export type PluginArgs = Readonly<Record<string, unknown>>;

/** A plugin by its name, not made yet. */
export interface PluginFactory {
  readonly name: string;
  /** Throws a RangeError that says what is wrong with the arguments. */
  create(args: PluginArgs, handle: Handle): Plugin;
}

/** A plugin without arguments. */
export const definePlugin = (name: string, create: (handle: Handle) => Plugin): PluginFactory => ({
  name,
  create(args, handle) {
    const [extra] = Object.keys(args);
    if (extra !== undefined) throw new RangeError(`${name} has no argument ${JSON.stringify(extra)}`);
    return create(handle);
  },
});

/** A plugin with arguments, which `parse` reads. */
export const definePluginWithArgs = <A>(
  name: string,
  parse: (args: PluginArgs) => A,
  create: (args: A, handle: Handle) => Plugin,
): PluginFactory => ({ name, create: (args, handle) => create(parse(args), handle) });

export const MAX_SCORE = 100;

/** Raw scores become 0 to MAX_SCORE: in proportion to the largest, which is the best, or the worst (`reverse`). */
export function normalizeByMax(scores: number[], reverse = false): undefined {
  const max = scores.reduce((a, b) => Math.max(a, b), 0);
  for (let i = 0; i < scores.length; i++) {
    const part = max === 0 ? 0 : Math.floor((scores[i]! * MAX_SCORE) / max);
    scores[i] = reverse ? MAX_SCORE - part : part;
  }
}
