/** EndpointSlices: a part of the addresses behind a Service. Source: https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/ */

import { duplicate, invalid, required, tooMany } from '../../meta/field-error.js';
import { familyOf, ipAddress, specialIp, strictIp } from '../../meta/ip.js';
import { validateLabelName, validateLabels } from '../../meta/metadata.js';
import { dns1123Label, dns1123Subdomain, labelValue } from '../../meta/names.js';
import { addAll } from '../../util/add-all.js';
import { type Errors, immutable, invalidAll, label, oneOf, requiredOneOf, same, subdomain } from '../check.js';
import { ageColumn, column, nameColumn } from '../columns.js';
import { defineResource } from '../define.js';
import type { EndpointHints, EndpointPort, EndpointSlice } from '../types/discovery/v1.js';

export const endpointSlice = defineResource<EndpointSlice>({
  group: 'discovery.k8s.io',
  version: 'v1',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  storageVersionHash: 'qgS0xkrxYAI=',
  hasGeneration: true,
  generationOf: ({ endpoints, ports }) => [endpoints, ports],
  validate: (s) => [
    ...requiredOneOf(s.addressType, ['FQDN', 'IPv4', 'IPv6'], 'addressType'),
    ...ports(s.ports ?? []),
    ...validateEndpoints(s),
  ],
  validateUpdate: (s, old) => [
    ...requiredOneOf(s.addressType, ['FQDN', 'IPv4', 'IPv6'], 'addressType'),
    ...ports(s.ports ?? []),
    ...(same(s.endpoints, old.endpoints) ? [] : validateEndpoints(s)),
    ...immutable(s.addressType, old.addressType, 'addressType'),
  ],
  columns: [
    nameColumn,
    column('AddressType', (s) => s.addressType),
    column('Ports', (s) => (s.ports?.length ? shorten(s.ports.map((p) => `${p.port ?? '*'}`)) : '<unset>')),
    column('Endpoints', (s) => (s.endpoints?.length ? shorten(s.endpoints.flatMap((e) => e.addresses ?? [])) : '<unset>')),
    ageColumn,
  ],
});

const ENDPOINTS = 1000;
const ADDRESSES = 100;
const PORTS = 20_000;
const TOPOLOGY_LABELS = 16;
const HINTS = 8;
/** More than these are only counted in tables. */
const SHOWN = 3;

const shorten = (list: readonly string[]): string =>
  list.length > SHOWN ? `${list.slice(0, SHOWN).join(',')} + ${list.length - SHOWN} more...` : list.join(',');

function ports(list: readonly EndpointPort[]): Errors {
  if (list.length > PORTS) return [tooMany('ports', list.length, PORTS)];
  const errors: Errors = [];
  const names = new Set<string>();
  for (const [i, p] of list.entries()) {
    const at = `ports[${i}]`;
    const name = p.name ?? '';
    if (name) addAll(errors, label(name, `${at}.name`));
    if (names.has(name)) errors.push(duplicate(`${at}.name`, name));
    names.add(name);
    addAll(errors, p.protocol === undefined ? [required(`${at}.protocol`)] : oneOf(p.protocol, ['SCTP', 'TCP', 'UDP'], `${at}.protocol`));
    if (p.appProtocol !== undefined) addAll(errors, validateLabelName(p.appProtocol, `${at}.appProtocol`));
  }
  return errors;
}

function validateEndpoints({ endpoints, addressType }: EndpointSlice): Errors {
  const list = endpoints ?? [];
  if (list.length > ENDPOINTS) return [tooMany('endpoints', list.length, ENDPOINTS)];
  const errors: Errors = [];
  for (const [i, e] of list.entries()) {
    const at = `endpoints[${i}]`;
    const addresses = e.addresses ?? [];
    if (!addresses.length) errors.push(required(`${at}.addresses`, 'must contain at least 1 address'));
    else if (addresses.length > ADDRESSES) errors.push(tooMany(`${at}.addresses`, addresses.length, ADDRESSES));
    for (const [j, a] of addresses.entries()) addAll(errors, address(a, addressType, `${at}.addresses`, j));
    if (e.nodeName !== undefined) addAll(errors, subdomain(e.nodeName, `${at}.nodeName`));
    const topology = e.deprecatedTopology ?? {};
    if (Object.keys(topology).length > TOPOLOGY_LABELS)
      errors.push(tooMany(`${at}.deprecatedTopology`, Object.keys(topology).length, TOPOLOGY_LABELS));
    addAll(errors, validateLabels(topology, `${at}.deprecatedTopology`));
    if (e.hostname !== undefined) addAll(errors, label(e.hostname, `${at}.hostname`));
    if (e.hints) addAll(errors, hints(e.hints, `${at}.hints`));
  }
  return errors;
}

function address(value: string, type: string, path: string, i: number): Errors {
  const at = `${path}[${i}]`;
  if (type === 'IPv4' || type === 'IPv6') {
    const wrong = type === 'IPv4' ? ipAddress(value) : strictIp(value);
    if (wrong.length) return invalidAll(at, value, wrong);
    return [
      ...(familyOf(value) === type ? [] : [invalid(path, value, `must be an ${type} address`)]),
      ...invalidAll(at, value, specialIp(value)),
    ];
  }
  return type === 'FQDN' ? domain(value, at) : [];
}

function domain(value: string, path: string): Errors {
  if (!value) return [required(path)];
  const name = value.replace(/\.$/, '');
  const wrong = dns1123Subdomain(name);
  if (wrong.length) return [invalid(path, name, wrong.join(','))];
  const labels = name.split('.');
  if (labels.length < 2) return [invalid(path, name, 'should be a domain with at least two segments separated by dots')];
  const bad = labels.find((l) => dns1123Label(l).length);
  return bad === undefined ? [] : [invalid(path, bad, dns1123Label(bad).join(','))];
}

function hints(h: EndpointHints, path: string): Errors {
  const errors: Errors = [];
  for (const list of ['forZones', 'forNodes'] as const) {
    const entries = h[list] ?? [];
    if (entries.length > HINTS) return [...errors, tooMany(`${path}.${list}`, entries.length, HINTS)];
    const seen = new Set<string>();
    for (const [i, { name }] of entries.entries()) {
      const at = `${path}.${list}[${i}].name`;
      if (seen.has(name)) errors.push(duplicate(at, name));
      seen.add(name);
      addAll(errors, invalidAll(at, name, list === 'forZones' ? labelValue(name) : dns1123Subdomain(name)));
    }
  }
  return errors;
}
