/**
 * The shape of storage.k8s.io/v1beta1. One line a field; `src/meta/schema/parse.ts` says how to read it.
 */
export const storageV1beta1 = `
package io.k8s.api.storage.v1beta1
version storage.k8s.io/v1beta1

VolumeAttributesClass: kind
  1 metadata    meta.ObjectMeta
  2 driverName! string
  3 parameters  {string}

VolumeAttributesClassList: list
  1 metadata meta.ListMeta
  2 items!   [VolumeAttributesClass]
`;
