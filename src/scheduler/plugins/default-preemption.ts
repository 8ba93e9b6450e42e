/**
 * DefaultPreemption: says why no Pod is taken away for another. It looks for no victims yet (docs/limits.md).
 * Source: https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/
 */
import { definePlugin, unschedulable } from '../framework.js';

export const defaultPreemption = definePlugin('DefaultPreemption', () => ({
  postFilter(_state, { pod }, statuses) {
    if (pod.spec.preemptionPolicy === 'Never') return { status: unschedulable('preemption: not eligible due to preemptionPolicy=Never.') };
    const all = statuses.nodes;
    const hopeful = statuses.withCode('Unschedulable').length;
    const why = [
      ...(hopeful ? [`${hopeful} No preemption victims found for incoming pod`] : []),
      ...(hopeful < all ? [`${all - hopeful} Preemption is not helpful for scheduling`] : []),
    ].sort();
    return { status: unschedulable(`preemption: 0/${all} nodes are available: ${why.join(', ')}.`) };
  },
}));
