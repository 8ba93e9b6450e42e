/** NodeResourcesFit: enough of everything asked for (filter); the emptiest node (score, LeastAllocated). */
import { definePlugin, MAX_SCORE } from '../framework.js';

export const nodeResourcesFit = definePlugin({
  name: 'NodeResourcesFit',
  helps: ['node-added', 'node-allocatable', 'pod-removed', 'pod-updated'],
  filter({ requests }, node) {
    const reasons: string[] = [];
    let unresolvable = false;
    if (node.pods.size + 1 > (node.allocatable.pods ?? 0)) reasons.push('Too many pods');
    for (const [name, wanted] of Object.entries(requests)) {
      if (wanted <= 0) continue;
      const all = node.allocatable[name] ?? 0;
      if (wanted > all - (node.requested[name] ?? 0)) reasons.push(`Insufficient ${name}`);
      if (wanted > all) unresolvable = true;
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
