/** IPAddresses: which Service has which address. Source: https://kubernetes.io/docs/reference/networking/virtual-ips/#ip-address-objects */
import { required } from '../../meta/field-error.js';
import { strictIp } from '../../meta/ip.js';
import { pathSegment } from '../../meta/names.js';
import { type Errors, immutable, invalidAll, subdomain } from '../check.js';
import { ageColumn, column, nameColumn } from '../columns.js';
import { defineResource, renamed } from '../define.js';
import type { IPAddress } from '../types/networking/v1.js';
import type { IPAddress as IPAddressV1beta1 } from '../types/networking/v1beta1.js';
import { segment } from './reference.js';

const PATH = 'spec.parentRef';
const shared = {
  group: 'networking.k8s.io',
  kind: 'IPAddress',
  plural: 'ipaddresses',
  shortNames: ['ip'],
  namespaced: false,
  storageVersionHash: '3f/plJFChNE=',
  validateName: (name: string) => strictIp(name),
  validate: ({ spec }: IPAddress): Errors => parent(spec.parentRef),
  validateUpdate: ({ spec }: IPAddress, old: IPAddress): Errors => [
    ...parent(spec.parentRef),
    ...immutable(spec.parentRef, old.spec.parentRef, PATH),
  ],
  columns: [nameColumn, column<IPAddress>('ParentRef', ({ spec }) => parentCell(spec.parentRef)), ageColumn],
};

export const ipAddress = defineResource<IPAddress>({ ...shared, version: 'v1' });

export const ipAddressV1beta1 = defineResource<IPAddressV1beta1>({
  ...shared,
  version: 'v1beta1',
  enabledByDefault: false,
  storedAs: { apiVersion: 'networking.k8s.io/v1', kind: 'IPAddress' },
  convert: renamed('networking.k8s.io', 'v1beta1', 'v1'),
});

type Parent = IPAddress['spec']['parentRef'];

function parent(ref: Parent): Errors {
  if (!ref) return [required(PATH)];
  const { group, resource, name, namespace } = ref;
  return [
    ...(group ? subdomain(group, `${PATH}.group`) : []),
    ...segment(resource, `${PATH}.resource`),
    ...segment(name, `${PATH}.name`),
    ...(namespace ? invalidAll(`${PATH}.namespace`, namespace, pathSegment(namespace)) : []),
  ];
}

function parentCell(ref: Parent): string {
  if (!ref) return '<none>';
  const resource = ref.group ? `${ref.resource}.${ref.group}` : ref.resource;
  return [(resource ?? '').toLowerCase(), ...(ref.namespace ? [ref.namespace] : []), ref.name].join('/');
}
