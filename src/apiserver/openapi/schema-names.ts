/** Names under which types stand in OpenAPI that are not written as objects of their fields: times, quantities, raw JSON. */

import type { Special } from '../../meta/schema/schema.js';
import { table } from '../../util/own.js';

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const CRD = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1';

/** `any` has no name: it is written in place. */
export const SPECIAL_NAMES: Readonly<Record<Exclude<Special, 'any'>, string>> = table({
  Time: `${META}.Time`,
  MicroTime: `${META}.MicroTime`,
  Duration: `${META}.Duration`,
  FieldsV1: `${META}.FieldsV1`,
  Quantity: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
  IntOrString: 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
  RawExtension: 'io.k8s.apimachinery.pkg.runtime.RawExtension',
  JSON: `${CRD}.JSON`,
  JSONSchemaPropsOrArray: `${CRD}.JSONSchemaPropsOrArray`,
  JSONSchemaPropsOrBool: `${CRD}.JSONSchemaPropsOrBool`,
  JSONSchemaPropsOrStringArray: `${CRD}.JSONSchemaPropsOrStringArray`,
});

export const META_TYPES = {
  deleteOptions: `${META}.DeleteOptions`,
  patch: `${META}.Patch`,
  status: `${META}.Status`,
  watchEvent: `${META}.WatchEvent`,
  objectMeta: `${META}.ObjectMeta`,
  listMeta: `${META}.ListMeta`,
  apiVersions: `${META}.APIVersions`,
  groupList: `${META}.APIGroupList`,
  group: `${META}.APIGroup`,
  resourceList: `${META}.APIResourceList`,
  versionInfo: 'io.k8s.apimachinery.pkg.version.Info',
} as const;
