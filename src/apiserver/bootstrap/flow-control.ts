/** The default flow schemas and priority levels. Source: https://kubernetes.io/docs/concepts/cluster-administration/flow-control/#defaults */
import type { AnyObject } from '../../meta/object.js';

const API = 'flowcontrol.apiserver.k8s.io/v1';
const annotations = { 'apf.kubernetes.io/autoupdate-spec': 'true' };

/** name: concurrency shares, lendable percent, and queues (count, hand size, length); no queues: reject. */
const LEVELS: readonly [name: string, shares: number, lendable: number, queues?: readonly [number, number, number]][] = [
  ['system', 30, 33, [64, 6, 50]],
  ['node-high', 40, 25, [64, 6, 50]],
  ['leader-election', 10, 0, [16, 4, 50]],
  ['workload-high', 40, 50, [128, 6, 50]],
  ['workload-low', 100, 90, [128, 6, 50]],
  ['global-default', 20, 50, [128, 6, 50]],
  ['catch-all', 5, 0],
];

const EVERYTHING = {
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
};
const group = (name: string) => ({ kind: 'Group', group: { name } });
const user = (name: string) => ({ kind: 'User', user: { name } });
const SYSTEM_ACCOUNTS = { kind: 'ServiceAccount', serviceAccount: { namespace: 'kube-system', name: '*' } };
const EVERYONE = [group('system:unauthenticated'), group('system:authenticated')];
const LEASES = { apiGroups: ['coordination.k8s.io'], resources: ['leases'], namespaces: ['*'] };

/** name: level, precedence, how flows are told apart, subjects and rules. */
const SCHEMAS: readonly [name: string, level: string, precedence: number, by: 'ByUser' | 'ByNamespace' | undefined, rules: object[]][] = [
  ['exempt', 'exempt', 1, undefined, [{ subjects: [group('system:masters')], ...EVERYTHING }]],
  [
    'probes',
    'exempt',
    2,
    undefined,
    [{ subjects: EVERYONE, nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }] }],
  ],
  [
    'system-leader-election',
    'leader-election',
    100,
    'ByUser',
    [
      {
        subjects: [user('system:kube-controller-manager'), user('system:kube-scheduler'), SYSTEM_ACCOUNTS],
        resourceRules: [{ verbs: ['get', 'create', 'update'], ...LEASES }],
      },
    ],
  ],
  [
    'system-node-high',
    'node-high',
    400,
    'ByUser',
    [
      {
        subjects: [group('system:nodes')],
        resourceRules: [
          { verbs: ['*'], apiGroups: [''], resources: ['nodes', 'nodes/status'], clusterScope: true, namespaces: ['*'] },
          { verbs: ['*'], ...LEASES },
        ],
      },
    ],
  ],
  ['system-nodes', 'system', 500, 'ByUser', [{ subjects: [group('system:nodes')], ...EVERYTHING }]],
  ['kube-controller-manager', 'workload-high', 800, 'ByNamespace', [{ subjects: [user('system:kube-controller-manager')], ...EVERYTHING }]],
  ['kube-scheduler', 'workload-high', 800, 'ByNamespace', [{ subjects: [user('system:kube-scheduler')], ...EVERYTHING }]],
  ['kube-system-service-accounts', 'workload-high', 900, 'ByNamespace', [{ subjects: [SYSTEM_ACCOUNTS], ...EVERYTHING }]],
  ['service-accounts', 'workload-low', 9000, 'ByUser', [{ subjects: [group('system:serviceaccounts')], ...EVERYTHING }]],
  ['global-default', 'global-default', 9900, 'ByUser', [{ subjects: EVERYONE, ...EVERYTHING }]],
  ['catch-all', 'catch-all', 10000, 'ByUser', [{ subjects: EVERYONE, ...EVERYTHING }]],
];

export function flowControlDefaults(): AnyObject[] {
  const levels = LEVELS.map(([name, nominalConcurrencyShares, lendablePercent, queues]) => ({
    apiVersion: API,
    kind: 'PriorityLevelConfiguration',
    metadata: { name, annotations },
    spec: {
      type: 'Limited',
      limited: {
        nominalConcurrencyShares,
        limitResponse: queues
          ? { type: 'Queue', queuing: { queues: queues[0], handSize: queues[1], queueLengthLimit: queues[2] } }
          : { type: 'Reject' },
        lendablePercent,
      },
    },
  }));
  const exempt = {
    apiVersion: API,
    kind: 'PriorityLevelConfiguration',
    metadata: { name: 'exempt', annotations },
    spec: { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } },
  };
  const schemas = SCHEMAS.map(([name, level, matchingPrecedence, by, rules]) => ({
    apiVersion: API,
    kind: 'FlowSchema',
    metadata: { name, annotations },
    spec: { priorityLevelConfiguration: { name: level }, matchingPrecedence, ...(by ? { distinguisherMethod: { type: by } } : {}), rules },
  }));
  return [exempt, ...levels, ...schemas] as unknown as AnyObject[];
}
