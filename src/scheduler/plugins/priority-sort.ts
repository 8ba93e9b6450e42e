/** PrioritySort: the highest priority first, then who has waited longest. */
import { definePlugin } from '../framework.js';

export const prioritySort = definePlugin('PrioritySort', () => ({
  queueSort(a, b) {
    const [x, y] = [a.pod.spec.priority ?? 0, b.pod.spec.priority ?? 0];
    if (x !== y) return x > y;
    return a.timestamp < b.timestamp || (a.timestamp === b.timestamp && a.order < b.order);
  },
}));
