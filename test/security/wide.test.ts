/** Lists as long as a body may carry: whatever is wrong with each entry is told, and neither the stack nor the process gives way. */
import { expect, it } from 'vitest';
import { ask, clusterDoor, PROMPT_MS } from './raw.js';

const door = clusterDoor();

const NS = 'namespaces/default';
const N = 200_000;
const MOST = 2.9e6;
/** As many entries of this text as a body carries, no more than 200,000. */
const list = (entry: string, n = N): string => `[${new Array(Math.min(n, Math.floor(MOST / (entry.length + 1)))).fill(entry).join(',')}]`;
const map = (value: string): string => `{${Array.from({ length: N / 2 }, (_, i) => `"${i.toString(36)}!":${value}`).join(',')}}`;
const pod = (spec: string, meta = ''): [string, string] => [
  `/api/v1/${NS}/pods`,
  `{"metadata":{"name":"w"${meta}},"spec":{"containers":[{"name":"a","image":"b"}]${spec}}}`,
];
const container = (inner: string): [string, string] => [
  `/api/v1/${NS}/pods`,
  `{"metadata":{"name":"w"},"spec":{"containers":[{"name":"a","image":"b",${inner}}]}}`,
];
const of = (group: string, resource: string, inner: string): [string, string] => [
  group === 'v1' ? `/api/v1/${resource}` : `/apis/${group}/${resource}`,
  `{"metadata":{"name":"w"},${inner}}`,
];

const TABLE: [string, [string, string]][] = [
  ['finalizers', pod('', `,"finalizers":${list('""')}`)],
  ['owners', pod('', `,"ownerReferences":${list('{}')}`)],
  ['managed fields', pod('', `,"managedFields":${list('{}')}`)],
  ['labels', pod('', `,"labels":${map('"!"')}`)],
  ['annotations', pod('', `,"annotations":${map('"!"')}`)],
  ['tolerations', pod(`,"tolerations":${list('{"operator":1}'.replace('1', '"x"'), 150_000)}`)],
  ['containers', [`/api/v1/${NS}/pods`, `{"metadata":{"name":"w"},"spec":{"containers":${list('{}')}}}`]],
  ['init containers', pod(`,"initContainers":${list('{}')}`)],
  ['volumes', pod(`,"volumes":${list('{}')}`)],
  ['host aliases', pod(`,"hostAliases":${list('{}')}`)],
  ['pull secrets', pod(`,"imagePullSecrets":${list('{}')}`)],
  ['readiness gates', pod(`,"readinessGates":${list('{}')}`)],
  ['scheduling gates', pod(`,"schedulingGates":${list('{}')}`)],
  ['spread', pod(`,"topologySpreadConstraints":${list('{}')}`)],
  ['resource claims', pod(`,"resourceClaims":${list('{}')}`)],
  ['name servers', pod(`,"dnsConfig":{"nameservers":${list('""')},"searches":${list('"!"', 1000)}}`)],
  ['searches', pod(`,"dnsConfig":{"searches":${list('"!"')}}`)],
  ['sysctls', pod(`,"securityContext":{"sysctls":${list('{}')}}`)],
  ['groups', pod(`,"securityContext":{"supplementalGroups":${list('-1')}}`)],
  [
    'node terms',
    pod(
      `,"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":${list('{"matchFields":[{}]}')}}}}`,
    ),
  ],
  ['Pod terms', pod(`,"affinity":{"podAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":${list('{}')}}}`)],
  ['env', container(`"env":${list('{}')}`)],
  ['env from', container(`"envFrom":${list('{}')}`)],
  ['ports', container(`"ports":${list('{}')}`)],
  ['mounts', container(`"volumeMounts":${list('{}')}`)],
  ['devices', container(`"volumeDevices":${list('{}')}`)],
  ['resize policies', container(`"resizePolicy":${list('{}')}`)],
  ['limits', container(`"resources":{"limits":${map('"-1"')}}`)],
  ['capabilities', container(`"securityContext":{"capabilities":{"add":${list('"x"')}}}`)],
  ['headers of a probe', container(`"livenessProbe":{"httpGet":{"port":1,"httpHeaders":${list('{}')}}}`)],
  ['keys of a volume', pod(`,"volumes":[{"name":"v","configMap":{"name":"x","items":${list('{}')}}}]`)],
  ['projections', pod(`,"volumes":[{"name":"v","projected":{"sources":${list('{}')}}}]`)],
  ['Service ports', of('v1', `${NS}/services`, `"spec":{"ports":${list('{}')}}`)],
  ['Service addresses', of('v1', `${NS}/services`, `"spec":{"ports":[{"port":1}],"externalIPs":${list('""')}}`)],
  [
    'source ranges',
    of('v1', `${NS}/services`, `"spec":{"type":"LoadBalancer","ports":[{"port":1}],"loadBalancerSourceRanges":${list('""')}}`),
  ],
  ['Endpoints', of('v1', `${NS}/endpoints`, `"subsets":[{"addresses":${list('{}')}}]`)],
  ['subsets', of('v1', `${NS}/endpoints`, `"subsets":${list('{}')}`)],
  ['slices', of('discovery.k8s.io/v1', `${NS}/endpointslices`, `"addressType":"IPv4","endpoints":${list('{}')}`)],
  ['slice ports', of('discovery.k8s.io/v1', `${NS}/endpointslices`, `"addressType":"IPv4","endpoints":[],"ports":${list('{}')}`)],
  ['ConfigMap keys', of('v1', `${NS}/configmaps`, `"data":${map('"!"')}`)],
  ['Secret keys', of('v1', `${NS}/secrets`, `"data":${map('""')}`)],
  ['taints', of('v1', 'nodes', `"spec":{"taints":${list('{}')}}`)],
  ['Node addresses', of('v1', 'nodes', `"spec":{"podCIDRs":${list('""')}}`)],
  ['rules of a role', of('rbac.authorization.k8s.io/v1', 'clusterroles', `"rules":${list('{}')}`)],
  ['subjects', of('rbac.authorization.k8s.io/v1', 'clusterrolebindings', `"roleRef":{},"subjects":${list('{}')}`)],
  ['ingress rules', of('networking.k8s.io/v1', `${NS}/ingresses`, `"spec":{"rules":${list('{"host":"!"}')}}`)],
  ['ingress paths', of('networking.k8s.io/v1', `${NS}/ingresses`, `"spec":{"rules":[{"http":{"paths":${list('{}')}}}]}`)],
  ['ingress TLS', of('networking.k8s.io/v1', `${NS}/ingresses`, `"spec":{"tls":[{"hosts":${list('"!"')}}]}`)],
  ['policy rules', of('networking.k8s.io/v1', `${NS}/networkpolicies`, `"spec":{"podSelector":{},"ingress":${list('{"from":[{}]}')}}`)],
  ['policy types', of('networking.k8s.io/v1', `${NS}/networkpolicies`, `"spec":{"podSelector":{},"policyTypes":${list('"x"')}}`)],
  ['selectors', of('apps/v1', `${NS}/deployments`, `"spec":{"selector":{"matchExpressions":${list('{}')}},"template":{}}`)],
  [
    'metrics',
    of('autoscaling/v2', `${NS}/horizontalpodautoscalers`, `"spec":{"scaleTargetRef":{},"maxReplicas":1,"metrics":${list('{}')}}`),
  ],
  ['versions of a definition', of('apiextensions.k8s.io/v1', 'customresourcedefinitions', `"spec":{"versions":${list('{}')}}`)],
  [
    'properties of a definition',
    of(
      'apiextensions.k8s.io/v1',
      'customresourcedefinitions',
      `"spec":{"group":"a.b","names":{"plural":"w","kind":"W"},"scope":"Cluster","versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","properties":${map('{}')}}}}]}`,
    ),
  ],
  ['conditions of a request', of('certificates.k8s.io/v1', 'certificatesigningrequests', `"spec":{"usages":${list('"x"')}}`)],
  ['access modes', of('v1', 'persistentvolumes', `"spec":{"accessModes":${list('"x"')}}`)],
  ['failure rules', of('batch/v1', `${NS}/jobs`, `"spec":{"template":{},"podFailurePolicy":{"rules":${list('{}')}}}`)],
  ['device requests', of('resource.k8s.io/v1', `${NS}/resourceclaims`, `"spec":{"devices":{"requests":${list('{}')}}}`)],
  ['devices of a slice', of('resource.k8s.io/v1', 'resourceslices', `"spec":{"devices":${list('{}')}}`)],
  ['flow rules', of('flowcontrol.apiserver.k8s.io/v1', 'flowschemas', `"spec":{"rules":${list('{}')}}`)],
  ['webhooks', of('admissionregistration.k8s.io/v1', 'validatingwebhookconfigurations', `"webhooks":${list('{}')}`)],
  ['validations', of('admissionregistration.k8s.io/v1', 'validatingadmissionpolicies', `"spec":{"validations":${list('{}')}}`)],
];

it.each(TABLE)('%s', { timeout: 120_000 }, async (_, [path, body]) => {
  expect(body.length).toBeLessThan(3 * 1024 * 1024);
  const answer = await ask(door, { path, body });
  expect(answer.code, answer.text.slice(0, 500)).toBeLessThan(500);
  expect(answer.ms).toBeLessThan(PROMPT_MS);
  expect((await ask(door, { path: '/healthz', method: 'GET' })).code).toBe(200);
});
