/** NodeResourcesFit: enough of everything asked for (filter); the emptiest node (score, LeastAllocated). */
import { definePlugin, MAX_SCORE } from '../framework.js';

const MOST_REASONS = 20;

export const nodeResourcesFit = definePlugin({
  name: 'NodeResourcesFit',
  helps: ['node-added', 'node-allocatable', 'pod-removed', 'pod-updated'],
  filter({ wanted }, node) {
    const reasons: string[] = [];
    let unresolvable = false;
    if (node.pods.size + 1 > (node.allocatable.pods ?? 0)) reasons.push('Too many pods');
    for (const [name, amount] of wanted) {
      // What a Pod asks for it names itself: so many reasons do.
      if (reasons.length >= MOST_REASONS) break;
      const all = node.allocatable[name] ?? 0;
      if (amount > all - (node.requested[name] ?? 0)) reasons.push(`Insufficient ${name}`);
      if (amount > all) unresolvable = true;
    }
    return reasons.length ? { reasons, unresolvable } : undefined;
  },
  score({ nonZero }, node) {
    const free = (all: number, used: number): number => (all <= 0 || used > all ? 0 : Math.floor(((all - used) * MAX_SCORE) / all));
    const cpu = free(node.allocatable.cpu ?? 0, node.nonZero.cpu + nonZero.cpu);
    const memory = free(node.allocatable.memory ?? 0, node.nonZero.memory + nonZero.memory);
    return Math.floor((cpu + memory) / 2);
  },
});
