/** A Pod of a ReplicaSet in the shape that a test asks for. */
import type { Pod } from '../../api/types/core/v1.js';

export const NOW = Date.UTC(2026, 0, 1);
export const ago = (seconds: number) => new Date(NOW - seconds * 1000).toISOString();

export interface Shape {
  labels?: Record<string, string>;
  owner?: string;
  phase?: string;
  node?: string;
  ready?: number | false;
  cost?: string;
  restarts?: number;
  age?: number;
  deleting?: boolean;
}
export const pod = (name: string, o: Shape = {}): Pod =>
  ({
    metadata: {
      name,
      uid: name,
      namespace: 'ns',
      labels: o.labels ?? { app: 'web' },
      creationTimestamp: ago(o.age ?? 100),
      ...(o.owner === undefined ? {} : { ownerReferences: [{ uid: o.owner, controller: true, kind: 'ReplicaSet', name: 'web' }] }),
      ...(o.cost === undefined ? {} : { annotations: { 'controller.kubernetes.io/pod-deletion-cost': o.cost } }),
      ...(o.deleting ? { deletionTimestamp: ago(0) } : {}),
    },
    spec: { nodeName: o.node ?? 'n1' },
    status: {
      phase: o.phase ?? 'Running',
      conditions:
        o.ready === false
          ? [{ type: 'Ready', status: 'False', lastTransitionTime: ago(1) }]
          : [{ type: 'Ready', status: 'True', lastTransitionTime: ago(o.ready ?? 100) }],
      containerStatuses: [{ restartCount: o.restarts ?? 0 }],
    },
  }) as unknown as Pod;
