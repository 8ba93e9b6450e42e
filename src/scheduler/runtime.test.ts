/** Each extension point: who is asked, in which order, and what an answer does. */
import { describe, expect, it } from 'vitest';
import { CycleState, StateKey } from './cycle-state.js';
import {
  definePlugin,
  failed,
  MAX_SCORE,
  normalizeByMax,
  type Plugin,
  SKIP,
  type Status,
  unresolvable,
  unschedulable,
} from './framework.js';
import { podInfo } from './pod-info.js';
import { cacheOf, find, handle, makeNode, makePod, only } from './testing/fixtures.js';

const plugin = (name: string, points: Plugin) => definePlugin(name, () => points);
const nodes = (n: number) => Array.from({ length: n }, (_, i) => makeNode(`n${i}`));
const pod = podInfo(makePod('a'));

describe('preFilter', () => {
  it('a plugin that skips is not asked in filter; the others are, with what they wrote', async () => {
    const asked: string[] = [];
    const key = new StateKey<string[]>();
    const skips = plugin('Skips', { preFilter: () => SKIP, filter: () => void asked.push('skips') as undefined });
    const asks = plugin('Asks', {
      preFilter: (state) => void state.write(key, ['written']) as undefined,
      filter: (state) => void asked.push(...(state.read(key) ?? [])) as undefined,
    });
    expect((await find(cacheOf(nodes(1)), makePod('a'), { framework: only(skips, asks) })).node).toBe('n0');
    expect(asked).toEqual(['written']);
  });

  it.each<[string, string[][], string | RegExp, string[]]>([
    ['one of two narrows to a node', [['n1']], 'n1', []],
    [
      'two narrow to what both allow',
      [
        ['n0', 'n1'],
        ['n1', 'n2'],
      ],
      'n1',
      [],
    ],
    [
      'nothing is left',
      [['n0'], ['n1']],
      "0/3 nodes are available: node(s) didn't satisfy plugin(s) [P0 P1] simultaneously.",
      ['P0', 'P1'],
    ],
    ['one allows nothing', [[]], "0/3 nodes are available: node(s) didn't satisfy plugin P0.", ['P0']],
    ['a node that is not there', [['x']], "0/3 nodes are available: 3 node(s) didn't satisfy plugin(s) [P0].", ['P0']],
  ])('%s', async (_what, sets, right, by) => {
    const narrow = sets.map((s, i) => plugin(`P${i}`, { preFilter: () => ({ nodeNames: new Set(s) }) }));
    const found = await find(cacheOf(nodes(3)), makePod('a'), { framework: only(...narrow) });
    expect(found.node ?? found.message).toBe(right);
    expect(found.refusedBy).toEqual(by);
  });

  it('a refusal ends the cycle: no node is looked at, postFilter is asked', async () => {
    const seen: string[] = [];
    const p = plugin('P', {
      preFilter: () => unresolvable('never'),
      filter: () => void seen.push('filter') as undefined,
      postFilter: (_s, _p, statuses) => {
        seen.push(`postFilter ${statuses.get('n0')?.status.code} ${statuses.nodes}`);
        return { status: unschedulable('no help') };
      },
    });
    const found = await find(cacheOf(nodes(2)), makePod('a'), { framework: only(p) });
    expect(found.message).toBe('0/2 nodes are available: never. no help.');
    expect(seen).toEqual(['postFilter UnschedulableAndUnresolvable 2']);
  });
});

describe('filter', () => {
  it('the first plugin that refuses a node is the one that counts', async () => {
    const first = plugin('First', { filter: (_s, _p, n) => (n.name === 'n0' ? unschedulable('one') : undefined) });
    const second = plugin('Second', { filter: (_s, _p, n) => (n.name === 'n2' ? undefined : unschedulable('two', 'three')) });
    const refuse = plugin('Refuse', { filter: (_s, _p, n) => (n.name === 'n2' ? unresolvable('four') : undefined) });
    const found = await find(cacheOf(nodes(3)), makePod('a'), { framework: only(first, second, refuse) });
    expect(found.message).toBe('0/3 nodes are available: 1 four, 1 one, 1 three, 1 two.');
    expect(found.refusedBy).toEqual(['First', 'Second', 'Refuse']);
  });

  it.each<Status>([failed(new Error('oh')), SKIP])('an answer that is no refusal is an error: %o', async (status) => {
    await expect(find(cacheOf(nodes(1)), makePod('a'), { framework: only(plugin('P', { filter: () => status })) })).rejects.toThrow(
      /^running filter plugin "P": (oh|Skip)$/,
    );
  });

  it('what would be if a Pod came or went changes a copy of the state', () => {
    const key = new StateKey<{ n: number }>((v) => ({ ...v }));
    const change = (by: number) => (state: CycleState) => {
      state.read(key)!.n += by;
      return undefined;
    };
    const p = plugin('P', {
      preFilter: (state) => void state.write(key, { n: 5 }) as undefined,
      preFilterExtensions: { addPod: change(1), removePod: change(-1) },
    });
    const skips = plugin('Skips', {
      preFilter: () => SKIP,
      preFilterExtensions: { addPod: () => unschedulable('asked'), removePod: () => unschedulable('asked') },
    });
    const f = only(p, skips);
    const { snapshot } = cacheOf(nodes(1));
    const state = new CycleState();
    f.preFilter(state, pod, snapshot);
    const copy = state.clone();
    expect(f.removePod(copy, pod, pod, snapshot.nodes[0]!)).toBeUndefined();
    expect(f.removePod(copy, pod, pod, snapshot.nodes[0]!)).toBeUndefined();
    expect(f.addPod(copy, pod, pod, snapshot.nodes[0]!)).toBeUndefined();
    expect([state.read(key), copy.read(key)]).toEqual([{ n: 5 }, { n: 4 }]);
  });
});

describe('score', () => {
  const scores = (name: string, of: readonly number[], more: Plugin = {}) =>
    plugin(name, { score: (_s, _p, n) => of[Number(n.name.slice(1))]!, ...more });

  it('the weighted sum of normalized scores decides', async () => {
    const a = scores('A', [1, 2, 4], { normalizeScore: (_s, _p, x) => normalizeByMax(x) });
    const b = scores('B', [3, 1, 3], { normalizeScore: (_s, _p, x) => normalizeByMax(x, true) });
    const c = scores('C', [0, 9, 0]);
    const totals = async (...p: (typeof a)[]) => (await find(cacheOf(nodes(3)), makePod('a'), { framework: only(...p) })).node;
    expect([await totals(a), await totals(b), await totals(a, b), await totals(a, c)]).toEqual(['n2', 'n1', 'n1', 'n2']);
  });

  it('a plugin that skips is not asked, and a single node is not scored', async () => {
    const never = scores('Never', [Number.NaN], { preScore: () => SKIP });
    expect((await find(cacheOf(nodes(3)), makePod('a'), { framework: only(never) })).node).toMatch(/^n/);
    const asked = plugin('Asked', { score: () => Number.NaN });
    expect((await find(cacheOf(nodes(1)), makePod('a'), { framework: only(asked) })).node).toBe('n0');
  });

  it.each([-1, MAX_SCORE + 1, Number.NaN])('%d is no score', async (score) => {
    await expect(find(cacheOf(nodes(2)), makePod('a'), { framework: only(plugin('P', { score: () => score })) })).rejects.toThrow(
      'is not from 0 to 100',
    );
  });

  it('among equals each has its chance', async () => {
    const seen = new Set<string | undefined>();
    const random = handle().env.random as never;
    for (let i = 0; i < 60; i++) seen.add((await find(cacheOf(nodes(3)), makePod('a'), { framework: only(), random })).node);
    expect(seen.size).toBe(3);
  });
});

it('reserve stops at the first refusal; unreserve asks all, the last first', () => {
  const steps: string[] = [];
  const step = (name: string, status?: Status) =>
    plugin(name, {
      reserve: () => (steps.push(name), status),
      unreserve: () => void steps.push(`-${name}`),
    });
  const f = only(step('A'), step('B', unschedulable('no')), step('C'));
  const state = new CycleState();
  expect(f.reserve(state, pod, 'n')).toEqual({ plugin: 'B', status: unschedulable('no') });
  f.unreserve(state, pod, 'n');
  expect(steps).toEqual(['A', 'B', '-C', '-B', '-A']);
});

it('permit gathers who makes the Pod wait; one refusal is enough', () => {
  const wait = (name: string, ms?: number) => plugin(name, { permit: () => ({ status: { code: 'Wait', reasons: [] }, timeoutMs: ms }) });
  const refuse = plugin('R', { permit: () => ({ status: unschedulable('no') }) });
  const throws = plugin('T', {
    permit: () => {
      throw new Error('oh');
    },
  });
  const permit = (...p: (typeof refuse)[]) => only(...p).permit(new CycleState(), pod, 'n');
  expect(permit(wait('A', 5), wait('B'))).toEqual({
    waits: new Map([
      ['A', 5],
      ['B', Number.POSITIVE_INFINITY],
    ]),
  });
  expect(permit(wait('A', 5), refuse)).toEqual({ refused: { plugin: 'R', status: unschedulable('no') } });
  expect(permit(throws)).toMatchObject({ refused: { plugin: 'T', status: { code: 'Error', reasons: ['oh'] } } });
});

it('bind: the first that does not skip', async () => {
  const asked: string[] = [];
  const bind = (name: string, status?: Status) => plugin(name, { bind: async () => (asked.push(name), status) });
  const f = only(bind('A', SKIP), bind('B'), bind('C'));
  expect(await f.bind(new CycleState(), pod, 'n')).toBeUndefined();
  expect(asked).toEqual(['A', 'B']);
});

describe('sampling', () => {
  it('begins where it is told to, and looks at no more than it must', async () => {
    const cache = cacheOf(nodes(1000));
    const odd = plugin('Odd', { filter: (_s, _p, n) => (Number(n.name.slice(1)) % 2 ? undefined : unschedulable('even')) });
    const seen: string[] = [];
    const note = plugin('Note', { preScore: (_s, _p, fits) => void seen.push(fits[0]!.name, fits.at(-1)!.name) as undefined });
    const found = await find(cache, makePod('a'), { framework: only(odd, note), start: 900 });
    expect([found.looked, seen]).toEqual([840, ['n901', 'n739']]);
  });
});
