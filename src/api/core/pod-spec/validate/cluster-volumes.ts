/** Volumes of particular storage systems, most of them run by CSI drivers today: what each must name. PersistentVolumes share these checks. */

import { forbidden, invalid, notSupported, required } from '../../../../meta/field-error.js';
import { between } from '../../../../meta/names.js';
import { addAll } from '../../../../util/add-all.js';
import { type Errors, label } from '../../../check.js';

type Fields = Readonly<Record<string, unknown>>;
type Check = (source: Fields, path: string) => Errors;

const needs =
  (...fields: string[]): Check =>
  (s, path) =>
    fields.flatMap((f) => ((Array.isArray(s[f]) ? s[f].length : s[f]) ? [] : [required(`${path}.${f}`)]));
const both =
  (...checks: Check[]): Check =>
  (s, path) =>
    checks.flatMap((c) => c(s, path));
const range =
  (field: string, low: number, high: number, shownLow = low): Check =>
  (s, path) => {
    const n = s[field] as number | undefined;
    return n !== undefined && (n < low || n > high) ? [invalid(`${path}.${field}`, n, between(shownLow, high))] : [];
  };
/** A reference that is given must name a secret (and, in a PersistentVolume, its namespace). */
const secret =
  (field: string): Check =>
  (s, path) => {
    const ref = s[field] as { name?: string } | undefined;
    return ref && !ref.name ? [required(`${path}.${field}.name`)] : [];
  };

const IQN = /^iqn\.\d{4}-\d{2}\.([a-z0-9-.]+)(:([^,;*&$|\s]+)$)/;
const EUI = /^eui\.[0-9a-fA-F]{16}$/;
const NAA = /^naa\.[0-9a-fA-F]{32}$/;

function iscsiName(name: string, path: string): Errors {
  if (!/^(iqn|eui|naa)/.test(name)) return [invalid(path, name, 'must be valid format starting with iqn, eui, or naa')];
  const pattern = name.startsWith('iqn') ? IQN : name.startsWith('eui') ? EUI : NAA;
  return pattern.test(name) ? [] : [invalid(path, name, 'must be valid format')];
}

const iscsi: Check = (s, path) => {
  const errors = needs('targetPortal', 'iqn')(s, path);
  if (s.iqn) addAll(errors, iscsiName(s.iqn as string, `${path}.iqn`));
  addAll(errors, range('lun', 0, 255)(s, path));
  if ((s.chapAuthDiscovery || s.chapAuthSession) && !s.secretRef) errors.push(required(`${path}.secretRef`));
  if (s.initiatorName !== undefined) addAll(errors, iscsiName(s.initiatorName as string, `${path}.initiatorname`));
  return errors;
};

const fibreChannel: Check = (s, path) => {
  const names = (s.targetWWNs as string[] | undefined) ?? [];
  const ids = (s.wwids as string[] | undefined) ?? [];
  const errors: Errors = [];
  if (!names.length && !ids.length) errors.push(required(`${path}.targetWWNs`, 'must specify either targetWWNs or wwids, but not both'));
  if (names.length && ids.length)
    errors.push(invalid(`${path}.targetWWNs`, names, 'targetWWNs and wwids can not be specified simultaneously'));
  if (names.length)
    addAll(
      errors,
      s.lun === undefined ? [required(`${path}.lun`, 'lun is required if targetWWNs is specified')] : range('lun', 0, 255)(s, path),
    );
  return errors;
};

const flexOptions: Check = (s, path) =>
  Object.keys((s.options as object | undefined) ?? {}).flatMap((key) =>
    /\.(kubernetes|k8s)\.io$/.test(`.${key.split('/')[0]!.toLowerCase()}`)
      ? [invalid(`${path}.options[${key}]`, key, 'kubernetes.io and k8s.io namespaces are reserved')]
      : [],
  );

const flocker: Check = (s, path) => {
  const errors: Errors = [];
  if (!s.datasetName && !s.datasetUUID) errors.push(required(path, 'one of datasetName and datasetUUID is required'));
  if (s.datasetName && s.datasetUUID)
    errors.push(invalid(path, 'resource', 'datasetName and datasetUUID can not be specified simultaneously'));
  if (String(s.datasetName ?? '').includes('/')) errors.push(invalid(`${path}.datasetName`, s.datasetName, "must not contain '/'"));
  return errors;
};

const quobyte: Check = (s, path) => {
  const registry = (s.registry as string | undefined) ?? '';
  const text = 'must be a host:port pair or multiple pairs separated by commas';
  const errors: Errors = [];
  if (!registry) errors.push(required(`${path}.registry`, text));
  else if (((s.tenant as string | undefined) ?? '').length >= 65)
    errors.push(required(`${path}.tenant`, 'must be a UUID and may not exceed a length of 64 characters'));
  else
    for (const pair of registry.split(','))
      if (!/^(\[[^\]]*\]|[^:]*):[^:]*$/.test(pair)) errors.push(invalid(`${path}.registry`, registry, text));
  return [...errors, ...needs('volume')(s, path)];
};

const word =
  (field: string, words: readonly string[]): Check =>
  (s, path) => {
    const v = s[field] as string | undefined;
    return v === undefined || words.includes(v) ? [] : [notSupported(`${path}.${field}`, v, words)];
  };

const azureUri: Check = (s, path) => {
  const uri = (s.diskURI as string | undefined) ?? '';
  if (s.kind === undefined) return [];
  if (s.kind === 'Managed')
    return uri.startsWith('/subscriptions/')
      ? []
      : [
          notSupported(`${path}.diskURI`, uri, [
            '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}',
          ]),
        ];
  return uri.startsWith('https://')
    ? []
    : [notSupported(`${path}.diskURI`, uri, ['https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd'])];
};

const storageOsNames: Check = (s, path) => [
  ...(s.volumeName ? label(s.volumeName as string, `${path}.volumeName`) : []),
  ...(s.volumeNamespace ? label(s.volumeNamespace as string, `${path}.volumeNamespace`) : []),
];

/** By the field of the volume. */
export const clusterVolumeChecks: readonly (readonly [string, Check])[] = [
  [
    'gcePersistentDisk',
    (s, path) => both(needs('pdName'), range('partition', 0, 255, 1))(s, path.replace(/gcePersistentDisk$/, 'persistentDisk')),
  ],
  ['awsElasticBlockStore', both(needs('volumeID'), range('partition', 0, 255, 1))],
  ['iscsi', iscsi],
  ['glusterfs', needs('endpoints', 'path')],
  ['flocker', flocker],
  ['rbd', needs('monitors', 'image')],
  ['cinder', both(needs('volumeID'), secret('secretRef'))],
  ['cephfs', needs('monitors')],
  ['quobyte', quobyte],
  ['fc', fibreChannel],
  ['flexVolume', both(needs('driver'), flexOptions)],
  ['azureFile', needs('secretName', 'shareName')],
  ['vsphereVolume', needs('volumePath')],
  ['photonPersistentDisk', needs('pdID')],
  ['portworxVolume', needs('volumeID')],
  [
    'azureDisk',
    both(
      needs('diskName', 'diskURI'),
      word('cachingMode', ['None', 'ReadOnly', 'ReadWrite']),
      word('kind', ['Dedicated', 'Managed', 'Shared']),
      azureUri,
    ),
  ],
  ['scaleIO', needs('gateway', 'system', 'volumeName')],
  ['storageos', both(needs('volumeName'), storageOsNames, secret('secretRef'))],
];

/** Exactly one of several sources. The first of the table counts; further ones are forbidden. */
export function exactlyOne(
  holder: object,
  checks: readonly (readonly [string, (source: never, path: string) => Errors])[],
  path: string,
): Errors {
  const errors: Errors = [];
  let found = false;
  for (const [kind, run] of checks) {
    const given = (holder as Fields)[kind];
    if (given === undefined || given === null) continue;
    addAll(
      errors,
      found ? [forbidden(`${path}.${kind}`, 'may not specify more than 1 volume type')] : run(given as never, `${path}.${kind}`),
    );
    found = true;
  }
  if (!found) errors.push(required(path, 'must specify a volume type'));
  return errors;
}
