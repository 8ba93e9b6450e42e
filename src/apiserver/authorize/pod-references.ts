/** What a Pod refers to: its node may read that, and nothing else of its kind. */
import type { Container, PersistentVolume, Pod, PodSpec, Volume } from '../../api/types/core/v1.js';

const some = (names: readonly (string | undefined)[]): string[] => names.filter((n): n is string => Boolean(n));

const containers = (spec: PodSpec): Container[] => [
  ...(spec.initContainers ?? []),
  ...(spec.containers ?? []),
  ...((spec.ephemeralContainers ?? []) as unknown as Container[]),
];

const secretsOf = (v: Volume): (string | undefined)[] => [
  v.secret?.secretName,
  ...(v.projected?.sources ?? []).map((s) => s.secret?.name),
  v.csi?.nodePublishSecretRef?.name,
  v.azureFile?.secretName,
  v.cephfs?.secretRef?.name,
  v.cinder?.secretRef?.name,
  v.flexVolume?.secretRef?.name,
  v.iscsi?.secretRef?.name,
  v.rbd?.secretRef?.name,
  v.scaleIO?.secretRef?.name,
  v.storageos?.secretRef?.name,
];

export const secretNames = (spec: PodSpec): string[] =>
  some([
    ...(spec.imagePullSecrets ?? []).map((s) => s.name),
    ...containers(spec).flatMap((c) => [
      ...(c.envFrom ?? []).map((e) => e.secretRef?.name),
      ...(c.env ?? []).map((e) => e.valueFrom?.secretKeyRef?.name),
    ]),
    ...(spec.volumes ?? []).flatMap(secretsOf),
  ]);

export const configMapNames = (spec: PodSpec): string[] =>
  some([
    ...containers(spec).flatMap((c) => [
      ...(c.envFrom ?? []).map((e) => e.configMapRef?.name),
      ...(c.env ?? []).map((e) => e.valueFrom?.configMapKeyRef?.name),
    ]),
    ...(spec.volumes ?? []).flatMap((v) => [v.configMap?.name, ...(v.projected?.sources ?? []).map((s) => s.configMap?.name)]),
  ]);

/** Of a volume made for the Pod alone. */
export const ephemeralClaimName = (podName: string, volume: string): string => `${podName}-${volume}`;

export const claimNames = ({ metadata, spec }: Pod): string[] =>
  some((spec.volumes ?? []).map((v) => v.persistentVolumeClaim?.claimName ?? (v.ephemeral && ephemeralClaimName(metadata.name, v.name))));

/** Claims of devices: named, or made from a template and then told in the status. */
export function resourceClaimNames({ spec, status }: Pod): string[] {
  const made = new Map((status?.resourceClaimStatuses ?? []).map((s) => [s.name, s.resourceClaimName]));
  return some([
    ...(spec.resourceClaims ?? []).map((c) => c.resourceClaimName ?? made.get(c.name)),
    status?.extendedResourceClaimStatus?.resourceClaimName,
  ]);
}

/** What keeps a mirror Pod from being made by a node: the first API object it would open to its node, in the original's words. */
export function apiObjectReference({ spec }: Pod): string | undefined {
  if (spec.serviceAccountName) return 'serviceaccounts';
  if (secretNames(spec).length) return 'secrets';
  if (configMapNames(spec).length) return 'configmaps';
  if (spec.resourceClaims?.length) return 'resourceclaims';
  for (const v of spec.volumes ?? []) {
    if (v.configMap) return 'configmaps (via configmap volumes)';
    if (v.secret) return 'secrets (via secret volumes)';
    if (v.csi) return 'csidrivers (via CSI volumes)';
    if (v.glusterfs) return 'endpoints (via glusterFS volumes)';
    if (v.persistentVolumeClaim) return 'persistentvolumeclaims';
    if (v.ephemeral) return 'persistentvolumeclaims (via ephemeral volumes)';
    if (v.azureFile) return 'secrets (via azureFile volumes)';
    for (const s of v.projected?.sources ?? []) {
      if (s.configMap) return 'configmaps (via projected volumes)';
      if (s.secret) return 'secrets (via projected volumes)';
      if (s.serviceAccountToken) return 'serviceaccounts (via projected volumes)';
      if (s.clusterTrustBundle) return 'clustertrustbundles';
      if (s.podCertificate) return 'podcertificates';
    }
  }
  return undefined;
}

/** `namespace/name` of the secrets that a kubelet needs to mount a volume. Those for the controller alone are not for it. */
export function volumeSecrets({ spec }: PersistentVolume): string[] {
  const own = spec.claimRef?.namespace ?? '';
  const refs = [
    spec.azureFile && { namespace: spec.azureFile.secretNamespace, name: spec.azureFile.secretName },
    spec.cephfs?.secretRef,
    spec.cinder?.secretRef,
    spec.flexVolume?.secretRef,
    spec.rbd?.secretRef,
    spec.scaleIO?.secretRef,
    spec.iscsi?.secretRef,
    spec.storageos?.secretRef,
    spec.csi?.nodePublishSecretRef,
    spec.csi?.nodeStageSecretRef,
    spec.csi?.nodeExpandSecretRef,
  ];
  return refs.flatMap((r) => (r?.name ? [`${r.namespace || own}/${r.name}`] : []));
}
