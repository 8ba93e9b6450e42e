/** Nodes by the values of their labels. A label is indexed from the first time that it is asked for. */
import { getOwn } from '../util/own.js';
import type { NodeInfo } from './snapshot.js';

export type Labels = Readonly<Record<string, string>> | undefined;

export const label = (labels: Labels, key: string): string | undefined => labels && getOwn(labels, key);

export class TopologyIndex {
  private readonly keys = new Map<string, Map<string, Set<NodeInfo>>>();

  constructor(private readonly nodes: () => Iterable<NodeInfo>) {}

  of(key: string): ReadonlyMap<string, ReadonlySet<NodeInfo>> {
    let values = this.keys.get(key);
    if (!values) {
      this.keys.set(key, (values = new Map()));
      for (const n of this.nodes()) put(values, label(n.node.metadata.labels, key), n);
    }
    return values;
  }

  /** A node came (no `old` labels), changed, or went (no labels `now`). */
  change(node: NodeInfo, old: Labels, now: Labels): void {
    for (const [key, values] of this.keys) {
      const [before, after] = [label(old, key), label(now, key)];
      if (before === after) continue;
      if (before !== undefined) {
        const set = values.get(before);
        set?.delete(node);
        if (!set?.size) values.delete(before);
      }
      put(values, after, node);
    }
  }
}

function put(values: Map<string, Set<NodeInfo>>, value: string | undefined, node: NodeInfo): void {
  if (value === undefined) return;
  const set = values.get(value);
  if (set) set.add(node);
  else values.set(value, new Set([node]));
}
