import { expect, it } from 'vitest';
import type { Node, Pod } from '../../api/types/core/v1.js';
import { CycleState } from '../cycle-state.js';
import { podInfo } from '../pod-info.js';
import { cacheOf, handle } from '../testing/fixtures.js';
import { nodePorts } from './node-ports.js';

const pod = (name: string, ...ports: object[]) =>
  ({ metadata: { name, namespace: 'default' }, spec: { containers: [{ name: 'c', ports }] } }) as unknown as Pod;
const node = (annotations: Record<string, string> = {}) =>
  ({
    metadata: { name: 'n', annotations },
    spec: {},
    status: { allocatable: {}, daemonEndpoints: { kubeletEndpoint: { Port: 10250 } } },
  }) as unknown as Node;
const OWN = { 'k8ts.io/own-host-ports': 'TCP/6443=kube-apiserver,UDP/53=dns' };
const host = (hostPort: number, more: object = {}) => ({ containerPort: 80, hostPort, ...more });
const why = (annotations: Record<string, string>, wanted: object[], present: object[] = []) => {
  const cache = cacheOf([node(annotations)], [[pod('other', ...present), 'n']]);
  return nodePorts.create({}, handle()).filter!(new CycleState(), podInfo(pod('p', ...wanted)), cache.snapshot.node('n')!);
};
const TAKEN = "node(s) didn't have free ports for the requested pod ports";
const [fits, taken, own] = [
  undefined,
  { code: 'Unschedulable', reasons: [TAKEN] },
  { code: 'UnschedulableAndUnresolvable', reasons: [TAKEN] },
];

it.each<[string, Record<string, string>, object[], object[], object | undefined]>([
  ['no host port', OWN, [{ containerPort: 6443 }], [host(80)], fits],
  ['a free one', OWN, [host(81)], [host(80)], fits],
  ['a taken one', OWN, [host(80)], [host(80)], taken],
  ['one taken by another protocol', OWN, [host(80, { protocol: 'UDP' })], [host(80)], fits],
  ['one taken at another address', OWN, [host(80, { hostIP: '10.0.0.1' })], [host(80, { hostIP: '10.0.0.2' })], fits],
  ['one taken at all addresses', OWN, [host(80, { hostIP: '10.0.0.1' })], [host(80)], taken],
  ["the API server's", OWN, [host(6443)], [], own],
  ["the API server's, at one address", OWN, [host(6443, { hostIP: '127.0.0.1' })], [], own],
  ["the API server's, of another protocol", OWN, [host(6443, { protocol: 'UDP' })], [], fits],
  ['one of the DNS', OWN, [host(53, { protocol: 'UDP' })], [], own],
  ["the kubelet's", {}, [host(10250)], [], own],
  ['one that another node holds', {}, [host(6443)], [], fits],
])('%s', (_what, annotations, wanted, present, right) => {
  expect(why(annotations, wanted, present)).toEqual(right);
});
