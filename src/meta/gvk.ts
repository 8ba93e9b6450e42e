/** `apiVersion` as `group/version`; the core group is ''. */
export const groupVersion = (group: string, version: string): string => (group ? `${group}/${version}` : version);

export function parseApiVersion(apiVersion: string): { group: string; version: string } {
  const at = apiVersion.indexOf('/');
  return at < 0 ? { group: '', version: apiVersion } : { group: apiVersion.slice(0, at), version: apiVersion.slice(at + 1) };
}

/** `deployments.apps`, or `pods`: how a resource is named in messages and in `apiservices`, RBAC hints and CRD names. */
export const groupResource = (group: string, resource: string): string => (group ? `${resource}.${group}` : resource);
