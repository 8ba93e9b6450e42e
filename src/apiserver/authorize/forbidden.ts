/** The 403 answer, worded as the original words it; and what ends in it. */
import { StatusError } from '../../meta/errors.js';
import { groupResource } from '../../meta/gvk.js';
import type { RequestInfo, UserInfo } from '../request.js';
import type { Authorizer } from './authorizer.js';

export function forbiddenAnswer(user: UserInfo, info: RequestInfo, reason: string): StatusError {
  const because = reason ? `: ${reason}` : '';
  if (!info.isResource)
    return new StatusError(
      403,
      'Forbidden',
      `forbidden: User ${JSON.stringify(user.name)} cannot ${info.verb} path ${JSON.stringify(info.path)}${because}`,
      {},
    );
  const resource = info.subresource ? `${info.resource}/${info.subresource}` : info.resource;
  const where = info.namespace ? `in the namespace ${JSON.stringify(info.namespace)}` : 'at the cluster scope';
  const named = info.name ? ` ${JSON.stringify(info.name)}` : '';
  const about = groupResource(info.group, info.resource);
  return new StatusError(
    403,
    'Forbidden',
    `${about}${named} is forbidden: User ${JSON.stringify(user.name)} cannot ${info.verb} resource ${JSON.stringify(resource)} in API group ${JSON.stringify(info.group)} ${where}${because}`,
    { ...(info.name ? { name: info.name } : {}), ...(info.group ? { group: info.group } : {}), kind: info.resource },
  );
}

/** Throws 403 unless `user` may do what `info` says: what is asked besides the request itself. */
export async function demand(authorizer: Authorizer, user: UserInfo, info: RequestInfo): Promise<void> {
  const { decision, reason } = await authorizer.authorize({ ...info, user });
  if (decision !== 'allow') throw forbiddenAnswer(user, info, reason);
}
