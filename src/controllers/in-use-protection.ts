/**
 * What is in use stays: a claim while a Pod refers to it, a volume while it is bound, a class while a claim or a volume has it. Each has a
 * finalizer, which goes when the object is to be deleted and nothing uses it any more.
 * Source: https://kubernetes.io/docs/concepts/storage/persistent-volumes/#storage-object-in-use-protection
 */
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../api/types/core/v1.js';
import type { KindRef } from '../client/client.js';
import { PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, PODS, VOLUME_ATTRIBUTES_CLASSES } from '../client/kinds.js';
import type { ApiObject } from '../meta/object.js';
import { type ControllerContext, type ControllerDefinition, defineController, own, splitKey, type Watched, watch } from './framework.js';

interface Protection {
  readonly name: string;
  readonly kind: KindRef;
  readonly finalizer: string;
  /** Changes of what may use it. */
  readonly users: readonly Watched<KindRef>[];
  /** Indexes that `inUse` asks. */
  setup?(c: ControllerContext): void;
  inUse(object: ApiObject, c: ControllerContext): boolean;
}

const protect = ({ name, kind, finalizer, users, setup, inUse }: Protection): ControllerDefinition =>
  defineController({
    name,
    account: name,
    watches: [own(kind), ...users],
    setup,
    async reconcile(key, c) {
      const { namespace, name: objectName } = splitKey(key);
      const object = c.informers.for(kind).get(namespace, objectName) as ApiObject | undefined;
      if (!object) return;
      const { metadata } = object;
      const before = metadata.finalizers ?? [];
      const wanted = metadata.deletionTimestamp === undefined || inUse(object, c);
      if (wanted === before.includes(finalizer)) return;
      // Nothing new may hold up what is being deleted.
      if (wanted && metadata.deletionTimestamp !== undefined) return;
      const finalizers = wanted ? [...before, finalizer] : before.filter((f) => f !== finalizer);
      await c.client.update({ ...object, metadata: { ...metadata, finalizers } });
    },
  });

/** Nothing of it runs any more. */
const isOver = ({ metadata, status }: Pod): boolean =>
  status.phase === 'Succeeded' || status.phase === 'Failed' || metadata.deletionGracePeriodSeconds === 0;

/** Names of the claims that a Pod on a node holds: one that is not there yet does not start with a claim that goes. */
export function claimsOf(pod: Pod): string[] {
  if (!pod.spec.nodeName) return [];
  return (pod.spec.volumes ?? []).flatMap((v) => {
    if (v.persistentVolumeClaim) return [v.persistentVolumeClaim.claimName];
    return v.ephemeral && !isOver(pod) ? [`${pod.metadata.name}-${v.name}`] : [];
  });
}

const classesOf = (claim: PersistentVolumeClaim): string[] =>
  [
    claim.spec.volumeAttributesClassName,
    claim.status.currentVolumeAttributesClassName,
    claim.status.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ].filter((name) => name !== undefined);
const classOf = (volume: PersistentVolume): string[] =>
  volume.spec.volumeAttributesClassName ? [volume.spec.volumeAttributesClassName] : [];

/** Keys for what a user had before a change and has after it: what it let go of may go now. */
const both = <T>(of: (object: T) => readonly string[], now: T, old: T | undefined): string[] => [
  ...new Set([...of(now), ...(old ? of(old) : [])]),
];

export const inUseProtection = (): ControllerDefinition[] => [
  protect({
    name: 'pvc-protection-controller',
    kind: PERSISTENT_VOLUME_CLAIMS,
    finalizer: 'kubernetes.io/pvc-protection',
    users: [
      watch(PODS, (pod, _c, old) =>
        // Also those of a Pod that was over already: it is not told when an ephemeral claim was let go of.
        both(
          (p: Pod) => (p.spec.volumes ?? []).map((v) => v.persistentVolumeClaim?.claimName ?? `${p.metadata.name}-${v.name}`),
          pod,
          old,
        ).map((claim) => `${pod.metadata.namespace}/${claim}`),
      ),
    ],
    setup: (c) => c.informers.for(PODS).index('claim', (pod) => claimsOf(pod).map((claim) => `${pod.metadata.namespace}/${claim}`)),
    inUse: ({ metadata: { namespace = '', name } }, c) => c.informers.for(PODS).count('claim', `${namespace}/${name}`) > 0,
  }),
  protect({
    name: 'pv-protection-controller',
    kind: PERSISTENT_VOLUMES,
    finalizer: 'kubernetes.io/pv-protection',
    users: [],
    inUse: (volume) => (volume as PersistentVolume).status.phase === 'Bound',
  }),
  protect({
    name: 'volumeattributesclass-protection-controller',
    kind: VOLUME_ATTRIBUTES_CLASSES,
    finalizer: 'kubernetes.io/vac-protection',
    users: [
      watch(PERSISTENT_VOLUME_CLAIMS, (claim, _c, old) => both(classesOf, claim, old).map((name) => `/${name}`)),
      watch(PERSISTENT_VOLUMES, (volume, _c, old) => both(classOf, volume, old).map((name) => `/${name}`)),
    ],
    setup(c) {
      c.informers.for(PERSISTENT_VOLUME_CLAIMS).index('class', classesOf);
      c.informers.for(PERSISTENT_VOLUMES).index('class', classOf);
    },
    inUse: ({ metadata: { name } }, c) =>
      c.informers.for(PERSISTENT_VOLUME_CLAIMS).count('class', name) > 0 || c.informers.for(PERSISTENT_VOLUMES).count('class', name) > 0,
  }),
];
