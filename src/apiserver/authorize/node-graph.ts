/** Which objects a node's Pods refer to, kept by following the Pods: what the Node authorizer asks is a look-up, however many Pods there are. */
import { MIRROR } from '../../api/core/mirror.js';
import type { Pod } from '../../api/types/core/v1.js';
import type { AnyObject } from '../../meta/object.js';
import type { ResourceCache } from '../storage/cache.js';
import { EVERYTHING } from '../storage/selection.js';
import { claimNames, configMapNames, resourceClaimNames, secretNames } from './pod-references.js';

export type Referred = 'pod' | 'secret' | 'configmap' | 'claim' | 'resourceclaim' | 'serviceaccount';
const ref = (kind: Referred, namespace: string, name: string): string => `${kind}/${namespace}/${name}`;

interface Known {
  readonly node: string;
  readonly pod: Pod;
  readonly refs: readonly string[];
}

export class NodeGraph {
  private readonly pods = new Map<string, Known>();
  /** node -> reference -> how many of its Pods have it. */
  private readonly nodes = new Map<string, Map<string, number>>();

  follow(pods: ResourceCache, revision: number): this {
    for (const { key, object } of pods.list('')) this.put(key, object);
    pods.watch(EVERYTHING, revision, revision).listen(
      (i) => {
        if (i.type === 'DELETED') this.drop(i.entry.key);
        else if (i.type !== 'BOOKMARK') this.put(i.entry.key, i.entry.object);
        return true;
      },
      () => undefined,
    );
    return this;
  }

  refers(node: string, kind: Referred, namespace: string, name: string): boolean {
    return this.nodes.get(node)?.has(ref(kind, namespace, name)) ?? false;
  }

  /** `namespace/name` of the claims that the node's Pods mount. */
  *claims(node: string): Iterable<string> {
    for (const r of this.nodes.get(node)?.keys() ?? []) if (r.startsWith('claim/')) yield r.slice('claim/'.length);
  }

  put(key: string, object: AnyObject): void {
    const pod = object as unknown as Pod;
    const known = this.pods.get(key);
    if (known && sameReferences(known.pod, pod)) return;
    this.drop(key);
    const node = pod.spec.nodeName;
    if (!node) return;
    const refs = referencesOf(pod);
    this.pods.set(key, { node, pod, refs });
    let own = this.nodes.get(node);
    if (!own) this.nodes.set(node, (own = new Map()));
    for (const r of refs) own.set(r, (own.get(r) ?? 0) + 1);
  }

  drop(key: string): void {
    const known = this.pods.get(key);
    if (!known) return;
    this.pods.delete(key);
    const own = this.nodes.get(known.node)!;
    for (const r of known.refs) {
      const left = own.get(r)! - 1;
      if (left) own.set(r, left);
      else own.delete(r);
    }
    if (!own.size) this.nodes.delete(known.node);
  }
}

/** Little of a Pod that runs can change what it refers to: most updates are of its status. */
const sameReferences = (a: Pod, b: Pod): boolean =>
  a.metadata.uid === b.metadata.uid &&
  a.spec.nodeName === b.spec.nodeName &&
  (a.spec.ephemeralContainers?.length ?? 0) === (b.spec.ephemeralContainers?.length ?? 0) &&
  resourceClaimNames(a).join() === resourceClaimNames(b).join();

function referencesOf(pod: Pod): string[] {
  const namespace = pod.metadata.namespace ?? '';
  const out = new Set([ref('pod', namespace, pod.metadata.name)]);
  // A node makes mirror Pods itself: they never open anything to it.
  if (pod.metadata.annotations?.[MIRROR] !== undefined) return [...out];
  const add = (kind: Referred, names: readonly string[]) => {
    for (const n of names) out.add(ref(kind, namespace, n));
  };
  add('serviceaccount', pod.spec.serviceAccountName ? [pod.spec.serviceAccountName] : []);
  add('secret', secretNames(pod.spec));
  add('configmap', configMapNames(pod.spec));
  add('claim', claimNames(pod));
  add('resourceclaim', resourceClaimNames(pod));
  return [...out];
}
