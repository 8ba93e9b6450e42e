import { describe, expect, it } from 'vitest';
import { pod } from '../../test/kubelet/simulated.js';
import { allocatable } from './node-status.js';
import { allPodsLimits, overReserved, parseReserved, qosShares, type Reserved } from './reserved.js';

const TOTAL = { cpu: '4', memory: '8Gi', 'ephemeral-storage': '100Gi', pods: '110' };
const GI = 2 ** 30;

it.each<[string, Reserved | string]>([
  ['', {}],
  ['memory=1Gi,pid=1000', { memory: '1Gi', pid: '1000' }],
  ['cpu=500m,ephemeral-storage=2G', { cpu: '500m', 'ephemeral-storage': '2G' }],
  ['disk=1', 'cannot reserve "disk" resource: only cpu, memory, ephemeral-storage, pid'],
  ['__proto__=1', 'cannot reserve "__proto__" resource: only cpu, memory, ephemeral-storage, pid'],
  ['memory', 'failed to parse quantity "" for "memory" resource'],
  ['memory=1=2', 'failed to parse quantity "1=2" for "memory" resource'],
  ['memory=-1', 'resource quantity for "memory" cannot be negative: -1'],
])('%s is read as %j', (text, right) => {
  if (typeof right === 'string') expect(() => parseReserved(text)).toThrow(right);
  else expect(parseReserved(text)).toEqual(right);
});

it.each<[Reserved, string | undefined]>([
  [{ memory: '8Gi', cpu: '4' }, undefined],
  [
    { memory: '9Gi' },
    'invalid Node Allocatable configuration. Resource "memory" has a reservation of 9Gi but capacity of 8Gi. Expected capacity >= reservation.',
  ],
])('of 4 CPUs and 8Gi: %j', (reserved, why) => expect(overReserved(TOTAL, reserved)).toBe(why));

describe('what Pods have together', () => {
  it.each<[string, Reserved, object, object]>([
    ['all', {}, { cpuShares: 4096, memoryLimit: 8 * GI, pidsLimit: 30_000 }, { cpu: '4', memory: '8092Mi' }],
    [
      'all but what is reserved',
      { cpu: '500m', memory: '1Gi', pid: '1000' },
      { cpuShares: 3584, memoryLimit: 7 * GI, pidsLimit: 29_000 },
      { cpu: '3500m', memory: '7068Mi' },
    ],
    ['nothing', { cpu: '4', memory: '8Gi', pid: '40000' }, { cpuShares: 2, memoryLimit: 0, pidsLimit: 0 }, { cpu: '0', memory: '0' }],
  ])('%s', (_, reserved, limits, told) => {
    expect(allPodsLimits(TOTAL, 30_000, reserved)).toEqual(limits);
    expect(allocatable(TOTAL, reserved)).toMatchObject(told);
  });
});

it('burstable Pods have what they ask for together, best-effort ones the least', () => {
  const asks = (name: string, requests: object, limits = {}) => pod({ name, containers: [{ resources: { requests, limits } }] });
  const same = { cpu: '1', memory: '1Gi' };
  const pods = [asks('a', { cpu: '500m' }), asks('b', { cpu: '250m' }), asks('c', { memory: '1Gi' }), asks('d', same, same), asks('e', {})];
  expect(qosShares(pods)).toEqual({ burstable: 768, besteffort: 2 });
  expect(qosShares([])).toEqual({ burstable: 2, besteffort: 2 });
});
