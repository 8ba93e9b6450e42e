/** NodePorts: no two pods with the same host port on a node, and none with one of the machine's own. */
import { on } from '../cluster-event.js';
import { definePlugin, SKIP, unresolvable, unschedulable } from '../framework.js';
import { HostPorts } from '../host-ports.js';
import { podInfo } from '../pod-info.js';

const TAKEN = "node(s) didn't have free ports for the requested pod ports";
const [BY_POD, BY_NODE] = [unschedulable(TAKEN), unresolvable(TAKEN)];

export const nodePorts = definePlugin('NodePorts', () => ({
  events: [
    on('Node', ['Add', 'UpdateNodeAnnotation']),
    // One of its ports is free now.
    on('Pod', ['Delete'], (pod, gone) => {
      if (!gone?.spec.nodeName) return 'skip';
      const freed = new HostPorts(podInfo(gone).ports);
      return podInfo(pod).ports.some((p) => freed.clash(p)) ? 'queue' : 'skip';
    }),
  ],
  preFilter: (_state, { ports }) => (ports.length ? undefined : SKIP),
  filter(_state, { ports }, node) {
    if (ports.some((p) => node.ownPorts.clash(p))) return BY_NODE;
    return ports.some((p) => node.ports.clash(p)) ? BY_POD : undefined;
  },
}));
