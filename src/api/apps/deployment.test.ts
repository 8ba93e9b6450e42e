import { describe, expect, it } from 'vitest';
import { faults, prepared, row, updateFaults } from '../testing.js';
import type { Deployment } from '../types/apps/v1.js';

const deployment = (spec: object = {}, status: object = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'a', namespace: 'b' },
  spec: {
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    ...spec,
  },
  status,
});

it('fills what a deployment needs', () => {
  expect(prepared<Deployment>(deployment()).spec).toMatchObject({
    replicas: 1,
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
    template: { spec: { restartPolicy: 'Always', containers: [{ imagePullPolicy: 'Always' }] } },
  });
  expect(prepared<Deployment>(deployment({ strategy: { type: 'Recreate' } })).spec.strategy).toEqual({ type: 'Recreate' });
});

describe('validation', () => {
  const rolling = (rollingUpdate: object) => deployment({ strategy: { type: 'RollingUpdate', rollingUpdate } });
  it.each<[string, object, string[]]>([
    ['a plain deployment', deployment(), []],
    ['replicas below zero', deployment({ replicas: -1 }), ['spec.replicas: Invalid value: -1: must be greater than or equal to 0']],
    ['a selector of nothing', deployment({ selector: {} }), ['spec.selector: Invalid value: {}: empty selector is invalid for deployment']],
    [
      'a selector of other pods',
      deployment({ selector: { matchLabels: { app: 'other' } } }),
      ['spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`'],
    ],
    [
      'nothing to move',
      rolling({ maxSurge: 0, maxUnavailable: '0%' }),
      ['spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 when `maxSurge` is 0'],
    ],
    [
      'more than all',
      rolling({ maxUnavailable: '101%' }),
      ['spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%'],
    ],
    [
      'a deadline before pods can be ready',
      deployment({ minReadySeconds: 60, progressDeadlineSeconds: 60 }),
      ['spec.progressDeadlineSeconds: Invalid value: 60: must be greater than minReadySeconds'],
    ],
  ])('%s', (_what, given, expected) => {
    expect(faults(given as never)).toEqual(expected);
  });
});

it('keeps its selector', () => {
  const other = deployment({
    selector: { matchLabels: { app: 'web', b: 'c' } },
    template: { metadata: { labels: { app: 'web', b: 'c' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
  });
  expect(updateFaults(deployment(), deployment({ replicas: 3 }))).toEqual([]);
  expect(updateFaults(deployment(), other)).toEqual([
    'spec.selector: Invalid value: {"matchLabels":{"app":"web","b":"c"}}: field is immutable',
  ]);
});

it('shows how far it is', () => {
  expect(row(deployment({ replicas: 3 }, { readyReplicas: 1, updatedReplicas: 2, availableReplicas: 1 }))).toMatchObject({
    Ready: '1/3',
    'Up-to-date': 2,
    Available: 1,
    Containers: 'c',
    Images: 'i',
    Selector: 'app=web',
  });
});
