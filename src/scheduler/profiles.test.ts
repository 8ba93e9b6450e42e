import { describe, expect, it } from 'vitest';
import { definePlugin, type ExtensionPoint } from './framework.js';
import { registry } from './plugins/default.js';
import { createFrameworks, type Profile } from './profiles.js';
import { handle } from './testing/fixtures.js';

const score = (name: string) => definePlugin(name, () => ({ score: () => 0, filter: () => undefined }));
const own = {
  factories: [...registry.factories, score('X'), score('Y'), definePlugin('Sort', () => ({ queueSort: () => true }))],
  defaults: registry.defaults,
};
const made = (...profiles: Profile[]) => createFrameworks(profiles, own, handle());
const at = (profile: Profile, point: ExtensionPoint) => [...made(profile).values()][0]!.plugins(point);
const SCORES = ['TaintToleration', 'NodeAffinity', 'NodeResourcesFit', 'NodeResourcesBalancedAllocation', 'ImageLocality'];

describe('which plugins, in which order', () => {
  it.each<[string, Profile['plugins'], string[]]>([
    ['the default', undefined, SCORES],
    ['one less at a point', { score: { disabled: [{ name: 'NodeAffinity' }] } }, SCORES.filter((n) => n !== 'NodeAffinity')],
    ['one less everywhere', { multiPoint: { disabled: [{ name: 'NodeAffinity' }] } }, SCORES.filter((n) => n !== 'NodeAffinity')],
    ['one more at a point', { score: { enabled: [{ name: 'X' }] } }, [...SCORES, 'X']],
    ['one more everywhere', { multiPoint: { enabled: [{ name: 'X' }] } }, [...SCORES, 'X']],
    ['none but one', { score: { disabled: [{ name: '*' }], enabled: [{ name: 'X' }] } }, ['X']],
    [
      'one moved to the front',
      { score: { enabled: [{ name: 'ImageLocality' }, { name: 'Y' }] } },
      ['ImageLocality', ...SCORES.slice(0, 4), 'Y'],
    ],
    ['another weight does not move it', { multiPoint: { enabled: [{ name: 'NodeAffinity', weight: 9 }] } }, SCORES],
  ])('%s', (_what, plugins, right) => expect(at({ plugins }, 'score')).toEqual(right));

  it('filters are asked as the original does', () =>
    expect(at({}, 'filter')).toEqual([
      'NodeUnschedulable',
      'NodeName',
      'TaintToleration',
      'NodeAffinity',
      'NodePorts',
      'NodeResourcesFit',
    ]));
});

it.each<[string, Profile[], RegExp]>([
  ['no profile', [], /no profile/],
  ['one name twice', [{}, { schedulerName: 'default-scheduler' }], /two profiles are named "default-scheduler"/],
  ['an unknown plugin', [{ plugins: { filter: { enabled: [{ name: 'Nope' }] } } }], /profile "default-scheduler": "Nope" is no plugin/],
  ['a plugin that does nothing there', [{ plugins: { permit: { enabled: [{ name: 'X' }] } } }], /X does nothing at permit/],
  ['a plugin twice', [{ plugins: { score: { enabled: [{ name: 'X' }, { name: 'X' }] } } }], /X twice at score/],
  ['no order', [{ plugins: { queueSort: { disabled: [{ name: '*' }] } } }], /not one queueSort plugin/],
  [
    'two orders',
    [{}, { schedulerName: 'b', plugins: { queueSort: { disabled: [{ name: '*' }], enabled: [{ name: 'Sort' }] } } }],
    /another queueSort plugin/,
  ],
  ['nobody who binds', [{ plugins: { bind: { disabled: [{ name: '*' }] } } }], /no bind plugin/],
  ['a weight below one', [{ plugins: { score: { enabled: [{ name: 'X', weight: -1 }] } } }], /weight of X/],
  ['arguments of nobody', [{ pluginConfig: [{ name: 'Nope', args: {} }] }], /arguments of "Nope"/],
  ['arguments twice', [{ pluginConfig: [0, 1].map(() => ({ name: 'X', args: {} })) }], /arguments of X twice/],
  ['arguments where there are none', [{ pluginConfig: [{ name: 'NodeName', args: { a: 1 } }] }], /NodeName has no argument "a"/],
  [
    'an unknown strategy',
    [{ pluginConfig: [{ name: 'NodeResourcesFit', args: { scoringStrategy: { type: 'Best' } } }] }],
    /neither LeastAllocated nor MostAllocated/,
  ],
  ['a percentage above 100', [{ percentageOfNodesToScore: 101 }], /percentageOfNodesToScore/],
])('refused: %s', (_what, profiles, message) => expect(() => made(...profiles)).toThrow(message));
