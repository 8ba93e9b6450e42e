/**
 * Lists of entries that differ, as long as a body carries: what looks for one that is there twice, or in another list, does so in proportion
 * to their length. (`wide.test.ts` asks every list and map, shorter.)
 */
import { expect, it } from 'vitest';
import { decode } from '../meta/decode.js';
import { invalidError } from '../meta/errors.js';
import { validateObjectMetaUpdate } from '../meta/metadata.js';
import { builtInResources } from './table.js';

const N = Number(process.env.LONG ?? 100_000);
/** What is mended took a hundredth of this; where each entry was looked for among all, it took several times this. */
const LIMIT_MS = 5000;

const list = <T>(of: (i: number) => T, n = N): T[] => Array.from({ length: n }, (_, i) => of(i));
const names = (n = N) => list((i) => `a-${i}`, n);
const one = { name: 'a', image: 'b' };
const pod = (spec: object) => ({ spec: { containers: [one], ...spec } });
const container = (c: object, spec: object = {}) => ({ spec: { containers: [{ ...one, ...c }], ...spec } });
const HALF = N / 2;

const deleted = { metadata: { name: 'x', namespace: 'x', uid: 'u', deletionTimestamp: '2026-01-01T00:00:00Z' } };
const finalizers = (prefix: string) => ({ metadata: { ...deleted.metadata, finalizers: list((i) => `a.b/${prefix}${i}`) } });

type How = 'meta' | 'create' | 'update' | 'status' | 'warnings';
it.each<[string, string, string, How, object, object?]>([
  ['finalizers of an object that goes', 'v1', 'ConfigMap', 'meta', finalizers('a'), finalizers('b')],
  [
    'requests of a Pod beside its containers',
    'v1',
    'Pod',
    'create',
    {
      spec: {
        resources: { requests: Object.fromEntries(list((i) => [`a${i}`, '1'], HALF)) },
        containers: list((i) => ({ name: `c${i}`, image: 'b', resources: { requests: { cpu: '1' } } }), HALF),
      },
    },
  ],
  ['usages', 'certificates.k8s.io/v1', 'CertificateSigningRequest', 'create', { spec: { usages: names() } }],
  [
    'conditions of a request',
    'certificates.k8s.io/v1',
    'CertificateSigningRequest',
    'status',
    { status: { conditions: list((i) => ({ type: `a${i}`, status: 'True' }), HALF) } },
    { status: { conditions: list((i) => ({ type: `a${i}`, status: 'True' }), HALF) } },
  ],
  [
    'versions of a definition',
    'apiextensions.k8s.io/v1',
    'CustomResourceDefinition',
    'create',
    { spec: { group: 'a.b', names: {}, versions: list((i) => ({ name: `v${i}` })) } },
  ],
  [
    'keys of a list',
    'apiextensions.k8s.io/v1',
    'CustomResourceDefinition',
    'create',
    {
      spec: {
        group: 'a.b',
        names: {},
        versions: [
          {
            name: 'v1',
            schema: {
              openAPIV3Schema: {
                type: 'array',
                'x-kubernetes-list-type': 'map',
                'x-kubernetes-list-map-keys': names(HALF),
                items: { type: 'object', required: names(HALF) },
              },
            },
          },
        ],
      },
    },
  ],
  [
    'stored versions',
    'apiextensions.k8s.io/v1',
    'CustomResourceDefinition',
    'status',
    { spec: { versions: list((i) => ({ name: `v${i}` })) }, status: { storedVersions: list((i) => `w${i}`) } },
    { spec: { versions: [] }, status: {} },
  ],
  [
    'versions of reviews',
    'apiextensions.k8s.io/v1',
    'CustomResourceDefinition',
    'create',
    {
      spec: { group: 'a.b', names: {}, versions: [], conversion: { strategy: 'Webhook', webhook: { conversionReviewVersions: names() } } },
    },
  ],
  [
    'users of a claim',
    'resource.k8s.io/v1',
    'ResourceClaim',
    'status',
    { status: { reservedFor: list((i) => ({ uid: `u${i}` })) } },
    { status: {} },
  ],
  ['audiences', 'storage.k8s.io/v1', 'CSIDriver', 'create', { spec: { tokenRequests: list((i) => ({ audience: `a${i}` })) } }],
  ['drivers of a node', 'storage.k8s.io/v1', 'CSINode', 'create', { spec: { drivers: list((i) => ({ name: `a${i}`, nodeID: 'x' })) } }],
  [
    'drivers of a node, which had others',
    'storage.k8s.io/v1',
    'CSINode',
    'update',
    { spec: { drivers: list((i) => ({ name: `a${i}`, nodeID: 'x' })) } },
    { spec: { drivers: list((i) => ({ name: `a${N - i}`, nodeID: 'x' })) } },
  ],
  [
    'topology keys of a driver',
    'storage.k8s.io/v1',
    'CSINode',
    'create',
    { spec: { drivers: [{ name: 'a', nodeID: 'x', topologyKeys: names() }] } },
  ],
  [
    'topology values',
    'storage.k8s.io/v1',
    'StorageClass',
    'create',
    { provisioner: 'a', allowedTopologies: [{ matchLabelExpressions: [{ key: 'a', values: names() }] }] },
  ],
  [
    'conditions of a flow',
    'flowcontrol.apiserver.k8s.io/v1',
    'FlowSchema',
    'status',
    { status: { conditions: list((i) => ({ type: `a${i}` })) } },
    { status: {} },
  ],
  [
    'exit codes',
    'batch/v1',
    'Job',
    'create',
    {
      spec: {
        template: pod({}),
        podFailurePolicy: { rules: [{ action: 'Ignore', onExitCodes: { operator: 'In', values: list((i) => i + 1, 2 * N) } }] },
      },
    },
  ],
  [
    'resource names of a policy',
    'admissionregistration.k8s.io/v1',
    'ValidatingAdmissionPolicy',
    'create',
    { spec: { matchConstraints: { resourceRules: [{ resourceNames: names() }] } } },
  ],
  [
    'conditions of a policy',
    'admissionregistration.k8s.io/v1',
    'ValidatingAdmissionPolicy',
    'create',
    { spec: { matchConditions: list((i) => ({ name: `a${i}`, expression: 'x' }), HALF) } },
  ],
  [
    'annotations of a policy',
    'admissionregistration.k8s.io/v1',
    'ValidatingAdmissionPolicy',
    'create',
    { spec: { auditAnnotations: list((i) => ({ key: `a${i}`, valueExpression: 'x' }), HALF) } },
  ],
  ['actions', 'admissionregistration.k8s.io/v1', 'ValidatingAdmissionPolicyBinding', 'create', { spec: { validationActions: names() } }],
  [
    'webhooks',
    'admissionregistration.k8s.io/v1',
    'ValidatingWebhookConfiguration',
    'create',
    { webhooks: list((i) => ({ name: `a${i}` })) },
  ],
  [
    'versions of a webhook',
    'admissionregistration.k8s.io/v1',
    'ValidatingWebhookConfiguration',
    'create',
    { webhooks: [{ name: 'a', admissionReviewVersions: names() }] },
  ],
  [
    'addresses of an ingress',
    'networking.k8s.io/v1',
    'Ingress',
    'status',
    { status: { loadBalancer: { ingress: list((i) => ({ ip: `a${i}` })) } } },
    { status: { loadBalancer: { ingress: list((i) => ({ ip: `b${i}` })) } } },
  ],
  [
    'blocks of a policy',
    'networking.k8s.io/v1',
    'NetworkPolicy',
    'update',
    { spec: { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8', except: list((i) => `a${i}`) } }] }] } },
    { spec: { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8', except: list((i) => `b${i}`) } }] }] } },
  ],
  ['scopes of a quota', 'v1', 'ResourceQuota', 'create', { spec: { scopes: names() } }],
  [
    'scopes and resources of a quota',
    'v1',
    'ResourceQuota',
    'create',
    { spec: { scopes: list(() => 'BestEffort', 20_000), hard: Object.fromEntries(names(20_000).map((n) => [`a/${n}`, '1'])) } },
  ],
  [
    'a selector and resources of a quota',
    'v1',
    'ResourceQuota',
    'create',
    {
      spec: {
        scopeSelector: { matchExpressions: list(() => ({ scopeName: 'BestEffort', operator: 'Exists' }), 20_000) },
        hard: Object.fromEntries(names(20_000).map((n) => [`a/${n}`, '1'])),
      },
    },
  ],
  [
    'label keys of a term',
    'v1',
    'Pod',
    'create',
    pod({
      affinity: {
        podAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { topologyKey: 'a', labelSelector: {}, matchLabelKeys: names(HALF), mismatchLabelKeys: list((i) => `b-${i}`, HALF) },
          ],
        },
      },
    }),
  ],
  [
    'mounts and devices',
    'v1',
    'Pod',
    'create',
    container({
      volumeMounts: list((i) => ({ name: `m${i}`, mountPath: `/a${i}` }), HALF),
      volumeDevices: list((i) => ({ name: `d${i}`, devicePath: `/b${i}` }), HALF),
    }),
  ],
  ['claims of a container', 'v1', 'Pod', 'create', container({ resources: { claims: list((i) => ({ name: `a${i}` })) } })],
  [
    'variables from files',
    'v1',
    'Pod',
    'create',
    container(
      { env: list((i) => ({ name: `A${i}`, valueFrom: { fileKeyRef: { volumeName: `b${i}`, path: 'x', key: 'k' } } }), HALF) },
      { volumes: list((i) => ({ name: `a${i}`, emptyDir: {} }), HALF) },
    ),
  ],
  [
    'statuses of containers',
    'v1',
    'Pod',
    'status',
    {
      spec: { restartPolicy: 'Never', containers: list((i) => ({ name: `a${i}`, image: 'b' }), HALF) },
      status: { containerStatuses: list((i) => ({ name: `a${i}`, state: { terminated: {} } }), HALF) },
    },
    {
      spec: { restartPolicy: 'Never', containers: list((i) => ({ name: `a${i}`, image: 'b' }), HALF) },
      status: { containerStatuses: list((i) => ({ name: `a${i}`, state: { terminated: {} } }), HALF) },
    },
  ],
  ['ports that are all alike', 'v1', 'Pod', 'warnings', container({ ports: list(() => ({ containerPort: 80, protocol: 'TCP' })) })],
  [
    'ports at many of the host',
    'v1',
    'Pod',
    'warnings',
    container({ ports: list((i) => ({ containerPort: 80, hostPort: i + 1, protocol: 'TCP' }), 65_535) }),
  ],
  [
    'ports at many addresses',
    'v1',
    'Pod',
    'warnings',
    container({ ports: list((i) => ({ containerPort: 80, hostPort: 1, hostIP: `10.0.${i >> 8}.${i & 255}`, protocol: 'TCP' })) }),
  ],
])('%s', { timeout: 300_000 }, (_, apiVersion, kind, how, parts, before) => {
  const definition = builtInResources.find((d) => d.kind === kind && (d.group ? `${d.group}/${d.version}` : d.version) === apiVersion)!;
  const read = (o: object) =>
    decode(
      definition.type,
      { apiVersion, kind, metadata: { name: 'x', namespace: 'x', uid: 'u' }, ...o },
      'Ignore',
      Number.POSITIVE_INFINITY,
    ).object as never;
  const [object, old] = [read(parts), read(before ?? parts)];
  definition.defaults(object);
  const context = { now: 0, subresource: how === 'status' ? 'status' : '' };
  const started = performance.now();
  if (how === 'warnings') expect(definition.warnings(object).length).toBeLessThanOrEqual(1000);
  else {
    const errors =
      how === 'create'
        ? definition.validate(object, context)
        : how === 'meta'
          ? validateObjectMetaUpdate(object, old, definition)
          : how === 'update'
            ? definition.validateUpdate(object, old, context)
            : definition.validateStatusUpdate(object, old, context);
    expect(JSON.stringify(invalidError('', kind, 'x', errors).status).length).toBeLessThan(4e6);
  }
  expect(performance.now() - started).toBeLessThan(LIMIT_MS);
});
