/** The volumes of a pod: each has a name of its own and exactly one source. */

import { duplicate, forbidden, invalid, notSupported, required } from '../../../../meta/field-error.js';
import { validateLabelSelector } from '../../../../meta/metadata.js';
import { dns1123Subdomain } from '../../../../meta/names.js';
import { compareQuantities } from '../../../../meta/quantity.js';
import { addAll } from '../../../../util/add-all.js';
import { signerName } from '../../../certificates/signer-name.js';
import { type Errors, invalidAll, label, requiredText } from '../../../check.js';
import type {
  DownwardAPIVolumeFile,
  HostPathVolumeSource,
  KeyToPath,
  NFSVolumeSource,
  ProjectedVolumeSource,
  ServiceAccountTokenProjection,
  Volume,
  VolumeProjection,
} from '../../../types/core/v1.js';
import { validateClaimSpec } from '../../claim-spec.js';
import { clusterVolumeChecks } from './cluster-volumes.js';
import { VOLUME_FIELDS, validateFieldRef, validateResourceFieldRef } from './env.js';
import { descending, fileMode, localPath, noBacksteps } from './paths.js';

const HOST_PATH_TYPES = ['', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket'];
const TOKEN_MIN_SECONDS = 600;
const TOKEN_MAX_SECONDS = 2 ** 32;

export const validateHostPath = (h: HostPathVolumeSource, path: string): Errors =>
  h.path
    ? [
        ...noBacksteps(h.path, `${path}.path`),
        ...(h.type === undefined || HOST_PATH_TYPES.includes(h.type) ? [] : [notSupported(`${path}.type`, h.type, HOST_PATH_TYPES)]),
      ]
    : [required(`${path}.path`)];

export const validateNfs = (n: NFSVolumeSource, path: string): Errors => [
  ...requiredText(n.server, `${path}.server`),
  ...requiredText(n.path, `${path}.path`),
  ...(n.path?.startsWith('/') ? [] : [invalid(`${path}.path`, n.path ?? '', 'must be an absolute path')]),
];

const keyToPath = (k: KeyToPath, path: string): Errors => [
  ...requiredText(k.key, `${path}.key`),
  ...requiredText(k.path, `${path}.path`),
  ...localPath(k.path ?? '', `${path}.path`),
  ...fileMode(k.mode, `${path}.mode`),
];

interface Items {
  readonly items?: KeyToPath[];
  readonly defaultMode?: number;
}
const keyed = (s: Items, name: string | undefined, nameField: string, path: string): Errors => [
  ...requiredText(name, `${path}.${nameField}`),
  ...fileMode(s.defaultMode, `${path}.defaultMode`),
  ...(s.items ?? []).flatMap((k, i) => keyToPath(k, `${path}.items[${i}]`)),
];

function downwardFile(f: DownwardAPIVolumeFile, path: string): Errors {
  const errors = [...requiredText(f.path, `${path}.path`), ...localPath(f.path ?? '', `${path}.path`)];
  if (f.fieldRef) {
    addAll(errors, validateFieldRef(f.fieldRef, VOLUME_FIELDS, `${path}.fieldRef`));
    if (f.resourceFieldRef) errors.push(invalid(path, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'));
  } else if (f.resourceFieldRef) addAll(errors, validateResourceFieldRef(f.resourceFieldRef, true, `${path}.resourceFieldRef`));
  else errors.push(required(path, 'one of fieldRef and resourceFieldRef is required'));
  return [...errors, ...fileMode(f.mode, `${path}.mode`)];
}

/** Several sources in one folder: no two of them may write the same file. */
function projected(p: ProjectedVolumeSource, path: string): Errors {
  const taken = new Set<string>();
  const claim = (file: string | undefined, shown: string): Errors => {
    if (!file) return [];
    if (taken.has(file)) return [invalid(path, shown, 'conflicting duplicate paths')];
    taken.add(file);
    return [];
  };
  return [
    ...fileMode(p.defaultMode, `${path}.defaultMode`),
    ...(p.sources ?? []).flatMap((s, i) => projection(s, path, `${path}.sources[${i}]`, claim)),
  ];
}

type Claim = (file: string | undefined, shown: string) => Errors;

function projection(s: VolumeProjection, volume: string, path: string, claim: Claim): Errors {
  const errors: Errors = [];
  for (const kind of ['secret', 'configMap'] as const) {
    const source = s[kind];
    if (!source) continue;
    addAll(errors, requiredText(source.name, `${path}.${kind}.name`));
    for (const [i, k] of (source.items ?? []).entries())
      addAll(errors, keyToPath(k, `${path}.${kind}.items[${i}]`), claim(k.path, source.name ?? ''));
  }
  for (const f of s.downwardAPI?.items ?? []) addAll(errors, downwardFile(f, `${path}.downwardAPI`), claim(f.path, f.path));
  if (s.serviceAccountToken) addAll(errors, token(s.serviceAccountToken, volume, `${path}.serviceAccountToken`));
  if (s.clusterTrustBundle)
    addAll(errors, trustBundle(s, `${path}.clusterTrustBundle`), claim(s.clusterTrustBundle.path, s.clusterTrustBundle.path));
  if (s.podCertificate) addAll(errors, podCertificate(s, `${path}.podCertificate`, claim));
  const given = [s.secret, s.configMap, s.downwardAPI, s.serviceAccountToken, s.clusterTrustBundle, s.podCertificate].filter(
    Boolean,
  ).length;
  if (given > 1) errors.push(forbidden(path, 'may not specify more than 1 volume type per source'));
  return errors;
}

function token(t: ServiceAccountTokenProjection, volume: string, path: string): Errors {
  const errors: Errors = [];
  const seconds = t.expirationSeconds ?? 0;
  if (seconds < TOKEN_MIN_SECONDS)
    errors.push(invalid(`${path}.expirationSeconds`, seconds, 'may not specify a duration less than 10 minutes'));
  if (seconds > TOKEN_MAX_SECONDS)
    errors.push(invalid(`${path}.expirationSeconds`, seconds, 'may not specify a duration larger than 2^32 seconds'));
  // The original reports the path on the volume, not on the source.
  return [...errors, ...(t.path ? localPath(t.path, `${volume}.path`) : [required(`${volume}.path`)])];
}

function trustBundle(s: VolumeProjection, path: string): Errors {
  const b = s.clusterTrustBundle!;
  const errors: Errors = [];
  if (b.name !== undefined && b.signerName !== undefined) errors.push(invalid(path, b, 'only one of name and signerName may be used'));
  else if (b.name !== undefined) {
    if (b.name === '') errors.push(required(`${path}.name`, 'must be a valid object name'));
    const last = b.name.split(':').at(-1)!;
    for (const m of dns1123Subdomain(last)) errors.push(invalid(`${path}.name`, b.name, `not a valid clustertrustbundlename: ${m}`));
    if (b.labelSelector) errors.push(invalid(`${path}.labelSelector`, b.labelSelector, 'labelSelector must be unset if name is specified'));
  } else if (b.signerName !== undefined) {
    if (b.signerName === '') errors.push(required(`${path}.signerName`, 'must be a valid signer name'));
    addAll(errors, signerName(b.signerName, `${path}.signerName`), validateLabelSelector(b.labelSelector, `${path}.labelSelector`));
  } else errors.push(required(path, 'either name or signerName must be specified'));
  return [...errors, ...requiredText(b.path, `${path}.path`), ...localPath(b.path ?? '', `${path}.path`)];
}

const KEY_TYPES = ['RSA3072', 'RSA4096', 'ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519'];
const DAY = 86_400;

function podCertificate(s: VolumeProjection, path: string, claim: Claim): Errors {
  const c = s.podCertificate!;
  const errors = signerName(c.signerName ?? '', `${path}.signerName`);
  if (!KEY_TYPES.includes(c.keyType ?? '')) errors.push(notSupported(`${path}.keyType`, c.keyType ?? '', KEY_TYPES));
  const seconds = c.maxExpirationSeconds;
  if (seconds !== undefined) {
    const longest = c.signerName?.startsWith('kubernetes.io/') ? DAY : 91 * DAY;
    if (seconds < 3600) errors.push(invalid(`${path}.maxExpirationSeconds`, seconds, 'if provided, maxExpirationSeconds must be >= 3600'));
    if (seconds > longest)
      errors.push(invalid(`${path}.maxExpirationSeconds`, seconds, `if provided, maxExpirationSeconds must be <= ${longest}`));
  }
  const files = ['credentialBundlePath', 'keyPath', 'certificateChainPath'] as const;
  for (const f of files) if (c[f]) addAll(errors, localPath(c[f], `${path}.${f}`), claim(c[f], c[f]));
  if (!files.some((f) => c[f]))
    errors.push(required(path, 'specify at least one of credentialBundlePath, keyPath, and certificateChainPath'));
  return errors;
}

type Check = (source: never, path: string, volume: Volume, podName: string | undefined) => Errors;
const check = <K extends keyof Volume>(
  kind: K,
  run: (source: NonNullable<Volume[K]>, path: string, volume: Volume, podName: string | undefined) => Errors,
): [string, Check] => [kind, run as unknown as Check];

/** In the order in which the first one found counts as the volume's source. */
const SOURCES: readonly [string, Check][] = [
  check('emptyDir', (e, path) =>
    e.sizeLimit !== undefined && compareQuantities(e.sizeLimit, '0') < 0
      ? [forbidden(`${path}.sizeLimit`, 'SizeLimit field must be a valid resource quantity')]
      : [],
  ),
  check('hostPath', validateHostPath),
  check('gitRepo', (g, path) => [
    ...requiredText(g.repository, `${path}.repository`),
    ...descending(g.directory ?? '', `${path}.directory`),
  ]),
  check('secret', (s, path) => keyed(s, s.secretName, 'secretName', path)),
  check('nfs', validateNfs),
  check('persistentVolumeClaim', (c, path) => requiredText(c.claimName, `${path}.claimName`)),
  check('downwardAPI', (d, path) => [
    ...fileMode(d.defaultMode, `${path}.defaultMode`),
    ...(d.items ?? []).flatMap((f) => downwardFile(f, path)),
  ]),
  check('configMap', (c, path) => keyed(c, c.name, 'name', path)),
  check('projected', projected),
  check('csi', (c, path) => [
    ...requiredText(c.driver, `${path}.driver`),
    ...(c.driver ? csiDriverName(c.driver, `${path}.driver`) : []),
    ...(c.nodePublishSecretRef && !c.nodePublishSecretRef.name ? [required(`${path}.nodePublishSecretRef.name`)] : []),
  ]),
  check('ephemeral', (e, path, volume, podName) => {
    if (!e.volumeClaimTemplate) return [required(`${path}.volumeClaimTemplate`)];
    const claim = podName && volume.name ? `${podName}-${volume.name}` : undefined;
    return [
      ...validateClaimSpec(e.volumeClaimTemplate.spec, `${path}.volumeClaimTemplate.spec`),
      ...(claim
        ? dns1123Subdomain(claim).map((m) =>
            invalid(path.replace(/ephemeral$/, 'name'), volume.name, `PVC name ${JSON.stringify(claim)}: ${m}`),
          )
        : []),
    ];
  }),
  check('image', (i, path) => [
    ...(i.reference ? [] : [required(`${path}.reference`)]),
    ...(['Always', 'IfNotPresent', 'Never'].includes(i.pullPolicy ?? '')
      ? []
      : i.pullPolicy
        ? [notSupported(`${path}.pullPolicy`, i.pullPolicy, ['Always', 'IfNotPresent', 'Never'])]
        : [required(`${path}.pullPolicy`)]),
  ]),
  ...clusterVolumeChecks.map(([kind, run]): [string, Check] => [kind, run as Check]),
];

const DRIVER_NAME_LIMIT = 63;
/** Names of CSI drivers are subdomains in any case. */
export function csiDriverName(name: string, path: string): Errors {
  if (!name) return [required(path)];
  return [
    ...(name.length > DRIVER_NAME_LIMIT
      ? [{ field: path, reason: 'FieldValueTooLong' as const, message: `Too long: may not be more than ${DRIVER_NAME_LIMIT} bytes` }]
      : []),
    ...invalidAll(path, name, dns1123Subdomain(name.toLowerCase())),
  ];
}

function source(v: Volume, podName: string | undefined, path: string): Errors {
  const errors: Errors = [];
  let found = false;
  for (const [kind, run] of SOURCES) {
    const given = (v as unknown as Record<string, unknown>)[kind];
    if (given === undefined || given === null) continue;
    addAll(
      errors,
      found
        ? [forbidden(`${path}.${kind}`, 'may not specify more than 1 volume type')]
        : run(given as never, `${path}.${kind}`, v, podName),
    );
    found = true;
  }
  if (!found) errors.push(required(path, 'must specify a volume type'));
  return errors;
}

/** Volumes that are right, by name: what mounts may refer to. */
export type KnownVolumes = ReadonlyMap<string, Volume>;

export function validateVolumes(
  volumes: readonly Volume[] | undefined,
  podName: string | undefined,
  path: string,
): { errors: Errors; known: KnownVolumes } {
  const errors: Errors = [];
  const known = new Map<string, Volume>();
  const made = new Set(podName ? (volumes ?? []).filter((v) => v.ephemeral).map((v) => `${podName}-${v.name}`) : []);
  for (const [i, v] of (volumes ?? []).entries()) {
    const at = `${path}[${i}]`;
    const own = [...source(v, podName, at), ...(v.name ? label(v.name, `${at}.name`) : [required(`${at}.name`)])];
    if (known.has(v.name)) own.push(duplicate(`${at}.name`, v.name));
    if (own.length) addAll(errors, own);
    else known.set(v.name, v);
    const claim = v.persistentVolumeClaim?.claimName;
    if (claim && made.has(claim))
      errors.push(
        invalid(`${at}.persistentVolumeClaim.claimName`, claim, 'must not reference a PVC that gets created for an ephemeral volume'),
      );
  }
  return { errors, known };
}
