/** SchedulingGates: a pod waits until its gates are taken off. Source: KEP-3521 */
import { definePlugin } from '../framework.js';

export const schedulingGates = definePlugin({
  name: 'SchedulingGates',
  gate: (pod) => (pod.spec.schedulingGates?.length ? 'Scheduling is blocked due to non-empty scheduling gates' : undefined),
});
