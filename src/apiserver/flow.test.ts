import { describe, expect, it } from 'vitest';
import { CLIENTS, Flow, kindOf, weightOf } from './flow.js';

const user = (name: string, ...groups: string[]) => ({ name, groups });
const ADMIN = user('admin', 'system:masters');
const fill = (flow: Flow, who: ReturnType<typeof user>, kind: 'read' | 'write', n: number, inside = false) =>
  Array.from({ length: n }, () => flow.enter(who, kind, inside));

describe('Flow', () => {
  it.each([
    ['one user', [['a', 300]], 'a', true],
    ['another, beside him', [['a', 300]], 'b', false],
    [
      'anyone, when all is taken',
      [
        ['a', 300],
        ['b', 100],
      ],
      'c',
      true,
    ],
    ['those without credentials', [['system:anonymous', 50]], 'system:anonymous', true],
    ['a user, whatever those without credentials do', [['system:anonymous', 50]], 'a', false],
  ] as const)('%s', (_, taken, who, refused) => {
    const flow = new Flow();
    for (const [name, n] of taken) fill(flow, user(name), 'read', n);
    const ask = () => flow.enter(user(who), 'read', false);
    if (refused) expect(ask).toThrow('Too many requests');
    else expect(ask).not.toThrow();
  });

  it('an administrator is never refused; reads, writes and what is inside count apart', () => {
    const flow = new Flow();
    fill(flow, ADMIN, 'write', CLIENTS.write.all + 10);
    expect(() => flow.enter(user('a'), 'write', false)).toThrow();
    expect(() => flow.enter(ADMIN, 'write', false)).not.toThrow();
    expect(() => flow.enter(user('a'), 'read', false)).not.toThrow();
    expect(() => flow.enter(user('a'), 'write', true)).not.toThrow();
  });

  it('what is given back, even twice, can be taken again', () => {
    const flow = new Flow();
    const taken = fill(flow, user('a'), 'read', 300);
    for (const give of [...taken, ...taken]) give();
    expect(flow.used('read')).toBe(0);
    expect(() => fill(flow, user('a'), 'read', 300)).not.toThrow();
  });
});

it.each([
  ['get', '', 'read'],
  ['list', '', 'read'],
  ['watch', '', 'long'],
  ['get', 'log', 'long'],
  ['create', 'exec', 'long'],
  ['create', '', 'write'],
  ['post', '', 'write'],
  ['deletecollection', '', 'write'],
])('%s %s is a %s', (verb, subresource, kind) => expect(kindOf({ verb, subresource })).toBe(kind));

it.each([
  ['long', '', 1],
  ['long', 'labelSelector=app%3Dweb', 1],
  ['long', `labelSelector=${'x'.repeat(5120)}`, 21],
  ['long', `labelSelector=${'x'.repeat(2560)}&fieldSelector=${'y'.repeat(256)}`, 12],
  ['read', `labelSelector=${'x'.repeat(5120)}`, 1],
] as const)('a watch weighs what its selectors do: %s %s', (kind, query, weight) => {
  expect(weightOf(kind, new URLSearchParams(query))).toBe(weight);
});
