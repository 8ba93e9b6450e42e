/** NodePorts: no two pods with the same host port on a node, and none with one of the machine's own. */
import { definePlugin, misfit } from '../framework.js';

const TAKEN = "node(s) didn't have free ports for the requested pod ports";

export const nodePorts = definePlugin({
  name: 'NodePorts',
  helps: ['node-added', 'pod-removed'],
  filter({ ports }, node) {
    if (ports.some((p) => node.ownPorts.clash(p))) return misfit(TAKEN, true);
    return ports.some((p) => node.ports.clash(p)) ? misfit(TAKEN) : undefined;
  },
});
