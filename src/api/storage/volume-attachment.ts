/** VolumeAttachments: a volume that is to be, or is, attached to a node. Source: https://kubernetes-csi.github.io/docs/external-attacher.html */
import { forbidden, invalid, required, tooLong } from '../../meta/field-error.js';
import { between } from '../../meta/names.js';
import { type Errors, immutable, subdomain } from '../check.js';
import { ageColumn, boolean, column, nameColumn } from '../columns.js';
import { csiDriverName } from '../core/pod-spec/validate/volumes.js';
import { defineResource } from '../define.js';
import { ALL_METADATA } from '../resource.js';
import type { VolumeAttachment, VolumeAttachmentSource, VolumeError } from '../types/storage/v1.js';

const MAX_METADATA = 256 * 1024;
const MAX_MESSAGE = 1024;
const INT32_MAX = 2 ** 31 - 1;

export const volumeAttachment = defineResource<VolumeAttachment>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'VolumeAttachment',
  plural: 'volumeattachments',
  namespaced: false,
  storageVersionHash: 'tJx/ezt6UDU=',
  subresources: { status: true },
  statusKeeps: ALL_METADATA,
  unconditionalUpdate: false,
  validate: validateAttachment,
  validateUpdate: (object, old) => [...validateAttachment(object), ...immutable(object.spec, old.spec, 'spec')],
  columns: [
    nameColumn,
    column('Attacher', ({ spec }) => spec.attacher, { format: 'name' }),
    column('PV', ({ spec }) => spec.source.persistentVolumeName ?? ''),
    column('Node', ({ spec }) => spec.nodeName),
    boolean('Attached', ({ status }) => status.attached ?? false),
    ageColumn,
  ],
});

function validateAttachment({ spec, status }: VolumeAttachment): Errors {
  const volume = spec.source.persistentVolumeName;
  const size = Object.entries(status.attachmentMetadata ?? {}).reduce((sum, [k, v]) => sum + k.length + v.length, 0);
  return [
    ...csiDriverName(spec.attacher, 'spec.attacher'),
    ...source(spec.source, 'spec.source'),
    ...subdomain(spec.nodeName, 'spec.nodeName'),
    ...(size > MAX_METADATA ? [tooLong('status.attachmentMetadata', MAX_METADATA)] : []),
    ...volumeError(status.attachError, 'status.attachError'),
    ...volumeError(status.detachError, 'status.detachError'),
    ...(volume === undefined ? [] : subdomain(volume, 'spec.source.persistentVolumeName')),
  ];
}

function source({ persistentVolumeName: name, inlineVolumeSpec: inline }: VolumeAttachmentSource, path: string): Errors {
  const one = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';
  if (name === undefined && !inline) return [required(path, one)];
  if (name !== undefined && inline) return [forbidden(path, one)];
  return name === '' ? [required(`${path}.persistentVolumeName`, 'must specify non empty persistentVolumeName')] : [];
}

const volumeError = (e: VolumeError | undefined, path: string): Errors => [
  ...((e?.message?.length ?? 0) > MAX_MESSAGE ? [tooLong(`${path}.message`, MAX_METADATA)] : []),
  ...((e?.errorCode ?? 0) < 0 ? [invalid(`${path}.errorCode`, e!.errorCode, between(0, INT32_MAX))] : []),
];
