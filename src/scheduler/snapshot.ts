/**
 * What plugins see of the cluster. A snapshot stays as it is for the length of a cycle, and its indexes are kept as Pods and nodes come and go:
 * to ask one costs nothing that grows with the cluster. Those by topology and by selector begin when they are first asked for.
 */
import type { Node } from '../api/types/core/v1.js';
import type { Selector } from '../meta/labels.js';
import type { HostPorts } from './host-ports.js';
import type { PodInfo } from './pod-info.js';
import type { Amounts } from './resources.js';

export interface NodeInfo {
  readonly node: Node;
  readonly name: string;
  readonly allocatable: Amounts;
  readonly requested: Amounts;
  readonly nonZero: { readonly cpu: number; readonly memory: number };
  readonly pods: ReadonlyMap<string, PodInfo>;
  /** Of those, who care which Pods are near them. */
  readonly podsWithAffinity: ReadonlyMap<string, PodInfo>;
  readonly podsWithRequiredAntiAffinity: ReadonlyMap<string, PodInfo>;
  /** In use. */
  readonly ports: Pick<HostPorts, 'clash'>;
  /** Ports that no Pod gets. */
  readonly ownPorts: Pick<HostPorts, 'clash'>;
  /** Bytes of the images the node has, by name. */
  readonly images: ReadonlyMap<string, number>;
}

/** Pods of one namespace that a selector selects. */
export interface PodSelection {
  readonly namespace: string;
  readonly selector: Selector;
  /** Whether Pods that are being deleted count. */
  readonly terminating: boolean;
}

/** How many Pods of a selection there are. */
export interface PodCounts {
  /** By the node's name, where there are any. */
  readonly byNode: ReadonlyMap<string, number>;
  /** By the value of a label of their nodes. Pods on nodes without the label are left out. */
  byTopology(key: string): ReadonlyMap<string, number>;
}

export interface Snapshot {
  /** In the order in which they came. */
  readonly nodes: readonly NodeInfo[];
  node(name: string): NodeInfo | undefined;
  /** How many nodes have an image. */
  imageSpread(image: string): number;
  readonly nodesWithAffinity: ReadonlySet<NodeInfo>;
  readonly nodesWithRequiredAntiAffinity: ReadonlySet<NodeInfo>;
  /** Nodes by the value of a label: those without it are left out. */
  topology(key: string): ReadonlyMap<string, ReadonlySet<NodeInfo>>;
  podCounts(of: PodSelection): PodCounts;
}
