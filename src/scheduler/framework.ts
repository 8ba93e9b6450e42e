/**
 * What a scheduler plugin is, and what it sees: read-only snapshots of pods and nodes, precomputed. A plugin is a value; its functions are pure.
 * Source: https://kubernetes.io/docs/concepts/scheduling-eviction/scheduling-framework/
 */
import type { Node, Pod } from '../api/types/core/v1.js';
import type { Amounts } from './resources.js';

export interface HostPort {
  readonly ip: string;
  readonly protocol: string;
  readonly port: number;
}

const ANY = '0.0.0.0';

/** Host ports that are held, each looked up by its number: a Pod may ask for tens of thousands, and a node hold as many. */
export class HostPorts {
  /** By protocol and number, then by address: how many hold it. Pods that were bound by name may hold the same one. */
  private readonly held = new Map<string, Map<string, number>>();

  constructor(ports: readonly HostPort[] = []) {
    for (const p of ports) this.add(p);
  }

  add({ ip, protocol, port }: HostPort): void {
    const id = `${protocol}/${port}`;
    let at = this.held.get(id);
    if (!at) this.held.set(id, (at = new Map()));
    at.set(ip, (at.get(ip) ?? 0) + 1);
  }

  remove({ ip, protocol, port }: HostPort): void {
    const id = `${protocol}/${port}`;
    const at = this.held.get(id);
    const left = (at?.get(ip) ?? 0) - 1;
    if (left > 0) at!.set(ip, left);
    else if (at?.delete(ip) && !at.size) this.held.delete(id);
  }

  /** Whether one of them is in the way. */
  clash({ ip, protocol, port }: HostPort): boolean {
    const at = this.held.get(`${protocol}/${port}`);
    return at !== undefined && (ip === ANY || at.has(ANY) || at.has(ip));
  }
}

export interface PodInfo {
  readonly pod: Pod;
  readonly key: string;
  readonly requests: Amounts;
  readonly nonZero: { readonly cpu: number; readonly memory: number };
  /** What of `requests` is more than nothing. */
  readonly wanted: readonly (readonly [name: string, amount: number])[];
  readonly ports: readonly HostPort[];
  readonly priority: number;
}

export interface NodeInfo {
  readonly node: Node;
  readonly name: string;
  readonly allocatable: Amounts;
  readonly requested: Amounts;
  readonly nonZero: { readonly cpu: number; readonly memory: number };
  readonly pods: ReadonlyMap<string, PodInfo>;
  /** In use. */
  readonly ports: Pick<HostPorts, 'clash'>;
  /** Ports that no Pod gets. */
  readonly ownPorts: Pick<HostPorts, 'clash'>;
  /** Bytes of the images the node has, by name. */
  readonly images: ReadonlyMap<string, number>;
}

export interface Snapshot {
  readonly nodes: readonly NodeInfo[];
  /** How many nodes have an image. */
  imageSpread(image: string): number;
}

/** Why a pod does not fit on a node. `unresolvable`: taking other pods away would not help. */
export interface Misfit {
  readonly reasons: readonly string[];
  readonly unresolvable?: boolean;
}

/** What in the cluster may make a pod schedulable that a plugin turned down. */
export type ClusterEvent =
  | 'node-added'
  | 'node-allocatable'
  | 'node-labels'
  /** Its taints, or that it was cordoned or uncordoned. */
  | 'node-taints'
  | 'pod-removed'
  /** What a bound pod asks for. */
  | 'pod-updated';

export interface Plugin {
  readonly name: string;
  /** Times the score counts; 1 where absent. */
  readonly weight?: number;
  /** Events after which a pod that this plugin turned down is tried again. */
  readonly helps?: readonly ClusterEvent[];
  /** Once a pod: a reason why it fits nowhere, or what `filter` and `score` need. */
  prepare?(pod: PodInfo, snapshot: Snapshot): { readonly misfit: Misfit } | { readonly state: unknown } | undefined;
  /** Before a pod enters the queue: a reason why it must wait. */
  gate?(pod: Pod): string | undefined;
  filter?(pod: PodInfo, node: NodeInfo, state: unknown): Misfit | undefined;
  /** Any number; see `normalize`. */
  score?(pod: PodInfo, node: NodeInfo, state: unknown, snapshot: Snapshot): number;
  /** How raw scores become 0 to 100: as they are, highest is best, or lowest is best. */
  readonly normalize?: 'none' | 'max-is-best' | 'min-is-best';
}

export const definePlugin = (plugin: Plugin): Plugin => plugin;

export const misfit = (reason: string, unresolvable = false): Misfit => ({ reasons: [reason], unresolvable });

export const MAX_SCORE = 100;
