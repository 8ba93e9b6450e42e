import { describe, expect, it } from 'vitest';
import { sandbox, seen } from '../../test/kubelet/seen.js';
import { type PodDraft, pod } from '../../test/kubelet/simulated.js';
import type { PodStatus } from '../api/types/core/v1.js';
import type { WaitingReason } from './container-statuses.js';
import { type PodSeen, seenOf } from './seen.js';
import { equal, podStatus, statusPatch } from './status.js';

const NOW = Date.UTC(2026, 0, 1);

function status(
  draft: Partial<PodDraft>,
  has: Record<string, string | string[]> | PodSeen,
  more: {
    old?: PodStatus;
    over?: boolean;
    reasons?: Record<string, WaitingReason>;
    ready?: boolean;
    failure?: { reason: string; message: string };
  } = {},
): PodStatus {
  const p = pod({ name: 'p', ...draft });
  return podStatus({
    pod: p,
    old: more.old ?? {},
    seen: Array.isArray((has as PodSeen).containers) ? (has as PodSeen) : seen(p, has as Record<string, string>),
    runtimeName: 'containerd',
    reasons: new Map(Object.entries(more.reasons ?? {})),
    probes: { started: () => true, ready: () => more.ready ?? true },
    hostIPs: ['192.0.2.1'],
    over: more.over ?? false,
    ...(more.failure ? { failure: more.failure } : {}),
    now: NOW,
  });
}

const two: Partial<PodDraft> = { containers: [{ name: 'a' }, { name: 'b' }] };
const init: Partial<PodDraft> = { containers: [{ name: 'a' }], spec: { initContainers: [{ name: 'i', image: 'x' }] } };
const side: Partial<PodDraft> = {
  containers: [{ name: 'a' }],
  spec: { initContainers: [{ name: 's', image: 'x', restartPolicy: 'Always' }] },
};
const never = (d: Partial<PodDraft>): Partial<PodDraft> => ({ ...d, spec: { ...d.spec, restartPolicy: 'Never' } });
const onFailure = (d: Partial<PodDraft>): Partial<PodDraft> => ({ ...d, spec: { ...d.spec, restartPolicy: 'OnFailure' } });

describe('phase', () => {
  it.each<[string, Partial<PodDraft>, Record<string, string>, string, boolean?]>([
    ['nothing has started', two, {}, 'Pending'],
    ['one has not started', two, { a: 'run' }, 'Pending'],
    ['all run', two, { a: 'run', b: 'run' }, 'Running'],
    ['one has crashed and comes again', two, { a: 'exit:1', b: 'run' }, 'Running'],
    ['all have crashed and come again', two, { a: 'exit:1', b: 'exit:0' }, 'Running'],
    ['all have succeeded for good', never(two), { a: 'exit:0', b: 'exit:0' }, 'Succeeded'],
    ['one has failed for good', never(two), { a: 'exit:0', b: 'exit:1' }, 'Failed'],
    ['one has failed for good, one runs', never(two), { a: 'run', b: 'exit:1' }, 'Running'],
    ['one comes again on failure', onFailure(two), { a: 'exit:0', b: 'exit:1' }, 'Running'],
    ['all have succeeded on failure', onFailure(two), { a: 'exit:0', b: 'exit:0' }, 'Succeeded'],
    ['init runs', init, { i: 'run' }, 'Pending'],
    ['init is done, main has not started', init, { i: 'exit:0' }, 'Pending'],
    ['init failed and comes again', init, { i: 'exit:1' }, 'Pending'],
    ['init failed for good', never(init), { i: 'exit:1' }, 'Failed'],
    ['a sidecar runs, main has ended', never(side), { s: 'run', a: 'exit:0' }, 'Running'],
    ['a sidecar has ended after main', never(side), { s: 'exit:137', a: 'exit:0' }, 'Succeeded'],
    ['deleted, all stopped with 0', two, { a: 'exit:0', b: 'exit:0' }, 'Succeeded', true],
    ['deleted, one stopped otherwise', two, { a: 'exit:0', b: 'exit:143' }, 'Failed', true],
  ])('%s', (_, draft, has, phase, over = false) => {
    expect(status(draft, has, { over }).phase).toBe(phase);
  });

  it('does not leave its end', () => {
    expect(status(two, { a: 'run', b: 'run' }, { old: { phase: 'Failed', reason: 'Evicted', message: 'm' } })).toMatchObject({
      phase: 'Failed',
      reason: 'Evicted',
      message: 'm',
    });
  });
});

const condition = (s: PodStatus, type: string) => {
  const c = s.conditions?.find((x) => x.type === type);
  return [c?.status, c?.reason, c?.message].filter(Boolean).join(' | ');
};

describe('conditions', () => {
  it.each<[string, Partial<PodDraft>, Record<string, string> | PodSeen, Record<string, string>, { ready?: boolean }?]>([
    [
      'a pod that has nothing yet',
      two,
      seenOf([], []),
      {
        PodReadyToStartContainers: 'False',
        Initialized: 'True',
        Ready: 'False | ContainersNotReady | containers with unready status: [a b]',
        ContainersReady: 'False | ContainersNotReady | containers with unready status: [a b]',
        PodScheduled: 'True',
      },
    ],
    [
      'a pod that runs',
      two,
      { a: 'run', b: 'run' },
      { PodReadyToStartContainers: 'True', Initialized: 'True', Ready: 'True', ContainersReady: 'True' },
    ],
    [
      'one that is not ready',
      { containers: [{ name: 'a' }] },
      { a: 'run' },
      { Ready: 'False | ContainersNotReady | containers with unready status: [a]' },
      { ready: false },
    ],
    ['init goes on', init, { i: 'run' }, { Initialized: 'False | ContainersNotInitialized | containers with incomplete status: [i]' }],
    ['a sidecar that has started counts as initialized', side, { s: 'run' }, { Initialized: 'True' }],
    [
      'completed',
      never(two),
      { a: 'exit:0', b: 'exit:0' },
      { Initialized: 'True | PodCompleted', Ready: 'False | PodCompleted', ContainersReady: 'False | PodCompleted' },
    ],
    ['failed', never(two), { a: 'exit:0', b: 'exit:1' }, { Ready: 'False | PodFailed', ContainersReady: 'False | PodFailed' }],
    ['a lost sandbox', two, seenOf([sandbox(0, { state: 'notready' })], []), { PodReadyToStartContainers: 'False' }],
    [
      'a readiness gate that nobody has opened',
      { ...two, spec: { readinessGates: [{ conditionType: 'x/y' }] } },
      { a: 'run', b: 'run' },
      {
        Ready: 'False | ReadinessGatesNotReady | corresponding condition of pod readiness gate "x/y" does not exist.',
        ContainersReady: 'True',
      },
    ],
    [
      'a readiness gate that is shut',
      { ...two, spec: { readinessGates: [{ conditionType: 'x/y' }] }, status: { conditions: [{ type: 'x/y', status: 'False' }] } },
      { a: 'run', b: 'run' },
      { Ready: 'False | ReadinessGatesNotReady | the status of pod readiness gate "x/y" is not "True", but False', 'x/y': 'False' },
    ],
    [
      'a readiness gate that is open',
      { ...two, spec: { readinessGates: [{ conditionType: 'x/y' }] }, status: { conditions: [{ type: 'x/y', status: 'True' }] } },
      { a: 'run', b: 'run' },
      { Ready: 'True' },
    ],
  ])('%s', (_, draft, has, wanted, more = {}) => {
    const s = status(draft, has, more);
    expect(Object.fromEntries(Object.keys(wanted).map((t) => [t, condition(s, t)]))).toEqual(wanted);
  });

  it('keep the time of their last change', () => {
    const old = status(two, { a: 'run', b: 'run' });
    old.conditions = old.conditions!.map((c) => ({ ...c, lastTransitionTime: '2020-01-01T00:00:00Z' }));
    const next = status(two, { a: 'run', b: 'run' }, { old, ready: false });
    expect(next.conditions?.find((c) => c.type === 'Ready')?.lastTransitionTime).toBe('2026-01-01T00:00:00Z');
    expect(next.conditions?.find((c) => c.type === 'Initialized')?.lastTransitionTime).toBe('2020-01-01T00:00:00Z');
  });
});

describe('container statuses', () => {
  it('tell a start that waits, with the end before it', () => {
    const reasons = { a: { reason: 'CrashLoopBackOff', message: 'back-off 10s' } };
    expect(status({ containers: [{ name: 'a' }] }, { a: ['exit:1', 'exit:2'] }, { reasons }).containerStatuses).toMatchObject([
      {
        name: 'a',
        ready: false,
        started: false,
        restartCount: 1,
        state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 10s' } },
        lastState: { terminated: { exitCode: 2, containerID: 'containerd://a-1' } },
      },
    ]);
  });
  it('tell the last end of one that runs again', () => {
    expect(status({ containers: [{ name: 'a' }] }, { a: ['exit:1', 'run'] }).containerStatuses).toMatchObject([
      {
        restartCount: 1,
        containerID: 'containerd://a-1',
        state: { running: { startedAt: '1970-01-01T00:00:01Z' } },
        lastState: { terminated: { exitCode: 1, reason: 'Error' } },
      },
    ]);
  });
  it('wait for init containers', () => {
    expect(status(init, { i: 'run' }).containerStatuses).toMatchObject([
      { state: { waiting: { reason: 'PodInitializing' } }, image: 'app:1', imageID: '' },
    ]);
    expect(status(two, {}).containerStatuses?.map((c) => c.state.waiting?.reason)).toEqual(['ContainerCreating', 'ContainerCreating']);
  });
  it('are sorted by name, those of init containers by order', () => {
    const s = status(
      {
        containers: [{ name: 'z' }, { name: 'a' }],
        spec: {
          initContainers: [
            { name: 'z1', image: 'x' },
            { name: 'a1', image: 'x' },
          ],
        },
      },
      {},
    );
    expect(s.containerStatuses?.map((c) => c.name)).toEqual(['a', 'z']);
    expect(s.initContainerStatuses?.map((c) => c.name)).toEqual(['z1', 'a1']);
  });
  it('infer that a container which vanished has ended', () => {
    const old: PodStatus = {
      containerStatuses: [
        { name: 'a', state: { running: { startedAt: 'x' } }, lastState: {}, ready: true, restartCount: 0, image: '', imageID: '' },
      ],
    };
    expect(status({ containers: [{ name: 'a' }] }, {}, { old }).containerStatuses).toMatchObject([
      { restartCount: 1, lastState: { terminated: { exitCode: 137, reason: 'ContainerStatusUnknown' } } },
    ]);
  });
  it('take a forgotten init container for done once the main one has run', () => {
    expect(status(init, { a: 'run' }).initContainerStatuses).toMatchObject([
      { ready: true, state: { terminated: { exitCode: 0, reason: 'Completed' } } },
    ]);
  });
});

describe('the whole status', () => {
  it('has addresses, class and start time', () => {
    expect(status(two, { a: 'run', b: 'run' })).toMatchObject({
      hostIP: '192.0.2.1',
      hostIPs: [{ ip: '192.0.2.1' }],
      podIP: '10.0.0.1',
      podIPs: [{ ip: '10.0.0.1' }],
      qosClass: 'BestEffort',
      startTime: '2026-01-01T00:00:00Z',
      observedGeneration: 1,
    });
  });
  it('gives a pod on the host network the address of the host', () => {
    expect(status({ ...two, spec: { hostNetwork: true } }, seenOf([sandbox(0, { ips: [], network: 'node' })], []))).toMatchObject({
      podIP: '192.0.2.1',
    });
  });
  it('says why the kubelet ended it', () => {
    const failure = { reason: 'DeadlineExceeded', message: 'Pod was active on the node longer than the specified deadline' };
    expect(status(two, { a: 'run', b: 'run' }, { failure })).toMatchObject({ phase: 'Failed', ...failure });
  });
});

describe('the patch', () => {
  const base = status(two, { a: 'run', b: 'run' });
  it('is nothing where nothing differs', () => {
    expect(statusPatch('u', base, structuredClone(base))).toBeUndefined();
  });
  it('names what has changed, and takes away texts that are no more', () => {
    const before = status(two, { a: 'run', b: 'run' }, { ready: false });
    const patch = statusPatch('u', before, base) as { metadata: object; status: Record<string, unknown> };
    expect(patch.metadata).toEqual({ uid: 'u' });
    expect(Object.keys(patch.status).sort()).toEqual(['$setElementOrder/conditions', 'conditions', 'containerStatuses']);
    expect(patch.status.conditions).toMatchObject([
      { type: 'Ready', status: 'True', reason: null, message: null },
      { type: 'ContainersReady', status: 'True', reason: null, message: null },
    ]);
  });
  it('replaces addresses and removes what is gone', () => {
    expect(statusPatch('u', { podIP: '1', podIPs: [{ ip: '1' }], reason: 'x' }, { podIP: '2', podIPs: [{ ip: '2' }] })).toEqual({
      metadata: { uid: 'u' },
      status: { podIP: '2', podIPs: [{ ip: '2' }, { $patch: 'replace' }], reason: null },
    });
  });
  it('leaves alone what others own', () => {
    expect(statusPatch('u', { nominatedNodeName: 'n' }, {})).toBeUndefined();
  });
  it.each([
    [{ a: 1, b: undefined }, { a: 1 }, true],
    [{ a: null }, {}, true],
    [[1, 2], [2, 1], false],
    [{ a: [] }, { a: {} }, false],
  ])('compares %j and %j', (a, b, same) => {
    expect(equal(a, b)).toBe(same);
  });
});
