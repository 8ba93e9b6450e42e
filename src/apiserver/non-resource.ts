/** Paths that are no resources: discovery, OpenAPI, health, metrics, version. */
import type { Answer } from './answer.js';
import type { ApiRequest, RequestInfo, UserInfo } from './request.js';

/** Undefined: not mine. */
export type NonResourceHandler = (
  request: ApiRequest,
  info: RequestInfo,
  user: UserInfo,
) => Answer | undefined | Promise<Answer | undefined>;

export const firstOf =
  (handlers: readonly NonResourceHandler[]): NonResourceHandler =>
  async (request, info, user) => {
    for (const h of handlers) {
      const found = h(request, info, user);
      const answer = found instanceof Promise ? await found : found;
      if (answer) return answer;
    }
    return undefined;
  };
