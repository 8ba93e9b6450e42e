/**
 * Garbage collector: what belongs to something that is gone goes too. It knows every object's owners and dependents, and deletes in the
 * background, in the foreground (dependents first) or not at all (orphans).
 * Source: https://kubernetes.io/docs/concepts/architecture/garbage-collection/#cascading-deletion
 */

import type { ResourceDefinition } from '../api/resource.js';
import { builtInResources } from '../api/table.js';
import type { KindRef } from '../client/client.js';
import { isNotFound, StatusError } from '../meta/errors.js';
import { groupVersion } from '../meta/gvk.js';
import type { AnyObject, ApiObject } from '../meta/object.js';
import type { OwnerReference } from '../meta/types/v1.js';
import { type ControllerContext, defineController } from './framework.js';

const ORPHAN = 'orphan';
const FOREGROUND = 'foregroundDeletion';
/** A dependent that stays holds up a foreground deletion: looked at again after this long. */
const AGAIN_MS = 1_000;
/** Owners remembered as gone; the oldest are asked for again. */
const ABSENT_LIMIT = 5_000;

interface Entry {
  readonly ref: KindRef;
  object: ApiObject;
}

/** Kinds that can own or be owned: each stored kind once. Events belong to no one. */
function kinds(): ResourceDefinition[] {
  const seen = new Set<string>();
  const out: ResourceDefinition[] = [];
  for (const d of builtInResources) {
    if (!d.keyPrefix || seen.has(d.keyPrefix) || !d.enabledByDefault || d.kind === 'Event') continue;
    if (!['list', 'watch', 'delete'].every((v) => d.verbs.includes(v as never))) continue;
    seen.add(d.keyPrefix);
    out.push(d);
  }
  return out;
}

/** Who owns whom, by uid. */
export class Graph {
  readonly objects = new Map<string, Entry>();
  private readonly dependents = new Map<string, Set<string>>();

  put(ref: KindRef, object: ApiObject): void {
    const uid = object.metadata.uid;
    this.unlink(this.objects.get(uid)?.object);
    this.objects.set(uid, { ref, object });
    for (const o of object.metadata.ownerReferences ?? []) {
      let set = this.dependents.get(o.uid);
      if (!set) this.dependents.set(o.uid, (set = new Set()));
      set.add(uid);
    }
  }

  drop(object: ApiObject): void {
    this.unlink(this.objects.get(object.metadata.uid)?.object);
    this.objects.delete(object.metadata.uid);
  }

  dependentsOf(uid: string): Entry[] {
    return [...(this.dependents.get(uid) ?? [])].map((d) => this.objects.get(d)).filter((e): e is Entry => e !== undefined);
  }

  private unlink(object: ApiObject | undefined): void {
    for (const o of object?.metadata.ownerReferences ?? []) {
      const set = this.dependents.get(o.uid);
      set?.delete(object!.metadata.uid);
      if (set?.size === 0) this.dependents.delete(o.uid);
    }
  }
}

export function garbageCollector() {
  const graph = new Graph();
  /** Owners that were looked for and are not there. */
  const absent = new Set<string>();

  return defineController({
    name: 'garbage-collector',
    account: 'generic-garbage-collector',
    workers: 20,
    watches: [],
    setup(c) {
      for (const d of kinds()) {
        const ref = { apiVersion: groupVersion(d.group, d.version), kind: d.kind };
        const seen = (o: ApiObject) => {
          graph.put(ref, o);
          absent.delete(o.metadata.uid);
          if (needsWork(o)) c.enqueue(o.metadata.uid);
        };
        c.informers.for(ref).on({
          add: (o) => seen(o as ApiObject),
          update: (o) => {
            seen(o as ApiObject);
            // An owner that waits for its dependents looks again when one of them changes.
            for (const owner of ownersOf(o as ApiObject)) if (waiting(graph.objects.get(owner)?.object)) c.enqueue(owner);
          },
          delete: (o) => {
            const object = o as ApiObject;
            for (const e of graph.dependentsOf(object.metadata.uid)) c.enqueue(e.object.metadata.uid);
            graph.drop(object);
            remember(absent, object.metadata.uid);
            for (const owner of ownersOf(object)) if (waiting(graph.objects.get(owner)?.object)) c.enqueue(owner);
          },
        });
      }
    },
    async reconcile(uid, c) {
      const entry = graph.objects.get(uid);
      if (!entry) return undefined;
      const meta = entry.object.metadata;
      if (meta.deletionTimestamp) {
        if (meta.finalizers?.includes(ORPHAN)) return orphan(c, graph, entry);
        if (meta.finalizers?.includes(FOREGROUND)) return foreground(c, graph, entry);
        return undefined;
      }
      return collect(c, graph, absent, entry);
    },
  });
}

/** Each once: an object may name the same one many times. */
const ownersOf = (o: ApiObject): ReadonlySet<string> => new Set((o.metadata.ownerReferences ?? []).map((r) => r.uid));
const needsWork = (o: ApiObject): boolean =>
  Boolean(o.metadata.ownerReferences?.length) ||
  Boolean(o.metadata.deletionTimestamp && o.metadata.finalizers?.some((f) => f === ORPHAN || f === FOREGROUND));
const waiting = (o: ApiObject | undefined): boolean =>
  Boolean(o?.metadata.deletionTimestamp && o.metadata.finalizers?.includes(FOREGROUND));

const place = (e: Entry) => ({ ...e.ref, namespace: e.object.metadata.namespace, name: e.object.metadata.name });

const quietly = async (work: Promise<unknown>): Promise<void> => {
  try {
    await work;
  } catch (e) {
    if (!isNotFound(e) && !(e instanceof StatusError && e.reason === 'Conflict' && /UID in precondition/.test(e.message))) throw e;
  }
};

/** An object with owners: goes when none of them is left. */
async function collect(c: ControllerContext, graph: Graph, absent: Set<string>, e: Entry): Promise<void> {
  const refs = e.object.metadata.ownerReferences ?? [];
  if (!refs.length) return;
  const solid: OwnerReference[] = [];
  const gone: OwnerReference[] = [];
  const leaving: OwnerReference[] = [];
  /** By uid and place: many references to one owner are one question. */
  const found = new Map<string, { readonly owner: ApiObject | undefined; readonly waits: boolean }>();
  for (const r of refs) {
    // A cluster-wide object cannot belong to one in a namespace: nobody can say whether that is gone, so it stays.
    if (!e.object.metadata.namespace && isNamespaced(graph, r)) return elsewhere(c, e, r);
    const id = `${r.uid}/${r.apiVersion}/${r.kind}/${r.name}`;
    let known = found.get(id);
    if (!known) {
      const owner = await find(c, graph, absent, e, r);
      found.set(id, (known = { owner, waits: waiting(owner) }));
    }
    if (!known.owner) gone.push(r);
    else if (known.waits && r.blockOwnerDeletion) leaving.push(r);
    else solid.push(r);
  }
  if (!gone.length && !leaving.length) return;
  const { uid, finalizers } = e.object.metadata;
  if (solid.length) {
    const remove = new Set([...gone, ...leaving].map((r) => r.uid));
    const kept = refs.filter((r) => !remove.has(r.uid));
    return quietly(
      c.client.patch(place(e), { metadata: { uid, ownerReferences: kept, resourceVersion: e.object.metadata.resourceVersion } }),
    );
  }
  const dependents = graph.dependentsOf(uid);
  const blocked = leaving.length > 0 && dependents.length > 0;
  // A dependent that waits for its own dependents may wait for this very object: a circle would hold itself up for ever.
  if (blocked && dependents.some((d) => waiting(d.object))) await letOwnersGo(c, e);
  const propagationPolicy =
    blocked || finalizers?.includes(FOREGROUND) ? 'Foreground' : finalizers?.includes(ORPHAN) ? 'Orphan' : 'Background';
  return quietly(c.client.delete(place(e), { propagationPolicy, preconditions: { uid } }));
}

/** The object does not hold up the deletion of its owners any more. */
async function letOwnersGo(c: ControllerContext, e: Entry): Promise<void> {
  const ownerReferences = (e.object.metadata.ownerReferences ?? []).map((r) => ({ ...r, blockOwnerDeletion: false }));
  await quietly(c.client.patch(place(e), { metadata: { uid: e.object.metadata.uid, ownerReferences } }));
}

/** The owner that is named is not in the dependent's namespace: said as an event, since the reference can never do what was meant. */
function elsewhere(c: ControllerContext, e: Entry, r: OwnerReference): void {
  const { namespace = '', name, uid } = e.object.metadata;
  const owner = `[${r.apiVersion}/${r.kind}, namespace: ${namespace}, name: ${r.name}, uid: ${r.uid}]`;
  c.events.warning(
    { ...e.ref, ...(namespace ? { namespace } : {}), name, uid },
    'OwnerRefInvalidNamespace',
    `ownerRef ${owner} does not exist in namespace ${JSON.stringify(namespace)}`,
  );
}

const isNamespaced = (graph: Graph, r: OwnerReference): boolean =>
  Boolean(graph.objects.get(r.uid)?.object.metadata.namespace) ||
  builtInResources.some((d) => d.kind === r.kind && groupVersion(d.group, d.version) === r.apiVersion && d.namespaced);

/** The owner as it is; undefined when there is no such object with that uid. The API server is asked before anything is thought gone. */
async function find(
  c: ControllerContext,
  graph: Graph,
  absent: Set<string>,
  dependent: Entry,
  r: OwnerReference,
): Promise<ApiObject | undefined> {
  const known = graph.objects.get(r.uid);
  if (known) {
    // An owner in another namespace is no owner.
    const ns = known.object.metadata.namespace;
    if (!ns || ns === dependent.object.metadata.namespace) return known.object;
    elsewhere(c, dependent, r);
    return undefined;
  }
  if (absent.has(r.uid)) return undefined;
  try {
    const found = (await c.client.get({
      apiVersion: r.apiVersion,
      kind: r.kind,
      namespace: dependent.object.metadata.namespace,
      name: r.name,
    })) as AnyObject;
    if (found.metadata.uid === r.uid) return found;
  } catch (e) {
    // An answer that does not name the object says that its kind is not served, not that it is gone: what it owns stays.
    if (!isNotFound(e) || (e as StatusError).status.details?.name !== r.name) throw e;
  }
  remember(absent, r.uid);
  return undefined;
}

function remember(absent: Set<string>, uid: string): void {
  if (absent.size >= ABSENT_LIMIT) absent.delete(absent.values().next().value!);
  absent.add(uid);
}

/** Dependents lose the reference and stay; then the owner may go. */
async function orphan(c: ControllerContext, graph: Graph, e: Entry): Promise<void> {
  const { uid } = e.object.metadata;
  for (const d of graph.dependentsOf(uid)) {
    const kept = (d.object.metadata.ownerReferences ?? []).filter((r) => r.uid !== uid);
    await quietly(
      c.client.patch(place(d), {
        metadata: { uid: d.object.metadata.uid, ownerReferences: kept, resourceVersion: d.object.metadata.resourceVersion },
      }),
    );
  }
  await release(c, e, ORPHAN);
}

/** Dependents that hold the owner up go first. */
async function foreground(c: ControllerContext, graph: Graph, e: Entry): Promise<number | void> {
  const { uid } = e.object.metadata;
  const dependents = graph.dependentsOf(uid);
  for (const d of dependents) if (!d.object.metadata.deletionTimestamp) c.enqueue(d.object.metadata.uid);
  if (dependents.some((d) => d.object.metadata.ownerReferences?.some((r) => r.uid === uid && r.blockOwnerDeletion))) return AGAIN_MS;
  return release(c, e, FOREGROUND);
}

async function release(c: ControllerContext, e: Entry, finalizer: string): Promise<void> {
  const finalizers = (e.object.metadata.finalizers ?? []).filter((f) => f !== finalizer);
  await quietly(
    c.client.patch(place(e), { metadata: { uid: e.object.metadata.uid, resourceVersion: e.object.metadata.resourceVersion, finalizers } }),
  );
}
