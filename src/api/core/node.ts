/** Nodes: the machines. Source: https://kubernetes.io/docs/concepts/architecture/nodes/ */

import { duplicate, forbidden, invalid } from '../../meta/field-error.js';
import { cidr, readCidr } from '../../meta/ip.js';
import { validateLabelName } from '../../meta/metadata.js';
import { labelValue } from '../../meta/names.js';
import { addAll } from '../../util/add-all.js';
import { type Errors, invalidAll, requiredText } from '../check.js';
import { ageColumn, column, nameColumn, wide } from '../columns.js';
import { defineResource } from '../define.js';
import type { Node } from '../types/core/v1.js';
import { resourceAmount } from './pod-spec/validate/resources.js';
import { validateTaintEffect } from './pod-spec/validate/scheduling.js';

export const node = defineResource<Node>({
  group: '',
  version: 'v1',
  kind: 'Node',
  plural: 'nodes',
  shortNames: ['no'],
  namespaced: false,
  keyPrefix: '/registry/minions',
  storageVersionHash: 'XwShjMxG9Fs=',
  subresources: { status: true, other: { proxy: { kind: 'NodeProxyOptions', verbs: ['create', 'delete', 'get', 'patch', 'update'] } } },
  metadataLooks: 2,
  defaults({ spec, status }) {
    if (spec.podCIDR && spec.podCIDRs?.[0] !== spec.podCIDR) spec.podCIDRs = [spec.podCIDR];
    else if (spec.podCIDRs?.length) spec.podCIDR = spec.podCIDRs[0];
    if (!status.allocatable && status.capacity) status.allocatable = { ...status.capacity };
  },
  // A kubelet registers its node with a status.
  prepareCreate() {},
  validate,
  validateUpdate: (node, old) => [...validate(node), ...validateChange(node, old)],
  validateStatusUpdate: (node, old) => [...amounts(node), ...validateChange(node, old)],
  columns: [
    nameColumn,
    column('Status', statusCell),
    column('Roles', rolesCell),
    ageColumn,
    column('Version', ({ status }) => status.nodeInfo?.kubeletVersion ?? ''),
    wide('Internal-IP', (n) => address(n, 'InternalIP')),
    wide('External-IP', (n) => address(n, 'ExternalIP')),
    wide('OS-Image', ({ status }) => status.nodeInfo?.osImage || '<unknown>'),
    wide('Kernel-Version', ({ status }) => status.nodeInfo?.kernelVersion || '<unknown>'),
    wide('Container-Runtime', ({ status }) => status.nodeInfo?.containerRuntimeVersion || '<unknown>'),
  ],
  selectableFields: { 'spec.unschedulable': ({ spec }) => String(spec.unschedulable === true) },
});

function taints({ spec }: Node): Errors {
  const errors: Errors = [];
  const seen = new Set<string>();
  for (const [i, t] of (spec.taints ?? []).entries()) {
    // The original reports taints under the metadata.
    const at = `metadata.taints[${i}]`;
    addAll(errors, validateLabelName(t.key, `${at}.key`));
    const wrong = labelValue(t.value ?? '');
    if (wrong.length) errors.push(invalid(`${at}.value`, t.value ?? '', wrong.join(';')));
    addAll(errors, t.effect ? validateTaintEffect(t.effect, `${at}.effect`) : requiredText('', `${at}.effect`));
    const key = `${t.effect}/${t.key}`;
    if (seen.has(key)) {
      const shown = { key: t.key, ...(t.value ? { value: t.value } : {}), effect: t.effect };
      errors.push({
        field: at,
        reason: 'FieldValueDuplicate',
        message: `Duplicate value: ${JSON.stringify(shown)}: taints must be unique by key and effect pair`,
      });
    }
    seen.add(key);
  }
  return errors;
}

const amounts = ({ status }: Node): Errors =>
  (['capacity', 'allocatable'] as const).flatMap((list) =>
    Object.entries(status[list] ?? {}).flatMap(([name, value]) => resourceAmount(name, value, `status.${list}.${name}`)),
  );

function validate(node: Node): Errors {
  const cidrs = node.spec.podCIDRs ?? [];
  const errors = [...taints(node), ...amounts(node), ...cidrs.flatMap((c, i) => invalidAll(`spec.podCIDRs[${i}]`, c, cidr(c)))];
  const families = new Set(cidrs.map((c) => readCidr(c)?.address.kind()));
  if (cidrs.length > 1 && (families.size < 2 || cidrs.length > 2))
    errors.push(invalid('spec.podCIDRs', cidrs, 'may specify no more than one CIDR for each IP family'));
  return errors;
}

function validateChange(node: Node, old: Node): Errors {
  const errors = amounts(node);
  const seen = new Set<string>();
  for (const [i, a] of (node.status.addresses ?? []).entries()) {
    const key = `${a.type}/${a.address}`;
    if (seen.has(key)) errors.push(duplicate(`status.addresses[${i}]`, a));
    seen.add(key);
  }
  const was = old.spec.podCIDRs ?? [];
  const now = node.spec.podCIDRs ?? [];
  const fixed = forbidden('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid');
  if (was.length && was.length !== now.length) errors.push(fixed);
  else for (const [i, c] of was.entries()) if (c !== now[i]) errors.push(fixed);
  if (old.spec.providerID && old.spec.providerID !== node.spec.providerID)
    errors.push(forbidden('spec.providerID', 'node updates may not change providerID except from "" to valid'));
  addAll(errors, taints(node));
  if ((node.spec.externalID ?? '') !== (old.spec.externalID ?? '')) errors.push(forbidden('spec.externalID', 'may not be updated'));
  return errors;
}

function statusCell({ spec, status }: Node): string {
  const ready = status.conditions?.find((c) => c.type === 'Ready');
  const words = [!ready ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady'];
  if (spec.unschedulable) words.push('SchedulingDisabled');
  return words.join(',');
}

const ROLE_PREFIX = 'node-role.kubernetes.io/';

function rolesCell({ metadata }: Node): string {
  const roles = new Set<string>();
  for (const [key, value] of Object.entries(metadata.labels ?? {})) {
    if (key.startsWith(ROLE_PREFIX) && key.length > ROLE_PREFIX.length) roles.add(key.slice(ROLE_PREFIX.length));
    else if (key === 'kubernetes.io/role' && value) roles.add(value);
  }
  return [...roles].sort().join(',') || '<none>';
}

const address = ({ status }: Node, type: string): string => status.addresses?.find((a) => a.type === type)?.address ?? '<none>';
