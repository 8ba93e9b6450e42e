/** NetworkPolicies: which traffic pods take and send. Source: https://kubernetes.io/docs/concepts/services-networking/network-policies/ */

import { forbidden, invalid, notSupported, required } from '../../meta/field-error.js';
import { isStrictlyWithin, readCidr, strictCidr } from '../../meta/ip.js';
import { validateLabelSelector } from '../../meta/metadata.js';
import { portName, portNumber } from '../../meta/names.js';
import { addAll } from '../../util/add-all.js';
import { type Errors, invalidAll, oneOf } from '../check.js';
import { ageColumn, column, nameColumn, selectorCell } from '../columns.js';
import { defineResource } from '../define.js';
import type { IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec } from '../types/networking/v1.js';

const DIRECTIONS = ['Ingress', 'Egress'];

export const networkPolicy = defineResource<NetworkPolicy>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'NetworkPolicy',
  plural: 'networkpolicies',
  shortNames: ['netpol'],
  storageVersionHash: 'YpfwF18m1G8=',
  hasGeneration: true,
  defaults({ spec }) {
    if (!spec.policyTypes?.length) spec.policyTypes = spec.egress?.length ? ['Ingress', 'Egress'] : ['Ingress'];
  },
  validate: ({ spec }) => validateSpec(spec, new Set()),
  validateUpdate: ({ spec }, old) => validateSpec(spec, rangesOf(old.spec)),
  columns: [nameColumn, column('Pod-Selector', ({ spec }) => selectorCell(spec.podSelector)), ageColumn],
});

const peers = (spec: NetworkPolicySpec): readonly NetworkPolicyPeer[] => [
  ...(spec.ingress ?? []).flatMap((rule) => rule.from ?? []),
  ...(spec.egress ?? []).flatMap((rule) => rule.to ?? []),
];
const rangesOf = (spec: NetworkPolicySpec): ReadonlySet<string> =>
  new Set(peers(spec).flatMap(({ ipBlock: block }) => (block ? [block.cidr ?? '', ...(block.except ?? [])] : [])));

/** `known`: ranges that stood there before, which are not checked again. */
function validateSpec(spec: NetworkPolicySpec, known: ReadonlySet<string>): Errors {
  const rule = (ports: readonly NetworkPolicyPort[] = [], list: readonly NetworkPolicyPeer[] = [], path: string, side: string): Errors => [
    ...ports.flatMap((p, i) => port(p, `${path}.ports[${i}]`)),
    ...list.flatMap((p, i) => peer(p, known, `${path}.${side}[${i}]`)),
  ];
  const types = spec.policyTypes ?? [];
  return [
    ...validateLabelSelector(spec.podSelector, 'spec.podSelector'),
    ...(spec.ingress ?? []).flatMap((r, i) => rule(r.ports, r.from, `spec.ingress[${i}]`, 'from')),
    ...(spec.egress ?? []).flatMap((r, i) => rule(r.ports, r.to, `spec.egress[${i}]`, 'to')),
    ...(types.length > DIRECTIONS.length
      ? [invalid('spec.policyTypes', types, 'may not specify more than two policyTypes')]
      : types.flatMap((type, i) => oneOf(type, DIRECTIONS, `spec.policyTypes[${i}]`))),
  ];
}

function port({ protocol, port: value, endPort }: NetworkPolicyPort, path: string): Errors {
  const errors: Errors = [];
  const protocols = ['TCP', 'UDP', 'SCTP'];
  if (protocol !== undefined && !protocols.includes(protocol)) errors.push(notSupported(`${path}.protocol`, protocol, protocols));
  const end = `${path}.endPort`;
  if (typeof value === 'number') {
    addAll(errors, invalidAll(`${path}.port`, value, portNumber(value)));
    if (endPort === undefined) return errors;
    if (endPort < value) errors.push(invalid(end, value, 'must be greater than or equal to `port`'));
    return [...errors, ...invalidAll(end, endPort, portNumber(endPort))];
  }
  if (endPort !== undefined)
    errors.push(invalid(end, endPort, `may not be specified when \`port\` is ${value === undefined ? 'not specified' : 'non-numeric'}`));
  return value === undefined ? errors : [...errors, ...invalidAll(`${path}.port`, value, portName(value))];
}

function peer({ podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer, known: ReadonlySet<string>, path: string): Errors {
  const errors = [
    ...(podSelector ? validateLabelSelector(podSelector, `${path}.podSelector`) : []),
    ...(namespaceSelector ? validateLabelSelector(namespaceSelector, `${path}.namespaceSelector`) : []),
    ...(ipBlock ? block(ipBlock, known, `${path}.ipBlock`) : []),
  ];
  if (!podSelector && !namespaceSelector && !ipBlock) return [required(path, 'must specify a peer')];
  if (ipBlock && (podSelector || namespaceSelector)) errors.push(forbidden(path, 'may not specify both ipBlock and another peer'));
  return errors;
}

function block({ cidr: whole, except = [] }: IPBlock, known: ReadonlySet<string>, path: string): Errors {
  if (!whole) return [required(`${path}.cidr`)];
  const check = (text: string, at: string): Errors => (known.has(text) ? [] : invalidAll(at, text, strictCidr(text)));
  const errors = check(whole, `${path}.cidr`);
  if (!readCidr(whole)) return errors;
  for (const [i, part] of (except ?? []).entries()) {
    const at = `${path}.except[${i}]`;
    addAll(errors, check(part, at));
    if (readCidr(part) && !isStrictlyWithin(part, whole)) errors.push(invalid(at, part, 'must be a strict subset of `cidr`'));
  }
  return errors;
}
