import { expect, it } from 'vitest';
import { parseYaml } from '../meta/yaml.js';
import { readConfiguration } from './config.js';
import { registry } from './plugins/default.js';
import { createFrameworks } from './profiles.js';
import { handle } from './testing/fixtures.js';

const HEAD = 'apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n';

it('a file becomes profiles', () => {
  const profiles = readConfiguration(
    parseYaml(`${HEAD}percentageOfNodesToScore: 70
profiles:
- schedulerName: default-scheduler
- schedulerName: packing
  percentageOfNodesToScore: 20
  plugins:
    score:
      disabled: [{ name: '*' }]
      enabled: [{ name: NodeResourcesFit, weight: 5 }]
  pluginConfig:
  - name: NodeResourcesFit
    args:
      apiVersion: kubescheduler.config.k8s.io/v1
      kind: NodeResourcesFitArgs
      scoringStrategy: { type: MostAllocated, resources: [{ name: cpu, weight: 2 }] }
`),
  );
  const made = [...createFrameworks(profiles, registry, handle()).values()];
  expect(made.map((f) => [f.profileName, f.percentageOfNodesToScore, f.plugins('score').length])).toEqual([
    ['default-scheduler', 70, 5],
    ['packing', 20, 1],
  ]);
});

it('a file without profiles is the default one', () =>
  expect([...createFrameworks(readConfiguration(parseYaml(HEAD)), registry, handle()).keys()]).toEqual(['default-scheduler']));

it.each<[string, RegExp]>([
  ['kind: Other', /not a KubeSchedulerConfiguration of/],
  ['[]', /the configuration is no object/],
  [`${HEAD}leaderElection: { leaderElect: true }`, /the field "leaderElection" is unknown or not supported/],
  [`${HEAD}profiles: {}`, /profiles is no list/],
  [`${HEAD}profiles: [{ schedulerName: 5 }]`, /profiles\[0\]\.schedulerName is no text/],
  [`${HEAD}profiles: [{ plugins: { score: { enabled: [{ nam: x }] } } }]`, /profiles\[0\]\.plugins\.score\.enabled\[0\]: the field "nam"/],
  [`${HEAD}profiles: [{ plugins: { scores: {} } }]`, /profiles\[0\]\.plugins: the field "scores"/],
  [`${HEAD}profiles: [{ plugins: { score: { enabled: [{ name: X, weight: 1.5 }] } } }]`, /weight is no whole number/],
  [`${HEAD}profiles: [{ pluginConfig: [{ name: X, args: { kind: YArgs } }] }]`, /args\.kind is not XArgs/],
])('refused: %s', (file, message) => expect(() => readConfiguration(parseYaml(file))).toThrow(message));
