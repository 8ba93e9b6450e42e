import { describe, expect, it } from 'vitest';
import { type PodDraft, pod, simulatedNode } from '../../test/kubelet/simulated.js';
import { sysctlName, unsupported } from './unsupported.js';

type Spec = NonNullable<PodDraft['spec']>;
const sysctls = (...names: string[]): Spec => ({ securityContext: { sysctls: names.map((name) => ({ name, value: '1' })) } });
const volumes = (n: number): Spec => ({ volumes: Array.from({ length: n }, (_, i) => ({ name: `v${i}`, emptyDir: {} })) });
const subPaths = (n: number) => ({ volumeMounts: Array.from({ length: n }, (_, i) => ({ name: 'v', mountPath: `/m${i}`, subPath: 'a' })) });
const inContainer = (c: object): Pick<PodDraft, 'containers'> => ({ containers: [c] });

describe('what a pod asks of its node', () => {
  const facts = { appArmor: false, kernelVersion: '6.1.0-13-amd64' };
  it.each<[string, Partial<PodDraft>, string | undefined, Partial<typeof facts>?]>([
    ['nothing', {}, undefined],
    ['500 volumes', { spec: volumes(500) }, undefined],
    ['500 sub-paths', inContainer(subPaths(500)), undefined],
    [
      '501 sub-paths',
      inContainer(subPaths(501)),
      'PodFeatureUnsupported: a Pod with more than 500 mounts of sub-paths is not supported by this kubelet',
    ],
    ['501 volumes', { spec: volumes(501) }, 'PodFeatureUnsupported: a Pod with more than 500 volumes is not supported by this kubelet'],
    ['a safe sysctl', { spec: sysctls('net.ipv4.tcp_syncookies', 'kernel.shm_rmid_forced') }, undefined],
    ['a safe sysctl with slashes', { spec: sysctls('net/ipv4/ip_local_port_range') }, undefined],
    ['a sysctl of the node', { spec: sysctls('kernel.msgmax') }, 'SysctlForbidden: forbidden sysctl: "kernel.msgmax" not allowlisted'],
    [
      'one of the node with slashes',
      { spec: sysctls('vm/swappiness') },
      'SysctlForbidden: forbidden sysctl: "vm.swappiness" not allowlisted',
    ],
    [
      "a sysctl that is every object's",
      { spec: sysctls('constructor') },
      'SysctlForbidden: forbidden sysctl: "constructor" not allowlisted',
    ],
    [
      'a sysctl that an old kernel does not part',
      { spec: sysctls('net.ipv4.tcp_rmem') },
      'SysctlForbidden: forbidden sysctl: "net.ipv4.tcp_rmem" not allowlisted',
      { kernelVersion: '4.14.2' },
    ],
    [
      "a sysctl of the node's network",
      { spec: { hostNetwork: true, ...sysctls('net.ipv4.tcp_syncookies') } },
      'SysctlForbidden: forbidden sysctl: "net.ipv4.tcp_syncookies" not allowed with host Net enabled',
    ],
    [
      "a sysctl of the node's IPC",
      { spec: { hostIPC: true, ...sysctls('kernel.shm_rmid_forced') } },
      'SysctlForbidden: forbidden sysctl: "kernel.shm_rmid_forced" not allowed with host IPC enabled',
    ],
    ['groups merged', { spec: { securityContext: { supplementalGroupsPolicy: 'Merge' } } }, undefined],
    [
      'groups strictly',
      { spec: { securityContext: { supplementalGroupsPolicy: 'Strict' } } },
      'SupplementalGroupsPolicyNotSupported: SupplementalGroupsPolicy=Strict is not supported in this node',
    ],
    ['no confinement', { spec: { securityContext: { appArmorProfile: { type: 'Unconfined' } } } }, undefined],
    [
      'confinement of the pod',
      { spec: { securityContext: { appArmorProfile: { type: 'RuntimeDefault' } } } },
      'AppArmor: Cannot enforce AppArmor: AppArmor is not enabled on the host',
    ],
    [
      'confinement of a container',
      inContainer({ securityContext: { appArmorProfile: { type: 'Localhost', localhostProfile: 'x' } } }),
      'AppArmor: Cannot enforce AppArmor: AppArmor is not enabled on the host',
    ],
    [
      'confinement where it is',
      { spec: { securityContext: { appArmorProfile: { type: 'RuntimeDefault' } } } },
      undefined,
      { appArmor: true },
    ],
    [
      'devices by claim',
      { spec: { resourceClaims: [{ name: 'gpu', resourceClaimName: 'x' }] } },
      'PodFeatureUnsupported: spec.resourceClaims is not supported by this kubelet',
    ],
    [
      'block volumes',
      inContainer({ volumeDevices: [{ name: 'v', devicePath: '/dev/x' }] }),
      'PodFeatureUnsupported: volumeDevices is not supported by this kubelet',
    ],
    [
      'all containers restarted',
      inContainer({ restartPolicyRules: [{ action: 'RestartAllContainers', exitCodes: { operator: 'In', values: [1] } }] }),
      'PodFeatureUnsupported: restartPolicyRules with action RestartAllContainers is not supported by this kubelet',
    ],
    [
      'an environment from a file',
      inContainer({ env: [{ name: 'A', valueFrom: { fileKeyRef: { volumeName: 'v', path: 'p', key: 'k' } } }] }),
      'PodFeatureUnsupported: env.valueFrom.fileKeyRef is not supported by this kubelet',
    ],
    [
      'another stop signal',
      inContainer({ lifecycle: { stopSignal: 'SIGUSR1' } }),
      'PodFeatureUnsupported: lifecycle.stopSignal is not supported by this kubelet',
    ],
  ])('%s', (_, draft, right, other = {}) => {
    const refused = unsupported(pod({ name: 'p', ...draft }), { ...facts, ...other });
    expect(refused && `${refused.reason}: ${refused.message}`).toBe(right);
  });

  it.each([
    ['kernel.shm', 'kernel.shm'],
    ['net/ipv4/x', 'net.ipv4.x'],
    ['net.ipv4.conf.eth0/1.x', 'net.ipv4.conf.eth0/1.x'],
    ['net/ipv4/conf/eth0.1/x', 'net.ipv4.conf.eth0/1.x'],
  ])('%s is called %s', (name, right) => expect(sysctlName(name)).toBe(right));
});

describe('a node refuses', () => {
  it('a forbidden sysctl: the pod fails', async () => {
    const n = await simulatedNode();
    n.api.put(pod({ name: 'p', spec: sysctls('kernel.msgmax') }));
    await n.clock.advance('5s');
    expect(n.get('p')?.status).toMatchObject({
      phase: 'Failed',
      reason: 'SysctlForbidden',
      message: 'Pod was rejected: forbidden sysctl: "kernel.msgmax" not allowlisted',
    });
    await n.kubelet.stop();
  });
  it('a user namespace that the runtime has not: the pod waits', async () => {
    const n = await simulatedNode();
    n.api.put(pod({ name: 'p', spec: { hostUsers: false } }));
    await n.clock.advance('5s');
    expect(n.get('p')?.status.phase).toBe('Pending');
    expect(n.events('p')).toContainEqual(
      expect.stringContaining("Failed to create pod sandbox: can't set `spec.hostUsers: false`, runtime does not support user namespaces"),
    );
    await n.kubelet.stop();
  });
  it.each<[string, object, object, string?]>([
    [
      'root by the image alone',
      { runAsNonRoot: true },
      {},
      'container has runAsNonRoot and image will run as root (pod: "p_default(uid-p)", container: c)',
    ],
    [
      'root by the image, asked by the container',
      {},
      { securityContext: { runAsNonRoot: true } },
      'container has runAsNonRoot and image will run as root (pod: "p_default(uid-p)", container: c)',
    ],
    ['nobody else', { runAsNonRoot: true, runAsUser: 1000 }, {}],
  ])('%s', async (_, podContext, container, message) => {
    const n = await simulatedNode();
    n.api.put(pod({ name: 'p', spec: { securityContext: podContext }, containers: [container] }));
    await n.clock.advance('5s');
    const state = n.get('p')?.status.containerStatuses?.[0]?.state;
    if (message) expect(state).toEqual({ waiting: { reason: 'CreateContainerConfigError', message } });
    else expect(state?.running).toBeDefined();
    await n.kubelet.stop();
  });
  it.each(['initContainers', 'ephemeralContainers'] as const)('root in %s', async (list) => {
    const n = await simulatedNode();
    const other = { name: 'other', image: 'app:1', imagePullPolicy: 'IfNotPresent', resources: {} };
    n.api.put(
      pod({
        name: 'p',
        spec: { securityContext: { runAsNonRoot: true }, [list]: [other] },
        containers: [{ securityContext: { runAsUser: 5 } }],
      }),
    );
    await n.clock.advance('5s');
    const statuses = list === 'initContainers' ? n.get('p')?.status.initContainerStatuses : n.get('p')?.status.ephemeralContainerStatuses;
    expect(statuses?.[0]?.state.waiting?.reason).toBe('CreateContainerConfigError');
    await n.kubelet.stop();
  });
});
