/**
 * The scheduler's picture of the nodes and of what runs on them, kept by events; assumed Pods count before the API server has said so.
 * It is the snapshot, too: while a cycle looks at it changes are put on record, and carried out at the end of the cycle. So a snapshot stays as it
 * is, nothing is copied to make one, and each index changes by as much as the cluster did.
 */
import type { Node, Pod } from '../api/types/core/v1.js';
import { MutableNodeInfo } from './node-info.js';
import { PodCountsIndex } from './pod-counts-index.js';
import { type PodInfo, podInfo, podKey } from './pod-info.js';
import type { NodeInfo, PodCounts, PodSelection, Snapshot } from './snapshot.js';
import { TopologyIndex } from './topology-index.js';

export class SchedulerCache {
  private readonly state = new CachedNodes();
  private held = false;
  private record: (() => void)[] = [];
  /** Pods that are assumed on a node until the API server says where they are: which one, of those that had the name. */
  private readonly assumed = new Map<string, string>();

  /** As it is now; see `during`. */
  get snapshot(): Snapshot {
    return this.state;
  }

  /** For as long as `work` goes on, the snapshot stays as it is. One at a time. */
  async during<T>(work: (snapshot: Snapshot) => Promise<T>): Promise<T> {
    if (this.held) throw new Error('two cycles at once');
    this.held = true;
    try {
      return await work(this.state);
    } finally {
      this.held = false;
      const changes = this.record;
      this.record = [];
      for (const change of changes) change();
    }
  }

  putNode(node: Node): void {
    this.change(() => this.state.putNode(node));
  }

  removeNode(name: string): void {
    this.change(() => this.state.removeNode(name));
  }

  /** A Pod that is bound. */
  putPod(pod: Pod, nodeName: string): void {
    this.assumed.delete(podKey(pod));
    this.change(() => this.state.putPod(podInfo(pod), nodeName));
  }

  removePod(key: string): void {
    this.assumed.delete(key);
    this.change(() => this.state.removePod(key));
  }

  /** The Pod is about to be bound. */
  assume(pod: PodInfo, nodeName: string): void {
    this.assumed.set(pod.key, pod.pod.metadata.uid);
    this.change(() => this.state.putPod(pod, nodeName));
  }

  isAssumed(pod: Pod): boolean {
    return this.assumed.get(podKey(pod)) === pod.metadata.uid;
  }

  /** It was not bound. False: the API server has said meanwhile what became of it. */
  forget(pod: Pod): boolean {
    if (!this.isAssumed(pod)) return false;
    this.removePod(podKey(pod));
    return true;
  }

  private change(make: () => void): void {
    if (this.held) this.record.push(make);
    else make();
  }
}

class CachedNodes implements Snapshot {
  private readonly byName = new Map<string, MutableNodeInfo>();
  private order: MutableNodeInfo[] = [];
  readonly nodesWithAffinity = new Set<NodeInfo>();
  readonly nodesWithRequiredAntiAffinity = new Set<NodeInfo>();
  private readonly topologies = new TopologyIndex(() => this.order);
  private readonly counts = new PodCountsIndex(
    () => this.order,
    (name) => this.byName.get(name),
  );
  /** Which node each counted pod is on; a node may come after its pods. */
  private readonly home = new Map<string, string>();
  private readonly homeless = new Map<string, Map<string, PodInfo>>();
  /** How many nodes have each image. */
  private readonly spread = new Map<string, number>();

  get nodes(): readonly NodeInfo[] {
    return this.order;
  }

  node(name: string): NodeInfo | undefined {
    return this.byName.get(name);
  }

  imageSpread(image: string): number {
    return this.spread.get(image) ?? 0;
  }

  topology(key: string): ReadonlyMap<string, ReadonlySet<NodeInfo>> {
    return this.topologies.of(key);
  }

  podCounts(of: PodSelection): PodCounts {
    return this.counts.of(of);
  }

  putNode(node: Node): void {
    const known = this.byName.get(node.metadata.name);
    if (known) return this.updateNode(known, node);
    const made = new MutableNodeInfo(node);
    this.countImages(made.images, 1);
    this.byName.set(made.name, made);
    this.order.push(made);
    this.topologies.change(made, undefined, node.metadata.labels);
    for (const p of this.homeless.get(made.name)?.values() ?? []) this.put(made, p);
    this.homeless.delete(made.name);
  }

  removeNode(name: string): void {
    const node = this.byName.get(name);
    if (!node) return;
    const pods = new Map(node.pods);
    for (const key of pods.keys()) this.take(node, key);
    this.topologies.change(node, node.node.metadata.labels, undefined);
    this.countImages(node.images, -1);
    this.byName.delete(name);
    this.order = this.order.filter((n) => n !== node);
    if (pods.size) this.homeless.set(name, pods);
  }

  putPod(info: PodInfo, nodeName: string): void {
    this.removePod(info.key);
    this.home.set(info.key, nodeName);
    const node = this.byName.get(nodeName);
    if (node) return this.put(node, info);
    let waiting = this.homeless.get(nodeName);
    if (!waiting) this.homeless.set(nodeName, (waiting = new Map()));
    waiting.set(info.key, info);
  }

  removePod(key: string): void {
    const home = this.home.get(key);
    if (home === undefined) return;
    this.home.delete(key);
    const node = this.byName.get(home);
    if (node) return this.take(node, key);
    const waiting = this.homeless.get(home);
    waiting?.delete(key);
    if (!waiting?.size) this.homeless.delete(home);
  }

  private updateNode(known: MutableNodeInfo, node: Node): void {
    const [labels, images] = [known.node.metadata.labels, known.images];
    known.update(node);
    this.topologies.change(known, labels, node.metadata.labels);
    this.counts.relabelled(known.name, labels, node.metadata.labels);
    if (known.images === images) return;
    this.countImages(images, -1);
    this.countImages(known.images, 1);
  }

  private put(node: MutableNodeInfo, p: PodInfo): void {
    node.put(p);
    this.counts.change(node, p, 1);
    this.markAffinity(node);
  }

  private take(node: MutableNodeInfo, key: string): void {
    const p = node.take(key);
    if (p) this.counts.change(node, p, -1);
    this.markAffinity(node);
  }

  private markAffinity(node: MutableNodeInfo): void {
    if (node.podsWithAffinity.size) this.nodesWithAffinity.add(node);
    else this.nodesWithAffinity.delete(node);
    if (node.podsWithRequiredAntiAffinity.size) this.nodesWithRequiredAntiAffinity.add(node);
    else this.nodesWithRequiredAntiAffinity.delete(node);
  }

  private countImages(images: ReadonlyMap<string, number>, more: 1 | -1): void {
    for (const image of images.keys()) {
      const n = (this.spread.get(image) ?? 0) + more;
      if (n) this.spread.set(image, n);
      else this.spread.delete(image);
    }
  }
}
