/**
 * How many Pods of a selection are on each node and at each value of a node's label. A selection is counted when it is first asked for, and from then
 * on as Pods come and go; those that nobody asked for of late are let go of.
 */
import type { PodInfo } from './pod-info.js';
import type { NodeInfo, PodCounts, PodSelection } from './snapshot.js';
import { type Labels, label } from './topology-index.js';

/** Selections kept; each costs something for every Pod of its namespace that comes or goes. */
const KEPT = 256;

class Counts implements PodCounts {
  readonly byNode = new Map<string, number>();
  private readonly topologies = new Map<string, Map<string, number>>();

  constructor(
    readonly of: PodSelection,
    private readonly node: (name: string) => NodeInfo | undefined,
  ) {}

  selects({ pod: { metadata } }: PodInfo): boolean {
    return (
      metadata.namespace === this.of.namespace &&
      (this.of.terminating || !metadata.deletionTimestamp) &&
      this.of.selector.matches(metadata.labels ?? {})
    );
  }

  byTopology(key: string): ReadonlyMap<string, number> {
    let counts = this.topologies.get(key);
    if (!counts) {
      this.topologies.set(key, (counts = new Map()));
      for (const [name, n] of this.byNode) bump(counts, label(this.node(name)?.node.metadata.labels, key), n);
    }
    return counts;
  }

  add(node: NodeInfo, more: number): void {
    bump(this.byNode, node.name, more);
    for (const [key, counts] of this.topologies) bump(counts, label(node.node.metadata.labels, key), more);
  }

  relabelled(name: string, old: Labels, now: Labels): void {
    const n = this.byNode.get(name);
    if (!n) return;
    for (const [key, counts] of this.topologies) {
      const [before, after] = [label(old, key), label(now, key)];
      if (before === after) continue;
      bump(counts, before, -n);
      bump(counts, after, n);
    }
  }
}

function bump(counts: Map<string, number>, key: string | undefined, more: number): void {
  if (key === undefined) return;
  const n = (counts.get(key) ?? 0) + more;
  if (n) counts.set(key, n);
  else counts.delete(key);
}

export class PodCountsIndex {
  /** The one that was asked for last is the last. */
  private readonly kept = new Map<string, Counts>();

  constructor(
    private readonly nodes: () => Iterable<NodeInfo>,
    private readonly node: (name: string) => NodeInfo | undefined,
  ) {}

  of(selection: PodSelection): PodCounts {
    const id = JSON.stringify([selection.namespace, selection.terminating, selection.selector.empty, selection.selector.requirements]);
    let counts = this.kept.get(id);
    if (counts) this.kept.delete(id);
    else {
      counts = new Counts(selection, this.node);
      for (const n of this.nodes()) {
        let here = 0;
        for (const p of n.pods.values()) if (counts.selects(p)) here++;
        if (here) counts.add(n, here);
      }
    }
    this.kept.set(id, counts);
    if (this.kept.size > KEPT) {
      const [oldest] = this.kept.keys();
      this.kept.delete(oldest!);
    }
    return counts;
  }

  /** A Pod came to a node, or went. */
  change(node: NodeInfo, pod: PodInfo, more: 1 | -1): void {
    for (const counts of this.kept.values()) if (counts.selects(pod)) counts.add(node, more);
  }

  relabelled(name: string, old: Labels, now: Labels): void {
    for (const counts of this.kept.values()) counts.relabelled(name, old, now);
  }
}
