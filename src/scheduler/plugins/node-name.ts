/** NodeName: a pod that names its node goes there or nowhere. */
import { on } from '../cluster-event.js';
import { definePlugin, unresolvable } from '../framework.js';

export const nodeName = definePlugin('NodeName', () => ({
  events: [on('Node', ['Add'])],
  filter: (_state, { pod }, { name }) =>
    pod.spec.nodeName && pod.spec.nodeName !== name ? unresolvable("node(s) didn't match the requested node name") : undefined,
}));
