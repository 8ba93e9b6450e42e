/** Namespace: empties a namespace that is being deleted, then lets it go. Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/ */
import type { Namespace, Pod } from '../api/types/core/v1.js';
import { NAMESPACES } from '../client/kinds.js';
import { isNotFound, StatusError } from '../meta/errors.js';
import type { AnyObject, ApiList } from '../meta/object.js';
import { timestamp } from '../util/clock.js';
import { type ControllerContext, defineController, own, splitKey } from './framework.js';
import { isFinished } from './kit/pod-state.js';

/** As `Deletable.resource` says it. */
const PODS = 'pods.';
/** Looked at again while something in it takes its time. */
const AGAIN_MS = 1_000;
/** Which kinds there are is asked for again after this long. */
const DISCOVERY_MS = 30_000;

interface Deletable {
  readonly path: string;
  readonly resource: string;
  readonly collection: boolean;
}

export function namespaceController() {
  let known: { kinds: Deletable[]; at: number } | undefined;
  return defineController({
    name: 'namespace',
    account: 'namespace-controller',
    workers: 10,
    watches: [own(NAMESPACES)],
    async reconcile(key, c) {
      const { name } = splitKey(key);
      const ns = c.informers.for(NAMESPACES).get('', name);
      if (!ns?.metadata.deletionTimestamp || !ns.spec.finalizers?.includes('kubernetes')) return undefined;
      const now = c.env.clock.now();
      if (!known || now - known.at > DISCOVERY_MS) known = { kinds: await deletable(c), at: now };
      const left = await empty(c, ns, known.kinds, now);
      if (!left.count && !left.errors.length) {
        const fresh = await c.client.get({ ...NAMESPACES, name });
        const finalizers = (fresh.spec.finalizers ?? []).filter((f) => f !== 'kubernetes');
        await c.client.raw('PUT', `/api/v1/namespaces/${name}/finalize`, { ...fresh, spec: { ...fresh.spec, finalizers } });
        return undefined;
      }
      await say(c, ns, left, now);
      return AGAIN_MS;
    },
  });
}

interface Left {
  count: number;
  /** Nothing else was looked at yet. */
  podsRemain: boolean;
  readonly kinds: Map<string, number>;
  readonly finalizers: Map<string, number>;
  readonly errors: string[];
}

async function deletable(c: ControllerContext): Promise<Deletable[]> {
  const groups = (await c.client.raw('GET', '/apis')) as { groups: { preferredVersion: { groupVersion: string } }[] };
  const out: Deletable[] = [];
  for (const gv of ['v1', ...groups.groups.map((g) => g.preferredVersion.groupVersion)]) {
    const root = gv === 'v1' ? '/api/v1' : `/apis/${gv}`;
    const list = (await c.client.raw('GET', root)) as { resources: { name: string; namespaced: boolean; verbs: string[] }[] };
    for (const r of list.resources) {
      if (!r.namespaced || r.name.includes('/') || !r.verbs.includes('delete') || !r.verbs.includes('list')) continue;
      const group = gv === 'v1' ? '' : gv.split('/')[0]!;
      out.push({
        path: `${root}/namespaces/%s/${r.name}`,
        resource: `${r.name}.${group}`,
        collection: r.verbs.includes('deletecollection'),
      });
    }
  }
  // Events of core and of events.k8s.io are the same objects. Pods stand first.
  return out.filter((d) => d.resource !== 'events.events.k8s.io').sort((a, b) => Number(b.resource === PODS) - Number(a.resource === PODS));
}

/** How long the Pods of a namespace may take to end, in milliseconds. Pure. */
export function longestGrace(pods: readonly AnyObject[]): number {
  let seconds = 0;
  for (const p of pods as unknown as readonly Pod[])
    if (!isFinished(p)) seconds = Math.max(seconds, p.spec.terminationGracePeriodSeconds ?? 0);
  return seconds * 1000;
}

/**
 * While Pods end, what they may still need stays: their network policies, secrets, claims; and what remains is counted only once they are gone.
 * Pods that are still there after their grace period, held by no finalizer, are told as a failure. Source: KEP-5080
 */
async function empty(c: ControllerContext, ns: Namespace, kinds: readonly Deletable[], now: number): Promise<Left> {
  const left: Left = { count: 0, kinds: new Map(), finalizers: new Map(), errors: [], podsRemain: false };
  const namespace = ns.metadata.name;
  for (const k of kinds) {
    const path = k.path.replace('%s', namespace);
    try {
      const before = (await c.client.raw('GET', path)) as ApiList;
      if (!before.items?.length) continue;
      if (k.collection) await c.client.raw('DELETE', path, { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background' });
      const after = (await c.client.raw('GET', path)) as ApiList;
      if (!after.items.length) continue;
      left.count += after.items.length;
      if (k.resource === PODS) {
        left.podsRemain = true;
        const over = now - Date.parse(ns.metadata.deletionTimestamp!) >= longestGrace(before.items);
        if (over && !after.items.some((o) => o.metadata.finalizers?.length))
          left.errors.push(`unexpected items still remain in namespace: ${namespace} for gvr: /v1, Resource=pods`);
        break;
      }
      left.kinds.set(k.resource, after.items.length);
      for (const o of after.items) for (const f of o.metadata.finalizers ?? []) left.finalizers.set(f, (left.finalizers.get(f) ?? 0) + 1);
    } catch (e) {
      if (!isNotFound(e) && !(e instanceof StatusError && e.code === 405)) left.errors.push((e as Error).message);
    }
  }
  return left;
}

/** What holds the namespace up, in its conditions. */
async function say(c: ControllerContext, ns: Namespace, left: Left, now: number): Promise<void> {
  const conditions = [
    condition('NamespaceDeletionDiscoveryFailure', false, 'ResourcesDiscovered', 'All resources successfully discovered'),
    condition('NamespaceDeletionGroupVersionParsingFailure', false, 'ParsedGroupVersions', 'All legacy kube types successfully parsed'),
    left.errors.length
      ? condition(
          'NamespaceDeletionContentFailure',
          true,
          'ContentDeletionFailed',
          `Failed to delete all resource types, ${left.errors.length} remaining: ${left.errors.sort().join(', ')}`,
        )
      : condition(
          'NamespaceDeletionContentFailure',
          false,
          'ContentDeleted',
          'All content successfully deleted, may be waiting on finalization',
        ),
    left.kinds.size
      ? condition(
          'NamespaceContentRemaining',
          true,
          'SomeResourcesRemain',
          `Some resources are remaining: ${[...left.kinds].map(([k, n]) => `${k} has ${n} resource instances`).join(', ')}`,
        )
      : condition('NamespaceContentRemaining', false, 'ContentRemoved', 'All content successfully removed'),
    left.finalizers.size
      ? condition(
          'NamespaceFinalizersRemaining',
          true,
          'SomeFinalizersRemain',
          `Some content in the namespace has finalizers remaining: ${[...left.finalizers].map(([f, n]) => `${f} in ${n} resource instances`).join(', ')}`,
        )
      : condition('NamespaceFinalizersRemaining', false, 'ContentHasNoFinalizers', 'All content-preserving finalizers finished'),
  ];
  const before = ns.status.conditions ?? [];
  const next = conditions.map((x) => {
    const old = before.find((b) => b.type === x.type);
    return { ...x, lastTransitionTime: old?.status === x.status ? old.lastTransitionTime : timestamp(now) };
  });
  if (JSON.stringify(before) === JSON.stringify(next)) return;
  await c.client.update({ ...ns, status: { ...ns.status, conditions: next } } as never, { subresource: 'status' }).catch((e) => {
    if (!isNotFound(e)) throw e;
  });
}

const condition = (type: string, bad: boolean, reason: string, message: string) => ({
  type,
  status: bad ? 'True' : 'False',
  reason,
  message,
});
