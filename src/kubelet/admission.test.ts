/** Which Pods a node turns away, and why. */
import { describe, expect, it } from 'vitest';
import type { Node, Pod } from '../api/types/core/v1.js';
import type { OwnPort } from '../meta/own-ports.js';
import { admit } from './admission.js';

const node = (allocatable: Record<string, string> = { cpu: '2', memory: '1Gi', pods: '3' }) =>
  ({ metadata: { name: 'n', labels: { 'kubernetes.io/os': 'linux', disk: 'ssd' } }, status: { allocatable } }) as unknown as Node;
let uid = 0;
const pod = (spec: object = {}, status: object = {}): Pod =>
  ({ metadata: { name: 'p', uid: `u${uid++}` }, spec: { containers: [{ name: 'c', image: 'i' }], ...spec }, status }) as unknown as Pod;
const ports = (...list: object[]) => ({ containers: [{ name: 'c', image: 'i', ports: list }] });
const asks = (requests: object, more: object = {}) => ({ containers: [{ name: 'c', image: 'i', resources: { requests } }], ...more });
const OWN: OwnPort[] = [
  { protocol: 'TCP', port: 6443, holder: 'kube-apiserver' },
  { protocol: 'TCP', port: 10250, holder: 'kubelet' },
];
const TAKEN = "NodePorts: Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports";
const held = (port: number, holder: string) =>
  `NodePorts: Predicate NodePorts failed: host port TCP/${port} is in use by the node's own ${holder}`;
const short = (name: string, requested: number, used: number, capacity: number) =>
  `OutOf${name}: Node didn't have enough resource: ${name}, requested: ${requested}, used: ${used}, capacity: ${capacity}`;
const AFFINITY = "NodeAffinity: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector";

describe('a Pod', () => {
  it.each<[string, object, object[], string | undefined]>([
    ['that asks for nothing', {}, [], undefined],
    ['of this system', { os: { name: 'linux' } }, [], undefined],
    ['of another system', { os: { name: 'windows' } }, [], "PodOSNotSupported: Failed to admit pod as the OS field doesn't match node OS"],
    ['for nodes like this', { nodeSelector: { disk: 'ssd' } }, [], undefined],
    ['for other nodes', { nodeSelector: { disk: 'hdd' } }, [], AFFINITY],
    ['for nodes with more labels', { nodeSelector: { disk: 'ssd', zone: 'a' } }, [], AFFINITY],
    ['with a port of its own', ports({ containerPort: 6443 }), [], undefined],
    ['with a free host port', ports({ containerPort: 80, hostPort: 80 }), [ports({ containerPort: 81, hostPort: 81 })], undefined],
    ['with a taken host port', ports({ containerPort: 80, hostPort: 80 }), [ports({ containerPort: 81, hostPort: 80 })], TAKEN],
    [
      'with one taken by another protocol',
      ports({ containerPort: 80, hostPort: 80, protocol: 'UDP' }),
      [ports({ containerPort: 80, hostPort: 80 })],
      undefined,
    ],
    [
      'with one taken at another address',
      ports({ containerPort: 80, hostPort: 80, hostIP: '10.0.0.1' }),
      [ports({ containerPort: 80, hostPort: 80, hostIP: '10.0.0.2' })],
      undefined,
    ],
    [
      'with one taken at the same address',
      ports({ containerPort: 80, hostPort: 80, hostIP: '10.0.0.1' }),
      [ports({ containerPort: 80, hostPort: 80, hostIP: '10.0.0.1' })],
      TAKEN,
    ],
    [
      'with one taken at all addresses',
      ports({ containerPort: 80, hostPort: 80, hostIP: '10.0.0.1' }),
      [ports({ containerPort: 80, hostPort: 80 })],
      TAKEN,
    ],
    [
      'with one at all addresses, taken at one',
      ports({ containerPort: 80, hostPort: 80 }),
      [ports({ containerPort: 80, hostPort: 80, hostIP: '10.0.0.1' })],
      TAKEN,
    ],
    [
      'on the host network, whose port is taken',
      { ...ports({ containerPort: 80 }), hostNetwork: true },
      [ports({ containerPort: 80, hostPort: 80 })],
      TAKEN,
    ],
    [
      'with a port of a sidecar that is taken',
      { ...ports(), initContainers: [{ name: 's', restartPolicy: 'Always', ports: [{ containerPort: 80, hostPort: 80 }] }] },
      [ports({ containerPort: 80, hostPort: 80 })],
      TAKEN,
    ],
    [
      'with a port of an init container, which ends',
      { ...ports(), initContainers: [{ name: 's', ports: [{ containerPort: 80, hostPort: 80 }] }] },
      [ports({ containerPort: 80, hostPort: 80 })],
      undefined,
    ],
    ["with the API server's port", ports({ containerPort: 80, hostPort: 6443 }), [], held(6443, 'kube-apiserver')],
    [
      "with the API server's port at one address",
      ports({ containerPort: 80, hostPort: 6443, hostIP: '127.0.0.1' }),
      [],
      held(6443, 'kube-apiserver'),
    ],
    ["with the kubelet's port", ports({ containerPort: 80, hostPort: 10250 }), [], held(10250, 'kubelet')],
    ["on the host network, with the kubelet's port", { ...ports({ containerPort: 10250 }), hostNetwork: true }, [], held(10250, 'kubelet')],
    ['with that number of another protocol', ports({ containerPort: 80, hostPort: 6443, protocol: 'UDP' }), [], undefined],
    ['that fits', asks({ cpu: '1', memory: '512Mi' }), [asks({ cpu: '1', memory: '512Mi' })], undefined],
    ['with too much of the processor', asks({ cpu: '1500m' }), [asks({ cpu: '600m' })], short('cpu', 1500, 600, 2000)],
    ['with too much memory', asks({ memory: '1Gi' }), [asks({ memory: '1Ki' })], short('memory', 1073741824, 1024, 1073741824)],
    ['that asks for nothing where all is taken', {}, [asks({ cpu: '2' })], undefined],
    ['too many', {}, [{}, {}, {}], short('pods', 1, 3, 3)],
    ['too many, but critical', { priority: 2_000_000_000 }, [{}, {}, {}], undefined],
    ['too many, and almost critical', { priority: 1_999_999_999 }, [{}, {}, {}], short('pods', 1, 3, 3)],
    [
      'critical, with a taken port',
      { ...ports({ containerPort: 80, hostPort: 80 }), priority: 2_000_000_000 },
      [ports({ containerPort: 80, hostPort: 80 })],
      TAKEN,
    ],
  ])('%s', (_what, spec, others, right) => {
    const refused = admit(
      pod(spec),
      others.map((o) => pod(o)),
      node(),
      OWN,
    );
    expect(refused && `${refused.reason}: ${refused.message}`).toBe(right);
  });
});

it('counts neither itself nor those that have ended', () => {
  const wide = pod(asks({ cpu: '2' }));
  expect(admit(wide, [wide], node())).toBeUndefined();
  for (const phase of ['Succeeded', 'Failed'])
    expect(admit(pod(asks({ cpu: '2' })), [pod(asks({ cpu: '2' }), { phase })], node())).toBeUndefined();
  expect(admit(pod(asks({ cpu: '2' })), [pod(asks({ cpu: '2' }), { phase: 'Running' })], node())).toBeDefined();
});

it('knows no bounds where the node tells none', () => {
  expect(admit(pod(asks({ cpu: '100', memory: '1Ti' })), [pod(), pod()], node({}))).toBeUndefined();
});
