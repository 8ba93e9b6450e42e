/** DefaultBinder: tells the API server the Pod's node. */
import { PODS } from '../../client/kinds.js';
import { definePlugin } from '../framework.js';

export const defaultBinder = definePlugin('DefaultBinder', ({ client }) => ({
  async bind(_state, { pod }, node) {
    const { name, namespace, uid } = pod.metadata;
    await client.post({ ...PODS, namespace, name }, 'binding', {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name, namespace, uid },
      target: { kind: 'Node', name: node },
    } as never);
    return undefined;
  },
}));
