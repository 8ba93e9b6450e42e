/** Endpoints: the addresses behind a Service, as old clients read them. */

import { required } from '../../meta/field-error.js';
import { canonicalIp, ipAddress, readIp, specialIp } from '../../meta/ip.js';
import { validateLabelName } from '../../meta/metadata.js';
import { portNumber } from '../../meta/names.js';
import { addAll } from '../../util/add-all.js';
import { type Errors, invalidAll, label, requiredOneOf, same, subdomain } from '../check.js';
import { ageColumn, column, nameColumn } from '../columns.js';
import { defineResource } from '../define.js';
import type { EndpointAddress, EndpointPort, EndpointSubset, Endpoints } from '../types/core/v1.js';

export const endpoints = defineResource<Endpoints>({
  group: '',
  version: 'v1',
  kind: 'Endpoints',
  plural: 'endpoints',
  deprecated: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  shortNames: ['ep'],
  keyPrefix: '/registry/services/endpoints',
  storageVersionHash: 'fWeeMqaN/OA=',
  createOnUpdate: true,
  metadataLooks: 2,
  validate: ({ subsets }) => validateSubsets(subsets ?? []),
  validateUpdate: ({ subsets }, old) => (same(subsets, old.subsets) ? [] : validateSubsets(subsets ?? [])),
  warnings: () => ['v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice'],
  columns: [nameColumn, column('Endpoints', cell), ageColumn],
});

function validateSubsets(subsets: readonly EndpointSubset[]): Errors {
  const errors: Errors = [];
  for (const [i, s] of subsets.entries()) {
    const at = `subsets[${i}]`;
    if (!s.addresses?.length && !s.notReadyAddresses?.length) errors.push(required(at, 'must specify `addresses` or `notReadyAddresses`'));
    for (const list of ['addresses', 'notReadyAddresses'] as const)
      for (const [j, a] of (s[list] ?? []).entries()) addAll(errors, address(a, `${at}.${list}[${j}]`));
    for (const [j, p] of (s.ports ?? []).entries()) addAll(errors, port(p, s.ports!.length > 1, `${at}.ports[${j}]`));
  }
  return errors;
}

function address(a: EndpointAddress, path: string): Errors {
  const errors = invalidAll(`${path}.ip`, a.ip, ipAddress(a.ip));
  if (a.hostname) addAll(errors, label(a.hostname, `${path}.hostname`));
  if (a.nodeName !== undefined) addAll(errors, subdomain(a.nodeName, `${path}.nodeName`));
  return [...errors, ...invalidAll(`${path}.ip`, a.ip, readIp(a.ip) ? specialIp(canonicalIp(a.ip)!) : ['must be a valid IP address'])];
}

function port(p: EndpointPort, needsName: boolean, path: string): Errors {
  return [
    ...(p.name ? label(p.name, `${path}.name`) : needsName ? [required(`${path}.name`)] : []),
    ...invalidAll(`${path}.port`, p.port, portNumber(p.port)),
    ...requiredOneOf(p.protocol, ['SCTP', 'TCP', 'UDP'], `${path}.protocol`),
    ...(p.appProtocol === undefined ? [] : validateLabelName(p.appProtocol, `${path}.appProtocol`)),
  ];
}

/** More addresses than these are only counted. */
const SHOWN = 3;

function cell({ subsets }: Endpoints): string {
  const all = (subsets ?? []).flatMap((s) =>
    (s.addresses ?? []).flatMap((a) =>
      s.ports?.length ? s.ports.map((p) => `${a.ip.includes(':') ? `[${a.ip}]` : a.ip}:${p.port}`) : [a.ip],
    ),
  );
  if (!all.length) return '<none>';
  return `${all.slice(0, SHOWN).join(',')}${all.length > SHOWN ? ` + ${all.length - SHOWN} more...` : ''}`;
}
