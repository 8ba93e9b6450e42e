import { expect, it } from 'vitest';
import { resourceOfKind } from './table.js';
import { faults, prepared } from './testing.js';

/** Lists as long as a body may carry, no two entries alike: what compares each with each takes longer than this by far, in milliseconds. */
const PROMPT_MS = 8000;
const N = 100_000;
const many = <T>(of: (i: number) => T, n = N): T[] => Array.from({ length: n }, (_, i) => of(i));
const word = (i: number): string => `w${i.toString(36)}`;
const meta = { name: 'w', namespace: 'ns' };
const pod = (spec: object) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: meta,
  spec: { containers: [{ name: 'a', image: 'b' }], ...spec },
});
const container = (more: object) => pod({ containers: [{ name: 'a', image: 'b', ...more }] });
const definition = (schema: object) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'ws.a.b' },
  spec: {
    group: 'a.b',
    scope: 'Cluster',
    names: { plural: 'ws', kind: 'W' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    conversion: { strategy: 'Webhook', webhook: { conversionReviewVersions: many(word) } },
  },
});
const term = (more: object) => ({ topologyKey: 'k', ...more });

it.each<[string, { apiVersion: string; kind: string }]>([
  [
    'usages of a certificate',
    {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: meta,
      spec: { request: '', signerName: 'a/b', usages: many(word) },
    } as never,
  ],
  ['review versions of a conversion', definition({ type: 'object' })],
  [
    'keys of a list',
    definition({
      type: 'object',
      properties: {
        list: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': many(word, 50_000),
          items: {
            type: 'object',
            required: many((i) => `r${i}`, 50_000),
            properties: Object.fromEntries(many((i) => [word(i), { type: 'string' }], 50_000)),
          },
        },
      },
    }),
  ],
  [
    'keys of a list that no item has',
    definition({
      type: 'object',
      properties: {
        list: { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': many(word), items: { type: 'object' } },
      },
    }),
  ],
  [
    'tokens of a driver',
    {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'CSIDriver',
      metadata: { name: 'w' },
      spec: { tokenRequests: many((i) => ({ audience: word(i) }), 100_000) },
    } as never,
  ],
  [
    'drivers of a node',
    {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'CSINode',
      metadata: { name: 'w' },
      spec: { drivers: many((i) => ({ name: word(i), nodeID: 'n' }), 100_000) },
    } as never,
  ],
  [
    'topology keys of a driver',
    {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'CSINode',
      metadata: { name: 'w' },
      spec: { drivers: [{ name: 'd', nodeID: 'n', topologyKeys: many(word) }] },
    } as never,
  ],
  [
    'topologies of a class',
    {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: 'w' },
      provisioner: 'p',
      allowedTopologies: [{ matchLabelExpressions: [{ key: 'k', values: many(word) }] }],
    } as never,
  ],
  [
    'exit codes of a Job',
    {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: meta,
      spec: {
        template: { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'b' }] } },
        podFailurePolicy: { rules: [{ action: 'Ignore', onExitCodes: { operator: 'In', values: many((i) => i) } }] },
      },
    } as never,
  ],
  [
    'label keys',
    pod({
      affinity: {
        podAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            term({
              labelSelector: { matchExpressions: many((i) => ({ key: `e${i}`, operator: 'Exists' }), 30_000) },
              matchLabelKeys: many(word, 100_000),
              mismatchLabelKeys: many((i) => `m${i}`, 100_000),
            }),
          ],
        },
      },
    }),
  ],
  [
    'claims of a container',
    container({
      resources: {
        claims: many((i) => ({ name: word(i), request: 'r' }), 60_000).concat(many((i) => ({ name: `x${i}` }) as never, 60_000)),
      },
    }),
  ],
  [
    'mounts beside devices',
    container({
      volumeMounts: many((i) => ({ name: word(i), mountPath: `/${word(i)}` }), 30_000),
      volumeDevices: many((i) => ({ name: `d${i}`, devicePath: `/d${i}` }), 30_000),
    }),
  ],
  [
    'resources of a pod beside those of containers',
    pod({
      resources: { requests: Object.fromEntries(many((i) => [word(i), '1'], 60_000)) },
      containers: many((i) => ({ name: word(i) }), 60_000),
    }),
  ],
  [
    'files of variables',
    pod({
      volumes: many((i) => ({ name: word(i), emptyDir: {} }), 30_000),
      containers: [
        {
          name: 'a',
          image: 'b',
          env: many(
            (i) => ({ name: `E${i}`, valueFrom: { fileKeyRef: { volumeName: word(29_999 - (i % 100)), path: 'p', key: 'k' } } }),
            20_000,
          ),
        },
      ],
    }),
  ],
  [
    'actions of a binding',
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name: 'w' },
      spec: {
        policyName: 'p',
        validationActions: many(word),
        matchResources: {
          resourceRules: [{ operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*'], resourceNames: many(word) }],
        },
      },
    } as never,
  ],
  [
    'annotations of a policy',
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name: 'w' },
      spec: {
        auditAnnotations: many((i) => ({ key: word(i), valueExpression: '1' }), 60_000),
        matchConditions: many((i) => ({ name: word(i), expression: '1' }), 60_000),
      },
    } as never,
  ],
  [
    'webhooks',
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'w' },
      webhooks: [
        { name: 'a.b.c', clientConfig: { url: 'https://a' }, sideEffects: 'None', admissionReviewVersions: many(word) },
        ...many((i) => ({ name: word(i), clientConfig: {} }), 60_000),
      ],
    } as never,
  ],
])('%s', { timeout: 120_000 }, (_, given) => {
  const started = performance.now();
  faults(given);
  expect(performance.now() - started).toBeLessThan(PROMPT_MS);
});

it.each([
  ['alike', () => ({ containerPort: 1 })],
  ['with a host port each', (i: number) => ({ containerPort: 1, hostPort: i + 1 })],
] as const)('warnings about ports %s are few', { timeout: 120_000 }, (_, of) => {
  const given = container({ ports: many(of, 30_000) });
  const started = performance.now();
  const warnings = resourceOfKind('v1', 'Pod')!.warnings(prepared(given) as never);
  expect(warnings.length).toBeLessThan(20_000);
  expect(performance.now() - started).toBeLessThan(PROMPT_MS);
});
