/** What a node's Pods refer to, as Pods come, change and go. */
import { describe, expect, it } from 'vitest';
import type { PersistentVolume, Pod } from '../../api/types/core/v1.js';
import type { AnyObject } from '../../meta/object.js';
import { NodeGraph, type Referred } from './node-graph.js';
import { apiObjectReference, claimNames, configMapNames, resourceClaimNames, secretNames, volumeSecrets } from './pod-references.js';

const pod = (spec: object = {}, more: { meta?: object; status?: object } = {}): Pod =>
  ({
    metadata: { name: 'p', namespace: 'ns', uid: 'u', ...more.meta },
    spec: { nodeName: 'n', containers: [], ...spec },
    status: more.status ?? {},
  }) as unknown as Pod;
const KEY = '/registry/pods/ns/p';
const secret = (name: string) => ({ volumes: [{ name: 'v', secret: { secretName: name } }] });
const put = (graph: NodeGraph, p: Pod, key = KEY) => graph.put(key, p as unknown as AnyObject);
const has = (graph: NodeGraph, kind: Referred, name: string, node = 'n', ns = 'ns') => graph.refers(node, kind, ns, name);

describe('a graph', () => {
  it('knows a Pod on its node alone', () => {
    const graph = new NodeGraph();
    put(graph, pod(secret('s')));
    expect([has(graph, 'pod', 'p'), has(graph, 'secret', 's')]).toEqual([true, true]);
    expect([
      has(graph, 'pod', 'p', 'm'),
      has(graph, 'secret', 's', 'm'),
      has(graph, 'secret', 's', 'n', 'other'),
      has(graph, 'configmap', 's'),
    ]).toEqual([false, false, false, false]);
  });
  it('knows no Pod that is on no node', () => {
    const graph = new NodeGraph();
    put(graph, pod({ ...secret('s'), nodeName: undefined }));
    expect(has(graph, 'secret', 's', '')).toBe(false);
    put(graph, pod(secret('s')));
    expect(has(graph, 'secret', 's')).toBe(true);
  });
  it('forgets with the last Pod', () => {
    const graph = new NodeGraph();
    put(graph, pod(secret('s')));
    put(graph, pod(secret('s'), { meta: { name: 'q', uid: 'v' } }), `${KEY}2`);
    graph.drop(KEY);
    expect([has(graph, 'secret', 's'), has(graph, 'pod', 'p'), has(graph, 'pod', 'q')]).toEqual([true, false, true]);
    graph.drop(`${KEY}2`);
    graph.drop(`${KEY}2`);
    expect(has(graph, 'secret', 's')).toBe(false);
  });
  it('follows a Pod that is made anew, or whose containers and claims come later', () => {
    const graph = new NodeGraph();
    put(graph, pod(secret('s')));
    put(graph, pod(secret('t'), { meta: { uid: 'u2' } }));
    expect([has(graph, 'secret', 's'), has(graph, 'secret', 't')]).toEqual([false, true]);
    put(
      graph,
      pod({ ...secret('t'), ephemeralContainers: [{ name: 'e', envFrom: [{ secretRef: { name: 'late' } }] }] }, { meta: { uid: 'u2' } }),
    );
    expect(has(graph, 'secret', 'late')).toBe(true);
    const claims = { resourceClaims: [{ name: 'r', resourceClaimTemplateName: 't' }] };
    put(graph, pod(claims));
    expect(has(graph, 'resourceclaim', 'made')).toBe(false);
    put(graph, pod(claims, { status: { resourceClaimStatuses: [{ name: 'r', resourceClaimName: 'made' }] } }));
    expect(has(graph, 'resourceclaim', 'made')).toBe(true);
  });
  it('moves with a Pod', () => {
    const graph = new NodeGraph();
    put(graph, pod(secret('s')));
    put(graph, pod({ ...secret('s'), nodeName: 'm' }));
    expect([has(graph, 'secret', 's'), has(graph, 'secret', 's', 'm')]).toEqual([false, true]);
  });
  it('opens nothing by a mirror Pod', () => {
    const graph = new NodeGraph();
    put(graph, pod({ ...secret('s'), serviceAccountName: 'sa' }, { meta: { annotations: { 'kubernetes.io/config.mirror': '' } } }));
    expect([has(graph, 'pod', 'p'), has(graph, 'secret', 's'), has(graph, 'serviceaccount', 'sa')]).toEqual([true, false, false]);
  });
  it('tells the claims of a node', () => {
    const graph = new NodeGraph();
    put(
      graph,
      pod({
        volumes: [
          { name: 'a', persistentVolumeClaim: { claimName: 'c' } },
          { name: 'e', ephemeral: { volumeClaimTemplate: {} } },
          ...secret('s').volumes,
        ],
      }),
    );
    expect([...graph.claims('n')]).toEqual(['ns/c', 'ns/p-e']);
    expect([...graph.claims('m')]).toEqual([]);
  });
});

const env = (valueFrom: object) => ({
  name: 'c',
  env: [
    { name: 'E', valueFrom },
    { name: 'F', value: 'v' },
  ],
});
const volume = (source: object) => ({ volumes: [{ name: 'v', ...source }] });

describe('secrets of a Pod', () => {
  it.each<[string, object, string[]]>([
    ['none', {}, []],
    ['to pull images', { imagePullSecrets: [{ name: 'a' }, {}] }, ['a']],
    ['of a variable', { containers: [env({ secretKeyRef: { name: 'a' } })] }, ['a']],
    ['of all variables', { containers: [{ envFrom: [{ secretRef: { name: 'a' } }, { configMapRef: { name: 'b' } }] }] }, ['a']],
    ['of an init container', { initContainers: [env({ secretKeyRef: { name: 'a' } })] }, ['a']],
    ['of an ephemeral container', { ephemeralContainers: [env({ secretKeyRef: { name: 'a' } })] }, ['a']],
    ['of a volume', volume({ secret: { secretName: 'a' } }), ['a']],
    ['of a projected volume', volume({ projected: { sources: [{ secret: { name: 'a' } }, { configMap: { name: 'b' } }] } }), ['a']],
    ['of a CSI volume', volume({ csi: { driver: 'd', nodePublishSecretRef: { name: 'a' } } }), ['a']],
    ...['cephfs', 'cinder', 'flexVolume', 'iscsi', 'rbd', 'scaleIO', 'storageos'].map((kind): [string, object, string[]] => [
      `of ${kind}`,
      volume({ [kind]: { secretRef: { name: 'a' } } }),
      ['a'],
    ]),
    ['of azureFile', volume({ azureFile: { secretName: 'a' } }), ['a']],
  ])('%s', (_what, spec, right) => {
    expect(secretNames(pod(spec).spec)).toEqual(right);
  });
});

describe('config maps of a Pod', () => {
  it.each<[string, object, string[]]>([
    ['none', {}, []],
    ['of a variable', { containers: [env({ configMapKeyRef: { name: 'a' } })] }, ['a']],
    ['of all variables', { initContainers: [{ envFrom: [{ configMapRef: { name: 'a' } }, { secretRef: { name: 'b' } }] }] }, ['a']],
    ['of a volume', volume({ configMap: { name: 'a' } }), ['a']],
    ['of a projected volume', volume({ projected: { sources: [{ configMap: { name: 'a' } }, { secret: { name: 'b' } }] } }), ['a']],
  ])('%s', (_what, spec, right) => {
    expect(configMapNames(pod(spec).spec)).toEqual(right);
  });
});

it('claims of a Pod', () => {
  expect(claimNames(pod({}))).toEqual([]);
  expect(claimNames(pod(volume({ persistentVolumeClaim: { claimName: 'c' } })))).toEqual(['c']);
  expect(claimNames(pod(volume({ ephemeral: {} })))).toEqual(['p-v']);
  const claims = {
    resourceClaims: [
      { name: 'a', resourceClaimName: 'named' },
      { name: 'b', resourceClaimTemplateName: 't' },
    ],
  };
  expect(resourceClaimNames(pod(claims))).toEqual(['named']);
  expect(
    resourceClaimNames(
      pod(claims, {
        status: {
          resourceClaimStatuses: [{ name: 'b', resourceClaimName: 'made' }],
          extendedResourceClaimStatus: { resourceClaimName: 'ext' },
        },
      }),
    ),
  ).toEqual(['named', 'made', 'ext']);
});

it.each<[string, object, string | undefined]>([
  ['nothing', {}, undefined],
  [
    'volumes of the node',
    {
      volumes: [
        { name: 'a', hostPath: {} },
        { name: 'b', emptyDir: {} },
        { name: 'c', projected: { sources: [{ downwardAPI: {} }] } },
      ],
    },
    undefined,
  ],
  ['an account', { serviceAccountName: 's' }, 'serviceaccounts'],
  ['a secret', { imagePullSecrets: [{ name: 'a' }] }, 'secrets'],
  ['a config map', volume({ configMap: { name: 'a' } }), 'configmaps'],
  ['a device', { resourceClaims: [{ name: 'r' }] }, 'resourceclaims'],
  ['an unnamed config map', volume({ configMap: {} }), 'configmaps (via configmap volumes)'],
  ['an unnamed secret', volume({ secret: {} }), 'secrets (via secret volumes)'],
  ['a driver', volume({ csi: {} }), 'csidrivers (via CSI volumes)'],
  ['endpoints', volume({ glusterfs: {} }), 'endpoints (via glusterFS volumes)'],
  ['a claim', volume({ persistentVolumeClaim: {} }), 'persistentvolumeclaims'],
  ['a claim of its own', volume({ ephemeral: {} }), 'persistentvolumeclaims (via ephemeral volumes)'],
  ['an unnamed secret of Azure', volume({ azureFile: {} }), 'secrets (via azureFile volumes)'],
  ['a projected config map', volume({ projected: { sources: [{ configMap: {} }] } }), 'configmaps (via projected volumes)'],
  ['a projected secret', volume({ projected: { sources: [{ secret: {} }] } }), 'secrets (via projected volumes)'],
  ['a token', volume({ projected: { sources: [{ serviceAccountToken: {} }] } }), 'serviceaccounts (via projected volumes)'],
  ['a trust bundle', volume({ projected: { sources: [{ clusterTrustBundle: {} }] } }), 'clustertrustbundles'],
  ['a certificate', volume({ projected: { sources: [{ podCertificate: {} }] } }), 'podcertificates'],
])('what a mirror Pod may not refer to: %s', (_what, spec, right) => {
  expect(apiObjectReference(pod(spec))).toBe(right);
});

it.each<[string, object, string[]]>([
  ['none', { hostPath: {} }, []],
  [
    'of CSI',
    {
      csi: {
        nodePublishSecretRef: { namespace: 'a', name: '1' },
        nodeStageSecretRef: { namespace: 'b', name: '2' },
        nodeExpandSecretRef: { namespace: 'c', name: '3' },
        controllerPublishSecretRef: { namespace: 'd', name: '4' },
        controllerExpandSecretRef: { namespace: 'e', name: '5' },
      },
    },
    ['a/1', 'b/2', 'c/3'],
  ],
  ...['cephfs', 'cinder', 'flexVolume', 'rbd', 'scaleIO', 'iscsi', 'storageos'].map((kind): [string, object, string[]] => [
    `of ${kind}`,
    { [kind]: { secretRef: { namespace: 'a', name: '1' } } },
    ['a/1'],
  ]),
  ["of rbd, in the claim's namespace", { rbd: { secretRef: { name: '1' } } }, ['own/1']],
  ['of azureFile', { azureFile: { secretName: '1', secretNamespace: 'a' } }, ['a/1']],
  ["of azureFile, in the claim's namespace", { azureFile: { secretName: '1' } }, ['own/1']],
])('secrets of a volume: %s', (_what, source, right) => {
  expect(volumeSecrets({ spec: { claimRef: { namespace: 'own', name: 'c' }, ...source } } as unknown as PersistentVolume)).toEqual(right);
});
