/** ServiceCIDRs: ranges of addresses for Services. Source: https://kubernetes.io/docs/reference/networking/virtual-ips/#ip-address-objects */
import { invalid, required } from '../../meta/field-error.js';
import { familyOf, strictCidr } from '../../meta/ip.js';
import { type Errors, invalidAll } from '../check.js';
import { ageColumn, column, nameColumn } from '../columns.js';
import { defineResource, renamed } from '../define.js';
import { ALL_METADATA } from '../resource.js';
import type { ServiceCIDR } from '../types/networking/v1.js';
import type { ServiceCIDR as ServiceCIDRV1beta1 } from '../types/networking/v1beta1.js';

const PATH = 'spec.cidrs';
const shared = {
  group: 'networking.k8s.io',
  kind: 'ServiceCIDR',
  plural: 'servicecidrs',
  namespaced: false,
  storageVersionHash: 'gNLvruQhW2g=',
  subresources: { status: true },
  statusKeeps: ALL_METADATA,
  validate: ({ spec }: ServiceCIDR): Errors => ranges(spec.cidrs ?? []),
  validateUpdate: ({ spec }: ServiceCIDR, old: ServiceCIDR): Errors => rangesUpdate(spec.cidrs ?? [], old.spec.cidrs ?? []),
  columns: [nameColumn, column<ServiceCIDR>('CIDRs', ({ spec }) => (spec.cidrs ?? []).join(',')), ageColumn],
} as const;

export const serviceCIDR = defineResource<ServiceCIDR>({ ...shared, version: 'v1' });

export const serviceCIDRV1beta1 = defineResource<ServiceCIDRV1beta1>({
  ...shared,
  version: 'v1beta1',
  enabledByDefault: false,
  storedAs: { apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR' },
  convert: renamed('networking.k8s.io', 'v1beta1', 'v1'),
});

function ranges(cidrs: readonly string[]): Errors {
  if (!cidrs.length) return [required(PATH, 'at least one CIDR required')];
  if (cidrs.length > 2) return [invalid(PATH, { CIDRs: cidrs }, 'may only hold up to 2 values')];
  const errors = cidrs.flatMap((text, i) => invalidAll(`${PATH}[${i}]`, text, strictCidr(text)));
  const [first, second] = cidrs.map((text) => familyOf(text.slice(0, text.indexOf('/'))));
  if (cidrs.length === 2 && first && first === second)
    errors.push(invalid(PATH, cidrs, 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64'));
  return errors;
}

/** A range of the other family may be added; nothing else may change. */
function rangesUpdate(now: readonly string[], old: readonly string[]): Errors {
  const kept = (i: number): Errors => (now[i] === old[i] ? [] : [invalid(`${PATH}[${i}]`, now[i], 'field is immutable')]);
  if (now.length === old.length) return now.flatMap((_, i) => kept(i));
  if (old.length === 1 && now.length === 2) return [...kept(0), ...ranges(now)];
  return [invalid(PATH, now.length ? now : null, 'field is immutable')];
}
