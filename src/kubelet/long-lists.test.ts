/** What Pods say at great length: a node's kubelet reads it in proportion. */
import { expect, it } from 'vitest';
import { seen } from '../../test/kubelet/seen.js';
import type { Pod } from '../api/types/core/v1.js';
import { named } from '../util/named.js';
import { admit } from './admission.js';
import { surplusContainers } from './cleanup.js';
import { keepTimes, ready } from './conditions.js';
import type { KubeletContext } from './context.js';
import { killContainers } from './kill.js';
import { podStatus } from './status.js';
import { decide } from './sync.js';

/** What is mended takes a tenth of this at most; before, each took several times this. */
const LIMIT_MS = 5000;
const list = <T>(n: number, of: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => of(i));
const MANY = 30_000;
const podOf = (spec: object): Pod =>
  ({ metadata: { name: 'p', namespace: 'd', uid: 'u' }, spec: { containers: [], ...spec } }) as unknown as Pod;
const containers = (prefix: string, more: object = {}) => list(MANY, (i) => ({ name: `${prefix}${i}`, image: 'i', ...more }));
const all = (prefix: string, word: string): Record<string, string> => Object.fromEntries(list(MANY, (i) => [`${prefix}${i}`, word]));

const main = podOf({ containers: containers('c') });
const both = podOf({ containers: containers('c'), initContainers: containers('i') });
const sidecars = podOf({ containers: [{ name: 'c', image: 'i' }], initContainers: containers('s', { restartPolicy: 'Always' }) });
const statusOf = (pod: Pod, has: Record<string, string>) =>
  podStatus({
    pod,
    old: {},
    seen: seen(pod, has),
    runtimeName: 'r',
    reasons: new Map(),
    probes: { started: () => true, ready: () => true },
    hostIPs: [],
    over: false,
    now: 0,
  });
const probes = { liveness: () => undefined, startup: () => undefined };
const conditions = list(MANY, (i) => ({ type: `t${i}`, status: 'True' }));
const withPorts = (uid: string, from: number): Pod => ({
  ...podOf({ containers: [{ name: 'c', ports: list(MANY, (i) => ({ containerPort: 1, hostPort: from + i })) }] }),
  metadata: { uid } as never,
});

it.each<[string, () => unknown, unknown]>([
  ['the status of many containers', () => statusOf(main, all('c', 'run')).phase, 'Running'],
  ['the status of many that crashed', () => statusOf(both, { ...all('i', 'exit:0'), ...all('c', 'exit:1') }).phase, 'Running'],
  ['the status of many init containers that are no more', () => statusOf(both, {}).phase, 'Pending'],
  ['what to do about many', () => decide(main, seen(main, all('c', 'exit:1')), probes).length, MANY],
  ['what is left of many', () => surplusContainers(main, seen(main, all('x', 'exit:1'))).length, MANY],
  ['host ports', () => admit(withPorts('a', 1), [withPorts('b', 32_000)], { metadata: {}, status: {} } as never), undefined],
  [
    'readiness gates and conditions',
    () =>
      ready(podOf({ readinessGates: conditions.map((c) => ({ conditionType: c.type })) }), [], 'Running', conditions.toReversed()).status,
    'True',
  ],
  ['conditions of others', () => keepTimes(conditions, conditions.toReversed(), 'now').length, MANY],
])('%s', { timeout: 60_000 }, (_, work, wanted) => {
  const started = performance.now();
  expect(work()).toEqual(wanted);
  expect(performance.now() - started).toBeLessThan(LIMIT_MS);
});

it('many sidecars end one after the other, the last first', { timeout: 60_000 }, async () => {
  const stopped: string[] = [];
  const ctx = {
    env: { clock: { now: () => 0, after: () => ({ cancel: () => {} }) } },
    runtime: { stopContainer: async (id: string) => void stopped.push(id) },
    events: { normal: () => {} },
  } as unknown as KubeletContext;
  const started = performance.now();
  await killContainers(ctx, sidecars, seen(sidecars, { c: 'run', ...all('s', 'run') }), 30);
  expect(performance.now() - started).toBeLessThan(LIMIT_MS);
  expect([stopped[0], ...stopped.slice(1, 4)]).toEqual(['c-0', ...[1, 2, 3].map((n) => `s${MANY - n}-0`)]);
  expect(stopped).toHaveLength(MANY + 1);
});

it('a name stands for the first that has it, in long lists as in short ones', () => {
  for (const n of [3, 100]) {
    const items = list(n, (i) => ({ name: i % 2 ? 'odd' : 'even', i }));
    expect([named(items, 'even')?.i, named(items, 'odd')?.i, named(items, 'none')]).toEqual([0, 1, undefined]);
  }
});
