/**
 * The shape of storagemigration.k8s.io/v1beta1. One line a field; `src/meta/schema/parse.ts` says how to read it.
 */
export const storagemigrationV1beta1 = `
package io.k8s.api.storagemigration.v1beta1
version storagemigration.k8s.io/v1beta1

StorageVersionMigration: kind
  1 metadata meta.ObjectMeta
  2 spec     StorageVersionMigrationSpec
  3 status   StorageVersionMigrationStatus

StorageVersionMigrationList: list
  1 metadata meta.ListMeta
  2 items!   [StorageVersionMigration]

StorageVersionMigrationSpec
  1 resource! meta.GroupResource

StorageVersionMigrationStatus
  1 conditions      [meta.Condition] map(type) merge(type)
  2 resourceVersion string
`;
