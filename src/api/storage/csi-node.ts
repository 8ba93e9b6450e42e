/** CSINodes: which drivers of volumes a node has. Source: https://kubernetes-csi.github.io/docs/csi-node-object.html */
import { duplicate, invalid, required } from '../../meta/field-error.js';
import { validateLabelName } from '../../meta/metadata.js';
import { atLeastZero, type Errors, immutable, repeats } from '../check.js';
import { ageColumn, integer, nameColumn } from '../columns.js';
import { csiDriverName } from '../core/pod-spec/validate/volumes.js';
import { defineResource } from '../define.js';
import type { CSINode, CSINodeDriver } from '../types/storage/v1.js';

const MAX_NODE_ID = 256;

export const csiNode = defineResource<CSINode>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSINode',
  plural: 'csinodes',
  namespaced: false,
  storageVersionHash: 'Pe62DkZtjuo=',
  unconditionalUpdate: false,
  validate: validateDrivers,
  validateUpdate: (object, old) => [...validateDrivers(object), ...unchanged(object, old)],
  columns: [nameColumn, integer('Drivers', ({ spec }) => spec.drivers?.length ?? 0), ageColumn],
});

/** A driver of a name stays what it was, but for how much it has room for. */
function unchanged(object: CSINode, old: CSINode): Errors {
  // Their names differ: that was checked when they were stored.
  const before = new Map((old.spec.drivers ?? []).map((d) => [d.name, d]));
  return (object.spec.drivers ?? []).flatMap(({ allocatable: _now, ...now }) => {
    const known = before.get(now.name);
    if (!known) return [];
    const { allocatable: _was, ...was } = known;
    return immutable(now, was, 'spec.drivers');
  });
}

function validateDrivers({ spec }: CSINode): Errors {
  const drivers = spec.drivers ?? [];
  const again = repeats(drivers, (d) => d.name);
  return drivers.flatMap((d, i) => {
    const path = `spec.drivers[${i}]`;
    return [
      ...csiDriverName(d.name, `${path}.name`),
      ...nodeId(d.nodeID, `${path}.nodeID`),
      ...atLeastZero(d.allocatable?.count, `${path}.allocatable.count`),
      ...(again[i] ? [duplicate(`${path}.name`, d.name)] : []),
      ...topologyKeys(d.topologyKeys, path),
    ];
  });
}

function nodeId(id: string | undefined, path: string): Errors {
  if (!id) return [required(path)];
  return id.length > MAX_NODE_ID ? [invalid(path, id, `must be ${MAX_NODE_ID} characters or less`)] : [];
}

function topologyKeys(keys: CSINodeDriver['topologyKeys'], path: string): Errors {
  const again = repeats(keys ?? []);
  return (keys ?? []).flatMap((key, i) => [
    ...(key ? [] : [required(path)]),
    ...(again[i] ? [duplicate(path, key)] : []),
    ...validateLabelName(key, path),
  ]);
}
