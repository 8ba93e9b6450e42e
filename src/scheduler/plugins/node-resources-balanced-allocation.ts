/** NodeResourcesBalancedAllocation: CPU and memory of a node used up evenly. */
import { definePlugin, MAX_SCORE } from '../framework.js';

export const nodeResourcesBalancedAllocation = definePlugin({
  name: 'NodeResourcesBalancedAllocation',
  score({ requests }, node) {
    // A pod that asks for nothing does not change the balance.
    if (!requests.cpu && !requests.memory) return 0;
    const part = (name: string): number => {
      const all = node.allocatable[name] ?? 0;
      return all <= 0 ? 1 : Math.min(((node.requested[name] ?? 0) + (requests[name] ?? 0)) / all, 1);
    };
    return Math.floor((1 - Math.abs(part('cpu') - part('memory')) / 2) * MAX_SCORE);
  },
});
