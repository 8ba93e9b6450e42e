/** NodeResourcesBalancedAllocation: CPU and memory of a node used up evenly. */
import { definePlugin, MAX_SCORE, SKIP } from '../framework.js';

export const nodeResourcesBalancedAllocation = definePlugin('NodeResourcesBalancedAllocation', () => ({
  // A pod that asks for nothing does not change the balance.
  preScore: (_state, { requests }) => (requests.cpu || requests.memory ? undefined : SKIP),
  score(_state, { requests }, node) {
    const part = (name: string): number => {
      const all = node.allocatable[name] ?? 0;
      return all <= 0 ? 1 : Math.min(((node.requested[name] ?? 0) + (requests[name] ?? 0)) / all, 1);
    };
    return Math.floor((1 - Math.abs(part('cpu') - part('memory')) / 2) * MAX_SCORE);
  },
}));
