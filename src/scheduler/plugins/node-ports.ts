/** NodePorts: no two pods with the same host port on a node, and none with one of the machine's own. */
import { definePlugin, type HostPort, misfit } from '../framework.js';

const TAKEN = "node(s) didn't have free ports for the requested pod ports";

const clash = (a: HostPort, b: HostPort): boolean =>
  a.port === b.port && a.protocol === b.protocol && (a.ip === b.ip || a.ip === '0.0.0.0' || b.ip === '0.0.0.0');

export const nodePorts = definePlugin({
  name: 'NodePorts',
  helps: ['node-added', 'pod-removed'],
  filter({ ports }, node) {
    if (!ports.length) return undefined;
    const own = node.ownPorts.some((used) => ports.some((p) => clash(p, used)));
    if (own) return misfit(TAKEN, true);
    for (const used of node.ports.values()) if (ports.some((p) => clash(p, used))) return misfit(TAKEN);
    return undefined;
  },
});
