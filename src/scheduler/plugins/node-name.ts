/** NodeName: a pod that names its node goes there or nowhere. */
import { definePlugin, misfit } from '../framework.js';

export const nodeName = definePlugin({
  name: 'NodeName',
  helps: ['node-added'],
  filter: ({ pod }, { name }) =>
    pod.spec.nodeName && pod.spec.nodeName !== name ? misfit("node(s) didn't match the requested node name", true) : undefined,
});
