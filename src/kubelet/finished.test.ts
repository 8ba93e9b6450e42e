import { describe, expect, it } from 'vitest';
import { pod, simulatedNode } from '../../test/kubelet/simulated.js';
import { ImageBehaviours } from './simulated/behaviour.js';

describe('a pod that the node refuses', () => {
  it.each<[string, object, string, string]>([
    [
      'for what it asks of nodes',
      {
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [{ matchExpressions: [{ key: 'gpu', operator: 'Exists' }] }],
            },
          },
        },
      },
      'NodeAffinity',
      "Pod was rejected: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
    ],
    [
      'for its labels',
      { nodeSelector: { disk: 'ssd' } },
      'NodeAffinity',
      "Pod was rejected: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
    ],
    [
      'for its system',
      { os: { name: 'windows' } },
      'PodOSNotSupported',
      "Pod was rejected: Failed to admit pod as the OS field doesn't match node OS",
    ],
    [
      'for a sysctl',
      { securityContext: { sysctls: [{ name: 'vm.swappiness', value: '1' }] } },
      'SysctlForbidden',
      'Pod was rejected: forbidden sysctl: "vm.swappiness" not allowlisted',
    ],
    [
      'for its size',
      { resources: { requests: { cpu: '1000' } } },
      'OutOfcpu',
      "Pod was rejected: Node didn't have enough resource: cpu, requested: 1000000, used: 0, capacity: 32000",
    ],
  ])('%s says so, and nothing of containers', async (_, { resources, ...spec }: { resources?: object }, reason, message) => {
    const n = await simulatedNode();
    n.api.put(
      pod({
        name: 'p',
        spec: { ...spec, initContainers: [{ name: 'i', image: 'x:1' }] as never },
        containers: [resources ? { resources } : {}],
      }),
    );
    await n.clock.advance('3s');
    const wanted = { phase: 'Failed', reason, message };
    expect(n.get('p')?.status).toMatchObject(wanted);
    await n.clock.advance('1m');
    const { status } = n.get('p')!;
    expect(status).toMatchObject(wanted);
    for (const list of ['containerStatuses', 'initContainerStatuses'] as const) expect(status[list] ?? []).toEqual([]);
    await n.kubelet.stop();
  });
});

describe('a pod that has ended', () => {
  const behaviours = () =>
    new ImageBehaviours().add('short:1', { exit: { afterMs: 3000, code: 0 } }).add('crash:1', { exit: { afterMs: 100, code: 3 } });
  it.each<[string, string, number]>([
    ['a sidecar that ran', 'app:1', 143],
    ['a sidecar that crashed and waits', 'crash:1', 3],
  ])('beside %s keeps its address, and all its containers have ended', async (_, image, _code) => {
    const n = await simulatedNode({ behaviours: behaviours() });
    n.api.put(
      pod({
        name: 'p',
        spec: {
          restartPolicy: 'Never',
          initContainers: [{ name: 's', image, imagePullPolicy: 'IfNotPresent', restartPolicy: 'Always' }] as never,
        },
        containers: [{ image: 'short:1' }],
      }),
    );
    await n.clock.advance('2s');
    const ip = n.get('p')?.status.podIP;
    expect(ip).toMatch(/^10\.1\.0\./);
    await n.clock.advance('2m');
    const { status } = n.get('p')!;
    expect(status).toMatchObject({ phase: 'Succeeded', podIP: ip, podIPs: [{ ip }] });
    for (const c of [...status.containerStatuses!, ...status.initContainerStatuses!]) expect(Object.keys(c.state)).toEqual(['terminated']);
    await n.kubelet.stop();
  });
});
