/** DynamicResources: no claims are allocated yet, so none can be taken back for a Pod either. Source: KEP-4381 */
import { definePlugin, unschedulable } from '../framework.js';

export const dynamicResources = definePlugin('DynamicResources', () => ({
  postFilter: () => ({ status: unschedulable('no new claims to deallocate') }),
}));
