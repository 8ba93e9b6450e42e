import { describe, expect, it } from 'vitest';
import { sandbox, seen } from '../../test/kubelet/seen.js';
import { type PodDraft, pod } from '../../test/kubelet/simulated.js';
import { NOTHING_SEEN, type PodSeen } from './seen.js';
import { decide, type ProbeResults, type Step } from './sync.js';

const NO_PROBES: ProbeResults = { liveness: () => undefined, startup: () => undefined };
const failed = (kind: 'liveness' | 'startup', id: string): ProbeResults => ({
  ...NO_PROBES,
  [kind]: (x: string) => (x === id ? 'failure' : undefined),
});
const ok = (kind: 'liveness' | 'startup', id: string): ProbeResults => ({
  ...NO_PROBES,
  [kind]: (x: string) => (x === id ? 'success' : undefined),
});

/** One word a step: `start main`, `kill main-0 (…)`, `sandbox 1`, `kill-pod`, `kill-pod again`. */
const short = (s: Step): string => {
  if (s.do === 'start') return `start ${s.name}`;
  if (s.do === 'kill-container') return `kill ${s.id} (${s.message})`;
  if (s.do === 'create-sandbox') return `sandbox ${s.attempt}`;
  return s.recreate ? 'kill-pod again' : 'kill-pod';
};

const one: Partial<PodDraft> = { containers: [{ name: 'a' }] };
const two: Partial<PodDraft> = { containers: [{ name: 'a' }, { name: 'b' }] };
const init: Partial<PodDraft> = {
  containers: [{ name: 'a' }],
  spec: {
    initContainers: [
      { name: 'i', image: 'x' },
      { name: 'j', image: 'x' },
    ],
  },
};
const probe = { tcpSocket: { port: 1 } };
const sidecar: Partial<PodDraft> = {
  containers: [{ name: 'a' }],
  spec: {
    initContainers: [
      { name: 's', image: 'x', restartPolicy: 'Always' },
      { name: 'j', image: 'x' },
    ],
  },
};
const sidecarLast: Partial<PodDraft> = {
  containers: [{ name: 'a' }],
  spec: { initContainers: [{ name: 's', image: 'x', restartPolicy: 'Always', startupProbe: probe, livenessProbe: probe }] },
};
const policy = (draft: Partial<PodDraft>, restartPolicy: 'Never' | 'OnFailure'): Partial<PodDraft> => ({
  ...draft,
  spec: { ...draft.spec, restartPolicy },
});

type Containers = Record<string, string | string[]>;
const gone = sandbox(0, { state: 'notready', ips: [] });

const table: [what: string, draft: Partial<PodDraft>, has: Containers | PodSeen, steps: string[], probes?: ProbeResults][] = [
  ['a new pod gets a sandbox, then its containers', two, NOTHING_SEEN, ['sandbox 0', 'start a', 'start b']],
  ['a new pod with init containers begins with the first', init, NOTHING_SEEN, ['sandbox 0', 'start i']],
  ['what runs is left alone', two, { a: 'run', b: 'run' }, []],
  ['what never started is started', two, { a: 'run' }, ['start b']],
  ['a crash is restarted', one, { a: 'exit:1' }, ['start a']],
  ['a clean end is restarted with Always', one, { a: 'exit:0' }, ['start a']],
  ['a clean end is the end with OnFailure', policy(two, 'OnFailure'), { a: 'exit:0', b: 'run' }, []],
  ['a crash is restarted with OnFailure', policy(two, 'OnFailure'), { a: 'exit:1', b: 'run' }, ['start a']],
  ['a crash is the end with Never', policy(two, 'Never'), { a: 'exit:1', b: 'run' }, []],
  ['when nothing is left to run the sandbox goes', policy(two, 'Never'), { a: 'exit:0', b: 'exit:1' }, ['kill-pod']],
  ['when all is done with OnFailure the sandbox goes', policy(one, 'OnFailure'), { a: 'exit:0' }, ['kill-pod']],
  ['a container that was created but not started is started', one, { a: 'created' }, ['start a']],
  [
    'a container in an unknown state is killed before it is started',
    one,
    { a: 'unknown' },
    ['kill a-0 (Container is in "unknown" state, try killing it before restart)', 'start a'],
  ],
  ['another image restarts', one, { a: 'run!' }, ['kill a-0 (Container a definition changed, will be restarted)', 'start a']],
  [
    'another image restarts even with Never',
    policy(one, 'Never'),
    { a: 'run!' },
    ['kill a-0 (Container a definition changed, will be restarted)', 'start a'],
  ],
  [
    'a failed liveness probe restarts',
    one,
    { a: 'run' },
    ['kill a-0 (Container a failed liveness probe, will be restarted)', 'start a'],
    failed('liveness', 'a-0'),
  ],
  [
    'a failed startup probe restarts',
    one,
    { a: 'run' },
    ['kill a-0 (Container a failed startup probe, will be restarted)', 'start a'],
    failed('startup', 'a-0'),
  ],
  [
    'a failed liveness probe only kills with Never',
    policy(two, 'Never'),
    { a: 'run', b: 'run' },
    ['kill a-0 (Container a failed liveness probe)'],
    failed('liveness', 'a-0'),
  ],
  ['the verdict on an older container does not count', one, { a: ['exit:1', 'run'] }, [], failed('liveness', 'a-0')],
  ['only the newest container counts', one, { a: ['exit:1', 'run'] }, []],
  ['a deleted pod starts nothing', { ...two, metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }, { a: 'run', b: 'exit:1' }, []],

  [
    'a lost sandbox is made anew with all that was in it',
    two,
    seen(pod({ name: 'p', ...two }), { a: 'exit:137', b: 'exit:137' }, [gone]),
    ['kill-pod again', 'sandbox 1', 'start a', 'start b'],
  ],
  [
    'a lost sandbox with init containers begins at the first',
    init,
    seen(pod({ name: 'p', ...init }), { i: 'exit:0', a: 'exit:137' }, [gone]),
    ['kill-pod again', 'sandbox 1', 'start i'],
  ],
  [
    'a lost sandbox is the end with Never',
    policy(two, 'Never'),
    seen(pod({ name: 'p', ...two }), { a: 'exit:0', b: 'exit:137' }, [gone]),
    ['kill-pod'],
  ],
  [
    'a lost sandbox in which nothing ran is made anew even with Never',
    policy(one, 'Never'),
    seen(pod({ name: 'p', ...one }), {}, [gone]),
    ['kill-pod again', 'sandbox 1', 'start a'],
  ],
  [
    'what has succeeded stays so with OnFailure when the sandbox is lost',
    policy(two, 'OnFailure'),
    seen(pod({ name: 'p', ...two }), { a: 'exit:0', b: 'exit:137' }, [gone]),
    ['kill-pod again', 'sandbox 1', 'start b'],
  ],
  [
    'two ready sandboxes are one too many',
    one,
    seen(pod({ name: 'p', ...one }), { a: 'run' }, [sandbox(0), sandbox(1)]),
    ['kill-pod again', 'sandbox 2', 'start a'],
  ],
  [
    'a sandbox without an address is made anew',
    one,
    seen(pod({ name: 'p', ...one }), {}, [sandbox(0, { ips: [] })]),
    ['kill-pod again', 'sandbox 1', 'start a'],
  ],
  [
    'a sandbox on the host network needs none',
    { ...one, spec: { hostNetwork: true } },
    seen(pod({ name: 'p', ...one }), { a: 'run' }, [sandbox(0, { ips: [], network: 'node' })]),
    [],
  ],

  ['init containers run one by one', init, { i: 'run' }, []],
  ['the next init container follows a success', init, { i: 'exit:0' }, ['start j']],
  ['after the last come the main containers', init, { i: 'exit:0', j: 'exit:0' }, ['start a']],
  ['an init container that fails is tried again', init, { i: 'exit:1' }, ['start i']],
  ['an init container that fails with Never fails the pod', policy(init, 'Never'), { i: 'exit:1' }, ['kill-pod']],
  ['finished init containers may be forgotten by the runtime', init, { j: 'exit:0' }, ['start a']],
  ['init containers do not run again beside a running main container', init, { a: 'run' }, []],
  ['an init container that was created but not started is started', init, { i: 'created' }, ['start i']],

  ['after a sidecar has started comes the next', sidecar, { s: 'run' }, ['start j']],
  ['a sidecar that ends while init goes on is restarted', sidecar, { s: 'exit:0', j: 'run' }, ['start s']],
  ['a sidecar that ends beside the main containers is restarted', sidecar, { s: 'exit:1', j: 'exit:0', a: 'run' }, ['start s']],
  ['a sidecar that was forgotten is restarted', sidecar, { j: 'exit:0', a: 'run' }, ['start s']],
  ['a sidecar with a startup probe holds the rest until it succeeds', sidecarLast, { s: 'run' }, []],
  ['a started sidecar lets the main containers start', sidecarLast, { s: 'run' }, ['start a'], ok('startup', 's-0')],
  [
    'a sidecar that fails its startup probe is restarted',
    sidecarLast,
    { s: 'run' },
    ['kill s-0 (Init container s failed startup probe)', 'start s'],
    failed('startup', 's-0'),
  ],
  [
    'a sidecar that fails its liveness probe is restarted',
    sidecarLast,
    { s: 'run', a: 'run' },
    ['kill s-0 (Init container s failed liveness probe)', 'start s'],
    { ...ok('startup', 's-0'), liveness: failed('liveness', 's-0').liveness },
  ],
  ['a sidecar does not keep a finished pod alive', policy(sidecar, 'Never'), { s: 'run', j: 'exit:0', a: 'exit:0' }, ['kill-pod']],

  [
    'an ephemeral container is started beside the others',
    { ...one, spec: { ephemeralContainers: [{ name: 'e', image: 'x' }] } },
    { a: 'run' },
    ['start e'],
  ],
  [
    'an ephemeral container is never restarted',
    { ...one, spec: { ephemeralContainers: [{ name: 'e', image: 'x' }] } },
    { a: 'run', e: 'exit:1' },
    [],
  ],
  [
    'an ephemeral container may come while init goes on',
    { ...init, spec: { ...init.spec, ephemeralContainers: [{ name: 'e', image: 'x' }] } },
    { i: 'run' },
    ['start e'],
  ],

  [
    "a container's own policy wins over the pod's",
    { containers: [{ name: 'a', restartPolicy: 'Never' }, { name: 'b' }] },
    { a: 'exit:1', b: 'run' },
    [],
  ],
  [
    "a container's rules win over its policy",
    {
      containers: [
        { name: 'a', restartPolicy: 'Never', restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }] },
        { name: 'b' },
      ],
    },
    { a: 'exit:42', b: 'run' },
    ['start a'],
  ],
];

describe('decide', () => {
  it.each(table)('%s', (_, draft, has, steps, probes = NO_PROBES) => {
    const p = pod({ name: 'p', ...draft });
    const what = 'containers' in has && Array.isArray(has.containers) ? (has as PodSeen) : seen(p, has as Containers);
    expect(decide(p, what, probes).map(short)).toEqual(steps);
  });
});
