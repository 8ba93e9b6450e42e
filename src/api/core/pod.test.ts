import { describe, expect, it } from 'vitest';
import { faults, prepared, row, updateFaults } from '../testing.js';
import type { Pod } from '../types/core/v1.js';

const container = { name: 'c', image: 'i' };
const pod = (spec: object, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'a', namespace: 'b', ...metadata },
  spec: { containers: [container], ...spec },
});
const withContainer = (more: object) => pod({ containers: [{ ...container, ...more }] });
const short = (list: readonly string[]) => list.map((text) => text.replace(/: (must|a lowercase|name part|supported|valid).*/s, ''));

describe('defaults', () => {
  it('fills what a pod needs', () => {
    const { spec } = prepared<Pod>(pod({}));
    expect(spec).toMatchObject({
      restartPolicy: 'Always',
      dnsPolicy: 'ClusterFirst',
      schedulerName: 'default-scheduler',
      terminationGracePeriodSeconds: 30,
      enableServiceLinks: true,
      securityContext: {},
    });
    expect(spec.containers[0]).toMatchObject({
      imagePullPolicy: 'Always',
      terminationMessagePath: '/dev/termination-log',
      terminationMessagePolicy: 'File',
      resources: {},
    });
  });
  it.each([
    ['nginx', 'Always'],
    ['nginx:latest', 'Always'],
    ['nginx:1.27', 'IfNotPresent'],
    ['localhost:5000/a/nginx', 'Always'],
    ['localhost:5000/a/nginx:1', 'IfNotPresent'],
    [`nginx@sha256:${'0'.repeat(64)}`, 'IfNotPresent'],
  ])('pulls %s %s', (image, policy) => {
    expect(prepared<Pod>(withContainer({ image })).spec.containers[0]!.imagePullPolicy).toBe(policy);
  });
  it('asks for as much as is allowed at most', () => {
    const { containers } = prepared<Pod>(
      withContainer({ resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m' } } }),
    ).spec;
    expect(containers[0]!.resources?.requests).toEqual({ cpu: '500m', memory: '1Gi' });
  });
  it('starts with an empty status and its class of service', () => {
    const given = { ...pod({}), status: { phase: 'Running' } };
    expect(prepared<Pod>(given).status).toMatchObject({ phase: 'Pending', qosClass: 'BestEffort' });
  });
});

describe('validation', () => {
  it.each<[string, object, string[]]>([
    ['a plain pod', pod({}), []],
    ['no containers', pod({ containers: [] }), ['spec.containers: Required value']],
    ['a container without a name', pod({ containers: [{ image: 'i' }] }), ['spec.containers[0].name: Required value']],
    ['a container without an image', pod({ containers: [{ name: 'c' }] }), ['spec.containers[0].image: Required value']],
    ['two of one name', pod({ containers: [container, container] }), ['spec.containers[1].name: Duplicate value: "c"']],
    ['a wrong restart policy', pod({ restartPolicy: 'Sometimes' }), ['spec.restartPolicy: Unsupported value: "Sometimes"']],
    [
      'a port out of range',
      withContainer({ ports: [{ containerPort: 70000 }] }),
      ['spec.containers[0].ports[0].containerPort: Invalid value: 70000'],
    ],
    [
      'a mount of nothing',
      withContainer({ volumeMounts: [{ name: 'v', mountPath: '/v' }] }),
      ['spec.containers[0].volumeMounts[0].name: Not found: "v"'],
    ],
    [
      'a volume of two kinds',
      pod({ volumes: [{ name: 'v', emptyDir: {}, hostPath: { path: '/' } }] }),
      ['spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type'],
    ],
    [
      'a request above its limit',
      withContainer({ resources: { limits: { cpu: '1' }, requests: { cpu: '2' } } }),
      ['spec.containers[0].resources.requests: Invalid value: "2"'],
    ],
    [
      'a probe of two kinds',
      withContainer({ readinessProbe: { httpGet: { port: 80 }, tcpSocket: { port: 80 } } }),
      ['spec.containers[0].readinessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type'],
    ],
    [
      'a wrong toleration',
      pod({ tolerations: [{ key: 'k', operator: 'Near' }] }),
      ['spec.tolerations[0].operator: Unsupported value: "Near"'],
    ],
    [
      'host ports in conflict',
      pod({
        containers: [
          {
            ...container,
            ports: [
              { containerPort: 1, hostPort: 1 },
              { containerPort: 2, hostPort: 1 },
            ],
          },
        ],
      }),
      ['spec.containers[0].ports[1].hostPort: Duplicate value: "TCP//1"'],
    ],
    ['a grace period below zero is made one', pod({ terminationGracePeriodSeconds: -1 }), []],
  ])('%s', (_what, given, expected) => {
    const found = short(faults(given as never));
    expect(found).toEqual(expected);
  });
});

it('is not privileged where none may be', () => {
  const privileged = { securityContext: { privileged: true } };
  expect(faults(withContainer(privileged))).toEqual([]);
  expect(faults(withContainer(privileged), { allowPrivileged: true })).toEqual([]);
  expect(faults(withContainer({ securityContext: { privileged: false } }), { allowPrivileged: false })).toEqual([]);
  for (const list of ['containers', 'initContainers'])
    expect(faults(pod({ [list]: [{ ...container, name: 'x', ...privileged }] }), { allowPrivileged: false })).toEqual([
      `spec.${list}[0].securityContext.privileged: Forbidden: disallowed by cluster policy`,
    ]);
});

describe('update', () => {
  it('changes an image, and little else', () => {
    expect(updateFaults(pod({}), withContainer({ image: 'j' }))).toEqual([]);
    expect(updateFaults(pod({}), pod({ nodeName: 'n' }))[0]).toMatch(
      /^spec: Forbidden: pod updates may not change fields other than `spec.containers\[\*\].image`/,
    );
    expect(updateFaults(pod({}), pod({ containers: [container, { name: 'd', image: 'i' }] }))[0]).toMatch(
      /^spec.containers: Forbidden: pod updates may not add or remove containers/,
    );
    expect(updateFaults(pod({ activeDeadlineSeconds: 10 }), pod({ activeDeadlineSeconds: 20 }))[0]).toMatch(
      /^spec.activeDeadlineSeconds: Invalid value: 20: must be less than or equal to previous value/,
    );
  });
  it('adds tolerations, and takes none away', () => {
    const toleration = { key: 'k', operator: 'Exists' };
    expect(updateFaults(pod({}), pod({ tolerations: [toleration] }))).toEqual([]);
    expect(updateFaults(pod({ tolerations: [toleration] }), pod({}))).not.toEqual([]);
  });
});

describe('the row', () => {
  const waiting = (reason: string, restartCount = 0) => ({ name: 'c', ready: false, restartCount, state: { waiting: { reason } } });
  const show = (status: object, metadata: object = {}, spec: object = {}) => {
    const r = row({ ...pod(spec, metadata), status } as never);
    return [r.Ready, r.Status, r.Restarts];
  };
  it.each<[string, object, object, object, unknown[]]>([
    ['pending', { phase: 'Pending' }, {}, {}, ['0/1', 'Pending', '0']],
    [
      'running',
      { phase: 'Running', containerStatuses: [{ name: 'c', ready: true, restartCount: 0, state: { running: {} } }] },
      {},
      {},
      ['1/1', 'Running', '0'],
    ],
    ['crashing', { phase: 'Running', containerStatuses: [waiting('CrashLoopBackOff', 3)] }, {}, {}, ['0/1', 'CrashLoopBackOff', '3']],
    [
      'restarted',
      {
        phase: 'Running',
        containerStatuses: [{ ...waiting('CrashLoopBackOff', 3), lastState: { terminated: { finishedAt: '2024-01-09T23:55:00Z' } } }],
      },
      {},
      {},
      ['0/1', 'CrashLoopBackOff', '3 (5m ago)'],
    ],
    [
      'done',
      {
        phase: 'Succeeded',
        containerStatuses: [{ name: 'c', ready: false, restartCount: 0, state: { terminated: { exitCode: 0, reason: 'Completed' } } }],
      },
      {},
      {},
      ['0/1', 'Completed', '0'],
    ],
    [
      'failed by a signal',
      {
        phase: 'Failed',
        containerStatuses: [{ name: 'c', ready: false, restartCount: 0, state: { terminated: { exitCode: 137, signal: 9 } } }],
      },
      {},
      {},
      ['0/1', 'Signal:9', '0'],
    ],
    [
      'initialising',
      { phase: 'Pending', initContainerStatuses: [{ name: 'i', restartCount: 0, state: { running: {} } }] },
      {},
      { initContainers: [{ name: 'i', image: 'i' }] },
      ['0/1', 'Init:0/1', '0'],
    ],
    [
      'going',
      { phase: 'Running', containerStatuses: [{ name: 'c', ready: true, restartCount: 0, state: { running: {} } }] },
      { deletionTimestamp: '2024-01-09T00:00:00Z' },
      {},
      ['1/1', 'Terminating', '0'],
    ],
    ['evicted', { phase: 'Failed', reason: 'Evicted' }, {}, {}, ['0/1', 'Evicted', '0']],
  ])('of a pod that is %s', (_what, status, metadata, spec, expected) => {
    expect(show(status, metadata, spec)).toEqual(expected);
  });
});
