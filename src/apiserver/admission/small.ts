/** Plugins of the default chain that are a rule each. */
import type { Node, PersistentVolumeClaim, PodSpec } from '../../api/types/core/v1.js';
import type { RuntimeClass } from '../../api/types/node/v1.js';
import type { StorageClass } from '../../api/types/storage/v1.js';
import type { AdmissionPlugin } from './chain.js';
import type { Lookup } from './lookup.js';
import { isPod, refusal } from './refusal.js';

const NOT_READY = 'node.kubernetes.io/not-ready';

/** TaintNodesByCondition: a new node takes no Pods until its controller has seen it ready. */
export const taintNodesByCondition: AdmissionPlugin = {
  name: 'TaintNodesByCondition',
  admit(a) {
    if (a.definition.plural !== 'nodes' || a.definition.group !== '' || a.subresource || a.operation !== 'CREATE') return;
    const { spec } = a.object as unknown as Node;
    if (!spec.taints?.some((t) => t.key === NOT_READY && t.effect === 'NoSchedule'))
      (spec.taints ??= []).push({ key: NOT_READY, effect: 'NoSchedule' });
  },
};

/** StorageObjectInUseProtection: claims and volumes are not removed while they are used. */
export const storageObjectInUseProtection: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  admit(a) {
    if (a.operation !== 'CREATE' || a.subresource) return;
    const finalizer = (
      {
        persistentvolumeclaims: 'kubernetes.io/pvc-protection',
        persistentvolumes: 'kubernetes.io/pv-protection',
        volumeattributesclasses: 'kubernetes.io/vac-protection',
      } as Record<string, string>
    )[a.definition.plural];
    if (!finalizer) return;
    const meta = a.object!.metadata;
    if (!meta.finalizers?.includes(finalizer)) (meta.finalizers ??= []).push(finalizer);
  },
};

const IS_DEFAULT = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class'];

/** DefaultStorageClass: a claim that names no class gets the newest default one. */
export const defaultStorageClass = (lookup: Lookup): AdmissionPlugin => ({
  name: 'DefaultStorageClass',
  admit(a) {
    if (a.definition.plural !== 'persistentvolumeclaims' || a.operation !== 'CREATE' || a.subresource) return;
    const claim = a.object as unknown as PersistentVolumeClaim;
    if (claim.spec.storageClassName !== undefined || claim.metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] !== undefined)
      return;
    const [chosen] = lookup
      .list<StorageClass>('storage.k8s.io', 'v1', 'storageclasses')
      .filter((c) => IS_DEFAULT.some((k) => c.metadata.annotations?.[k] === 'true'))
      .sort(
        (x, y) =>
          y.metadata.creationTimestamp.localeCompare(x.metadata.creationTimestamp) || x.metadata.name.localeCompare(y.metadata.name),
      );
    if (chosen) claim.spec.storageClassName = chosen.metadata.name;
  },
});

/** RuntimeClass: what its class adds to a Pod. */
export const runtimeClass = (lookup: Lookup): AdmissionPlugin => ({
  name: 'RuntimeClass',
  admit(a) {
    if (!isPod(a.definition) || a.subresource || a.operation !== 'CREATE') return;
    const spec = (a.object as unknown as { spec: PodSpec }).spec;
    const refuse = (why: string) => refusal(a, why);
    if (!spec.runtimeClassName) {
      if (spec.overhead && Object.keys(spec.overhead).length)
        throw refuse('pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead');
      return;
    }
    const rc = lookup.get<RuntimeClass>('node.k8s.io', 'v1', 'runtimeclasses', '', spec.runtimeClassName);
    if (!rc) throw refuse(`pod rejected: RuntimeClass ${JSON.stringify(spec.runtimeClassName)} not found`);
    if (rc.overhead?.podFixed) {
      if (spec.overhead && JSON.stringify(spec.overhead) !== JSON.stringify(rc.overhead.podFixed))
        throw refuse("pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
      spec.overhead = structuredClone(rc.overhead.podFixed);
    }
    if (!rc.scheduling) return;
    for (const [k, v] of Object.entries(rc.scheduling.nodeSelector ?? {})) {
      if (spec.nodeSelector?.[k] !== undefined && spec.nodeSelector[k] !== v)
        throw refuse(
          `pod rejected: conflict: runtimeClass.scheduling.nodeSelector[${k}] = ${v}; pod.spec.nodeSelector[${k}] = ${spec.nodeSelector[k]}`,
        );
      (spec.nodeSelector ??= {})[k] = v;
    }
    for (const t of rc.scheduling.tolerations ?? [])
      if (!spec.tolerations?.some((x) => JSON.stringify(x) === JSON.stringify(t))) (spec.tolerations ??= []).push(structuredClone(t));
  },
});
