import { describe, expect, it } from 'vitest';
import { pod, simulatedNode } from '../../test/kubelet/simulated.js';
import { Expansion } from './expansion.js';

const DOUBLINGS = 21;
const bomb = [
  { name: 'A0', value: 'x'.repeat(1024) },
  ...Array.from({ length: DOUBLINGS }, (_, i) => ({ name: `A${i + 1}`, value: `$(A${i})$(A${i})` })),
];
const wide = [{ name: 'A', value: 'x'.repeat(100_000) }, ...Array.from({ length: 100 }, (_, i) => ({ name: `B${i}`, value: '$(A)' }))];
const A = [{ name: 'A', value: 'x'.repeat(100_000) }];

describe('a container whose settings grow', () => {
  it.each<[string, object, string | undefined]>([
    ['an environment that doubles', { env: bomb }, 'environment variable "A12": more than 4194304 characters after expansion'],
    ['an environment of many copies', { env: wide }, 'environment variable "B40": more than 4194304 characters after expansion'],
    [
      'one value of many copies',
      { env: [...A, { name: 'B', value: '$(A)'.repeat(50) }] },
      'environment variable "B": more than 4194304 characters after expansion',
    ],
    ['a command of many copies', { env: A, command: ['$(A)'.repeat(50)] }, 'command: more than 4194304 characters after expansion'],
    ['many commands', { env: A, command: Array(50).fill('$(A)') }, 'command: more than 4194304 characters after expansion'],
    ['arguments of many copies', { env: A, args: ['$(A)'.repeat(50)] }, 'args: more than 4194304 characters after expansion'],
    [
      'commands and arguments together',
      { env: A, command: Array(25).fill('$(A)'), args: Array(25).fill('$(A)') },
      'args: more than 4194304 characters after expansion',
    ],
    [
      'a sub-path of many copies',
      { env: [{ name: 'A', value: 'x'.repeat(1000) }], volumeMounts: [{ name: 'v', mountPath: '/v', subPathExpr: '$(A)/'.repeat(5) }] },
      'subPathExpr: more than 4096 characters after expansion',
    ],
    ['as much as fits', { env: [...A, { name: 'B', value: '$(A)'.repeat(40) }] }, undefined],
  ])('by %s', async (_, container, message) => {
    const n = await simulatedNode();
    n.api.put(pod({ name: 'p', spec: { volumes: [{ name: 'v', emptyDir: {} }] }, containers: [container] }));
    await n.clock.advance('3s');
    const state = n.get('p')?.status.containerStatuses?.[0]?.state;
    if (message) expect(state).toEqual({ waiting: { reason: 'CreateContainerConfigError', message } });
    else expect(state?.running).toBeDefined();
    await n.kubelet.stop();
  });
});

it('a text of many openings without a close takes a time like its length', () => {
  const text = '$('.repeat(500_000);
  const begun = performance.now();
  expect(new Expansion().expand(text, () => '', 'text')).toBe(text);
  expect(performance.now() - begun).toBeLessThan(5_000);
});
