/** The plugins of the default chain, a table each: what was asked, what stands afterwards. */
import { describe, expect, it } from 'vitest';
import { realClock } from '../../util/clock.js';
import { silentLogger } from '../../util/logger.js';
import { seededRandom } from '../../util/random.js';
import type { Rbac } from '../authorize/rbac.js';
import { AdmissionChain } from './chain.js';
import { defaultChain } from './default-chain.js';
import { defaultTolerationSeconds } from './default-toleration-seconds.js';
import { namespaceLifecycle } from './namespace-lifecycle.js';
import { priority, systemPriorityClasses } from './priority.js';
import { serviceAccount } from './service-account.js';
import { defaultStorageClass, runtimeClass, storageObjectInUseProtection, taintNodesByCondition } from './small.js';
import { type Asked, allowing, answerOf, attributesOf, storedObjects } from './testing.js';

const env = { clock: realClock, random: seededRandom(1), log: silentLogger };
const pod = (spec: object = {}, meta: object = {}) => ({
  metadata: { name: 'p', ...meta },
  spec: { containers: [{ name: 'c' }], ...spec },
});
// biome-ignore lint/suspicious/noExplicitAny: tables look into many kinds
type Any = any;

describe('NamespaceLifecycle', () => {
  const plugin = namespaceLifecycle(
    storedObjects({
      'namespaces//ns': { metadata: { name: 'ns' }, status: { phase: 'Active' } },
      'namespaces//going': { metadata: { name: 'going', deletionTimestamp: 'x' }, status: { phase: 'Active' } },
      'namespaces//ending': { metadata: { name: 'ending' }, status: { phase: 'Terminating' } },
    }),
  );
  const NS = '/v1/namespaces';
  it.each<[string, Asked, string]>([
    ['a Pod', { object: pod() }, 'ok'],
    ['a Pod in a missing namespace', { namespace: 'gone', object: pod() }, '404 namespaces "gone" not found'],
    [
      'a Pod in a namespace that goes',
      { namespace: 'going', object: pod() },
      '403 unable to create new content in namespace going because it is being terminated',
    ],
    [
      'a Pod in a namespace that ends',
      { namespace: 'ending', object: pod() },
      '403 unable to create new content in namespace ending because it is being terminated',
    ],
    ['a change there', { operation: 'UPDATE', namespace: 'going', object: pod(), old: pod() }, 'ok'],
    ['a deletion there', { operation: 'DELETE', namespace: 'gone', old: pod() }, 'ok'],
    ['an eviction there', { what: '/v1/pods/eviction', namespace: 'going', name: 'p', object: {} }, 'ok'],
    ['a review there', { what: 'authorization.k8s.io/v1/localsubjectaccessreviews', namespace: 'gone', object: {} }, 'ok'],
    ['a node', { what: '/v1/nodes', object: { metadata: { name: 'n' } } }, 'ok'],
    ['a namespace', { what: NS, object: { metadata: { name: 'new' } } }, 'ok'],
    ['a namespace deleted', { operation: 'DELETE', what: NS, name: 'ns' }, 'ok'],
    ...['default', 'kube-system', 'kube-public'].map((name): [string, Asked, string] => [
      `${name} deleted`,
      { operation: 'DELETE', what: NS, name },
      '403 this namespace may not be deleted',
    ]),
    ['kube-node-lease deleted', { operation: 'DELETE', what: NS, name: 'kube-node-lease' }, 'ok'],
    ['a config map called default deleted', { operation: 'DELETE', what: '/v1/configmaps', name: 'default' }, 'ok'],
  ])('%s', async (_what, asked, right) => {
    expect(await answerOf(plugin, asked)).toBe(right);
  });
  it('says why in its causes', () => {
    const attempt = () => plugin.admit!(attributesOf({ namespace: 'going', object: { metadata: { generateName: 'p-' } } }));
    expect(attempt).toThrow('pods "p-" is forbidden: unable to create new content');
    try {
      attempt();
    } catch (e) {
      expect((e as Any).status.details).toMatchObject({
        name: 'p-',
        kind: 'pods',
        causes: [{ reason: 'NamespaceTerminating', message: 'namespace going is being terminated', field: 'metadata.namespace' }],
      });
    }
  });
});

describe('Priority', () => {
  const stored = {
    'priorityclasses//high': { metadata: { name: 'high' }, value: 100, preemptionPolicy: 'Never' },
    'priorityclasses//low': { metadata: { name: 'low' }, value: 1 },
  };
  const defaults = {
    ...stored,
    'priorityclasses//d2': { metadata: { name: 'd2' }, value: 7, globalDefault: true },
    'priorityclasses//d1': { metadata: { name: 'd1' }, value: 5, globalDefault: true },
  };
  const LOWER = 'PreemptLowerPriority';
  it.each<[string, Record<string, object>, object, [string | undefined, number, string] | string]>([
    ['of no class', stored, {}, [undefined, 0, LOWER]],
    ['of a class', stored, { priorityClassName: 'low' }, ['low', 1, LOWER]],
    ['of a class that does not preempt', stored, { priorityClassName: 'high' }, ['high', 100, 'Never']],
    ['of a class that is not there', stored, { priorityClassName: 'gone' }, '403 no PriorityClass with name gone was found'],
    ['of the lowest default', defaults, {}, ['d1', 5, LOWER]],
    ['of a class, where there is a default', defaults, { priorityClassName: 'low' }, ['low', 1, LOWER]],
    ['with the number of its class', stored, { priorityClassName: 'low', priority: 1, preemptionPolicy: LOWER }, ['low', 1, LOWER]],
    [
      'with another number',
      stored,
      { priorityClassName: 'low', priority: 2 },
      '403 the integer value of priority (2) must not be provided in pod spec; priority admission controller computed 1 from the given PriorityClass name',
    ],
    [
      'with a number and no class',
      stored,
      { priority: 2 },
      '403 the integer value of priority (2) must not be provided in pod spec; priority admission controller computed 0 from the given PriorityClass name',
    ],
    [
      'with another policy',
      stored,
      { priorityClassName: 'low', preemptionPolicy: 'Never' },
      '403 the string value of PreemptionPolicy (Never) must not be provided in pod spec; priority admission controller computed PreemptLowerPriority from the given PriorityClass name',
    ],
  ])('a Pod %s', async (_what, classes, spec, right) => {
    const object: Any = pod(spec);
    const said = await answerOf(priority(storedObjects(classes)), { object });
    if (typeof right === 'string') expect(said).toBe(right);
    else expect([said, object.spec.priorityClassName, object.spec.priority, object.spec.preemptionPolicy]).toEqual(['ok', ...right]);
  });
  const CLASSES = 'scheduling.k8s.io/v1/priorityclasses';
  const made = (name: string, globalDefault: boolean) => ({ metadata: { name }, value: 1, globalDefault });
  it.each<[string, Asked, string]>([
    ['a class', { what: CLASSES, object: made('x', false) }, 'ok'],
    [
      'a second default',
      { what: CLASSES, object: made('x', true) },
      '403 PriorityClass d2 is already marked as default. Only one default can exist',
    ],
    [
      'a class made a second default',
      { operation: 'UPDATE', what: CLASSES, object: made('x', true), old: made('x', false) },
      '403 PriorityClass d2 is already marked as default. Only one default can exist',
    ],
    ['a default deleted', { operation: 'DELETE', what: CLASSES, old: made('d1', true) }, 'ok'],
    ['a binding of a Pod', { what: '/v1/pods/binding', object: {} }, 'ok'],
  ])('%s', async (_what, asked, right) => {
    expect(await answerOf(priority(storedObjects(defaults)), asked)).toBe(right);
  });
  it('the only default, changed', async () => {
    expect(
      await answerOf(priority(storedObjects({ 'priorityclasses//d': made('d', true) })), {
        operation: 'UPDATE',
        what: CLASSES,
        object: made('d', true),
        old: made('d', true),
      }),
    ).toBe('ok');
  });
  it('leaves a change alone', async () => {
    const object: Any = pod();
    await answerOf(priority(storedObjects(defaults)), { operation: 'UPDATE', object, old: pod() });
    expect(object.spec.priority).toBeUndefined();
  });
});

describe('system classes', () => {
  const what = 'scheduling.k8s.io/v1/priorityclasses';
  it.each([
    ['system-node-critical', '403 this is a system priority class and cannot be deleted'],
    ['system-cluster-critical', '403 this is a system priority class and cannot be deleted'],
    ['mine', 'ok'],
  ])('%s deleted', async (name, right) => {
    expect(await answerOf(systemPriorityClasses, { operation: 'DELETE', what, name, old: { metadata: { name } } })).toBe(right);
  });
});

describe('DefaultTolerationSeconds', () => {
  const added = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];
  it.each<[string, Asked['operation'], object[] | undefined, string[]]>([
    ['none', 'CREATE', undefined, added],
    ['another', 'CREATE', [{ key: 'x' }], ['x', ...added]],
    ['one of them', 'CREATE', [{ key: added[0], effect: 'NoExecute' }], [added[0]!, added[1]!]],
    ['one of them, with any effect', 'CREATE', [{ key: added[1] }], [added[1]!, added[0]!]],
    ['one of them, with another effect', 'CREATE', [{ key: added[0], effect: 'NoSchedule' }], [added[0]!, ...added]],
    ['all', 'CREATE', [{ operator: 'Exists' }], ['*']],
    ['all with that effect', 'CREATE', [{ operator: 'Exists', effect: 'NoExecute' }], ['*']],
    ['none, of a Pod changed', 'UPDATE', undefined, added],
    ['none, of a Pod deleted', 'DELETE', undefined, []],
  ])('a Pod that tolerates %s', async (_what, operation, tolerations, right) => {
    const object: Any = pod({ tolerations });
    expect(await answerOf(defaultTolerationSeconds, { operation, object })).toBe('ok');
    expect((object.spec.tolerations ?? []).map((t: Any) => t.key ?? '*')).toEqual(right);
    for (const t of object.spec.tolerations ?? [])
      if (!tolerations?.includes(t)) expect(t).toMatchObject({ operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 });
  });
  it('leaves other requests alone', async () => {
    for (const what of ['/v1/pods/status', '/v1/configmaps']) {
      const object: Any = pod();
      await answerOf(defaultTolerationSeconds, { what, object });
      expect(object.spec.tolerations).toBeUndefined();
    }
  });
});

describe('ServiceAccount', () => {
  const account = (more: object = {}, meta: object = {}) => ({ metadata: { name: 'x', ...meta }, ...more });
  const enforce = (value: string) =>
    account(
      { secrets: [{ name: 'mine' }], imagePullSecrets: [{ name: 'pull' }] },
      { name: 'strict', annotations: { 'kubernetes.io/enforce-mountable-secrets': value } },
    );
  const plugin = serviceAccount(
    storedObjects({
      'serviceaccounts/ns/default': account(),
      'serviceaccounts/ns/pulling': account({ imagePullSecrets: [{ name: 'pull' }] }),
      'serviceaccounts/ns/quiet': account({ automountServiceAccountToken: false }),
      'serviceaccounts/ns/strict': enforce('true'),
      'serviceaccounts/ns/lax': enforce('false'),
    }),
    env,
  );
  const PATH = '/var/run/secrets/kubernetes.io/serviceaccount';
  const strict = (spec: object) => ({ object: pod({ serviceAccountName: 'strict', automountServiceAccountToken: false, ...spec }) });
  const mirror = (spec: object) => ({ object: pod(spec, { annotations: { 'kubernetes.io/config.mirror': '' } }) });
  const variable = (name: string) => ({ name: 'c', env: [{ name: 'E', valueFrom: { secretKeyRef: { name } } }] });
  const NOT = 'is not allowed because service account strict does not reference that';
  const late = (name: string): Asked => ({
    operation: 'UPDATE',
    what: '/v1/pods/ephemeralcontainers',
    object: pod({ serviceAccountName: 'strict', ephemeralContainers: [{ ...variable(name), name: 'e' }] }),
    old: pod(),
  });
  it.each<[string, Asked, string]>([
    ['a Pod', { object: pod() }, 'ok'],
    [
      'a Pod of a missing account',
      { object: pod({ serviceAccountName: 'gone' }) },
      '403 error looking up service account ns/gone: serviceaccount "gone" not found',
    ],
    ['a listed secret', strict({ volumes: [{ name: 'v', secret: { secretName: 'mine' } }], imagePullSecrets: [{ name: 'pull' }] }), 'ok'],
    [
      'a secret not listed',
      strict({ volumes: [{ name: 'v', secret: { secretName: 'other' } }] }),
      `403 volume with secret.secretName="other" ${NOT} secret`,
    ],
    [
      'a variable of a secret not listed',
      strict({ containers: [variable('other')] }),
      `403 container c with envVar E referencing secret.secretName="other" ${NOT} secret`,
    ],
    ['a variable of a listed secret', strict({ containers: [variable('mine')] }), 'ok'],
    [
      'variables of a secret not listed',
      strict({ containers: [{ name: 'c', envFrom: [{ configMapRef: { name: 'x' } }, { secretRef: { name: 'other' } }] }] }),
      `403 container c with envFrom referencing secret.secretName="other" ${NOT} secret`,
    ],
    [
      'the same of an init container',
      strict({ initContainers: [variable('other')] }),
      `403 init container c with envVar E referencing secret.secretName="other" ${NOT} secret`,
    ],
    [
      'a secret to pull with, not listed',
      strict({ imagePullSecrets: [{ name: 'pull' }, { name: 'other' }] }),
      `403 imagePullSecrets[1].name="other" ${NOT} imagePullSecret`,
    ],
    [
      'a secret not listed, where it does not matter',
      { object: pod({ serviceAccountName: 'lax', volumes: [{ name: 'v', secret: { secretName: 'other' } }] }) },
      'ok',
    ],
    ['a container added', late('mine'), 'ok'],
    [
      'a container added with a secret not listed',
      late('other'),
      `403 ephemeral container e with envVar E referencing secret.secretName="other" ${NOT} secret`,
    ],
    ['a change', { operation: 'UPDATE', ...strict({ volumes: [{ name: 'v', secret: { secretName: 'other' } }] }), old: pod() }, 'ok'],
    ['a mirror Pod', mirror({}), 'ok'],
    ['a mirror Pod with an account', mirror({ serviceAccountName: 'default' }), '403 a mirror pod may not reference service accounts'],
    [
      'a mirror Pod with a secret',
      mirror({ volumes: [{ name: 'v', secret: { secretName: 's' } }] }),
      '403 a mirror pod may not reference secrets',
    ],
    [
      'a mirror Pod with a token',
      mirror({ volumes: [{ name: 'v', projected: { sources: [{ serviceAccountToken: {} }] } }] }),
      '403 a mirror pod may not use ServiceAccountToken volume projections',
    ],
    ['a config map', { what: '/v1/configmaps', object: { metadata: { name: 'x' } } }, 'ok'],
    ['an eviction', { what: '/v1/pods/eviction', object: { metadata: {} } }, 'ok'],
  ])('%s', async (_what, asked, right) => {
    expect(await answerOf(plugin, asked)).toBe(right);
  });
  const given = async (spec: object, meta: object = {}): Promise<Any> => {
    const object: Any = pod(spec, meta);
    expect(await answerOf(plugin, { object })).toBe('ok');
    return object.spec;
  };
  it('gives the default account and its token', async () => {
    const spec = await given({ initContainers: [{ name: 'i' }] });
    expect(spec).toMatchObject({ serviceAccountName: 'default', serviceAccount: 'default' });
    const [volume] = spec.volumes;
    expect(volume.name).toMatch(/^kube-api-access-\w{5}$/);
    expect(volume.projected).toMatchObject({
      defaultMode: 0o644,
      sources: [
        { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        { downwardAPI: { items: [{ path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
      ],
    });
    for (const c of [...spec.containers, ...spec.initContainers])
      expect(c.volumeMounts).toEqual([{ name: volume.name, readOnly: true, mountPath: PATH }]);
  });
  it('leaves what is mounted there, and a volume that is there', async () => {
    const mine = [{ name: 'own', mountPath: PATH }];
    const own = await given({ containers: [{ name: 'c', volumeMounts: mine }] });
    expect([own.volumes, own.containers[0].volumeMounts]).toEqual([undefined, mine]);
    const old = await given({ volumes: [{ name: 'kube-api-access-old' }] });
    expect([old.volumes.length, old.containers[0].volumeMounts[0].name]).toEqual([1, 'kube-api-access-old']);
  });
  it('mounts no token where the Pod or its account wants none', async () => {
    expect((await given({ automountServiceAccountToken: false })).volumes).toBeUndefined();
    expect((await given({ serviceAccountName: 'quiet' })).volumes).toBeUndefined();
    expect((await given({ serviceAccountName: 'quiet', automountServiceAccountToken: true })).volumes).toHaveLength(1);
  });
  it('gives the secrets to pull with', async () => {
    expect((await given({ serviceAccountName: 'pulling' })).imagePullSecrets).toEqual([{ name: 'pull' }]);
    expect((await given({ serviceAccountName: 'pulling', imagePullSecrets: [{ name: 'own' }] })).imagePullSecrets).toEqual([
      { name: 'own' },
    ]);
    expect((await given({})).imagePullSecrets).toBeUndefined();
  });
  it('leaves a mirror Pod as it is', async () => {
    expect(await given({}, { annotations: { 'kubernetes.io/config.mirror': '' } })).toEqual({ containers: [{ name: 'c' }] });
  });
});

describe('TaintNodesByCondition', () => {
  const taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };
  it.each<[string, Asked, object[] | undefined]>([
    ['a node', { what: '/v1/nodes', object: { metadata: { name: 'n' }, spec: {} } }, [taint]],
    [
      'a node with others',
      { what: '/v1/nodes', object: { metadata: { name: 'n' }, spec: { taints: [{ ...taint, effect: 'NoExecute' }] } } },
      [{ ...taint, effect: 'NoExecute' }, taint],
    ],
    ['a node that has it', { what: '/v1/nodes', object: { metadata: { name: 'n' }, spec: { taints: [taint] } } }, [taint]],
    ['a node changed', { operation: 'UPDATE', what: '/v1/nodes', object: { metadata: { name: 'n' }, spec: {} } }, undefined],
    ['a Pod', { object: pod() }, undefined],
  ])('%s', async (_what, asked, right) => {
    expect(await answerOf(taintNodesByCondition, asked)).toBe('ok');
    expect((asked.object as Any).spec.taints).toEqual(right);
  });
});

describe('StorageObjectInUseProtection', () => {
  it.each<[string, Asked, string[] | undefined]>([
    ['a claim', { what: '/v1/persistentvolumeclaims', object: { metadata: {} } }, ['kubernetes.io/pvc-protection']],
    [
      'a claim with others',
      { what: '/v1/persistentvolumeclaims', object: { metadata: { finalizers: ['a/b'] } } },
      ['a/b', 'kubernetes.io/pvc-protection'],
    ],
    [
      'a claim that has it',
      { what: '/v1/persistentvolumeclaims', object: { metadata: { finalizers: ['kubernetes.io/pvc-protection'] } } },
      ['kubernetes.io/pvc-protection'],
    ],
    ['a volume', { what: '/v1/persistentvolumes', object: { metadata: {} } }, ['kubernetes.io/pv-protection']],
    [
      'a class of attributes',
      { what: 'storage.k8s.io/v1/volumeattributesclasses', object: { metadata: {} } },
      ['kubernetes.io/vac-protection'],
    ],
    ['a claim changed', { operation: 'UPDATE', what: '/v1/persistentvolumeclaims', object: { metadata: {} } }, undefined],
    ['a status', { what: '/v1/persistentvolumeclaims/status', object: { metadata: {} } }, undefined],
    ['a Pod', { object: pod() }, undefined],
  ])('%s', async (_what, asked, right) => {
    expect(await answerOf(storageObjectInUseProtection, asked)).toBe('ok');
    expect((asked.object as Any).metadata.finalizers).toEqual(right);
  });
});

describe('DefaultStorageClass', () => {
  const cls = (name: string, creationTimestamp: string, value = 'true', key = 'storageclass.kubernetes.io/is-default-class') =>
    [`storageclasses//${name}`, { metadata: { name, creationTimestamp, annotations: { [key]: value } } }] as const;
  const classes = Object.fromEntries([
    cls('old', '2026-01-01'),
    cls('b', '2026-02-01'),
    cls('a', '2026-02-01'),
    cls('newest', '2026-03-01', 'false'),
  ]);
  const claim = (spec: object = {}, meta: object = {}) => ({ metadata: { name: 'c', ...meta }, spec });
  const what = '/v1/persistentvolumeclaims';
  it.each<[string, Record<string, object>, Asked, string | undefined]>([
    ['a claim gets the newest, then the first', classes, { what, object: claim() }, 'a'],
    [
      'a claim of the old annotation',
      Object.fromEntries([cls('beta', '2026-01-01', 'true', 'storageclass.beta.kubernetes.io/is-default-class')]),
      { what, object: claim() },
      'beta',
    ],
    ['a claim where there is none', {}, { what, object: claim() }, undefined],
    ['a claim of a class', classes, { what, object: claim({ storageClassName: 'x' }) }, 'x'],
    ['a claim of no class', classes, { what, object: claim({ storageClassName: '' }) }, ''],
    [
      'a claim of an annotated class',
      classes,
      { what, object: claim({}, { annotations: { 'volume.beta.kubernetes.io/storage-class': 'x' } }) },
      undefined,
    ],
    ['a claim changed', classes, { operation: 'UPDATE', what, object: claim() }, undefined],
    ['a Pod', classes, { object: pod() }, undefined],
  ])('%s', async (_what, stored, asked, right) => {
    expect(await answerOf(defaultStorageClass(storedObjects(stored)), asked)).toBe('ok');
    expect((asked.object as Any).spec.storageClassName).toBe(right);
  });
});

describe('RuntimeClass', () => {
  const stored = {
    'runtimeclasses//plain': { metadata: { name: 'plain' } },
    'runtimeclasses//full': {
      metadata: { name: 'full' },
      overhead: { podFixed: { cpu: '1' } },
      scheduling: { nodeSelector: { a: 'b' }, tolerations: [{ key: 'k' }] },
    },
  };
  it.each<[string, object, object | string]>([
    ['no class', {}, {}],
    ['a plain class', { runtimeClassName: 'plain' }, {}],
    ['a class that is not there', { runtimeClassName: 'gone' }, '403 pod rejected: RuntimeClass "gone" not found'],
    [
      'an overhead without a class',
      { overhead: { cpu: '1' } },
      '403 pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
    ],
    ['an empty overhead without a class', { overhead: {} }, {}],
    ['a full class', { runtimeClassName: 'full' }, { overhead: { cpu: '1' }, nodeSelector: { a: 'b' }, tolerations: [{ key: 'k' }] }],
    ['its own overhead', { runtimeClassName: 'full', overhead: { cpu: '1' } }, { overhead: { cpu: '1' } }],
    [
      'another overhead',
      { runtimeClassName: 'full', overhead: { cpu: '2' } },
      "403 pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead",
    ],
    ['a selector beside', { runtimeClassName: 'full', nodeSelector: { a: 'b', c: 'd' } }, { nodeSelector: { a: 'b', c: 'd' } }],
    [
      'a selector against',
      { runtimeClassName: 'full', nodeSelector: { a: 'c' } },
      '403 pod rejected: conflict: runtimeClass.scheduling.nodeSelector[a] = b; pod.spec.nodeSelector[a] = c',
    ],
    [
      'the same toleration',
      { runtimeClassName: 'full', tolerations: [{ key: 'k' }, { key: 'l' }] },
      { tolerations: [{ key: 'k' }, { key: 'l' }] },
    ],
  ])('a Pod with %s', async (_what, spec, right) => {
    const object: Any = pod(spec);
    const said = await answerOf(runtimeClass(storedObjects(stored)), { object });
    if (typeof right === 'string') expect(said).toBe(right);
    else {
      expect(said).toBe('ok');
      expect(object.spec).toMatchObject(right);
      if (!Object.keys(right).length) expect(object).toEqual(pod(spec));
    }
  });
  it('leaves changes and others alone', async () => {
    const plugin = runtimeClass(storedObjects(stored));
    expect(await answerOf(plugin, { operation: 'UPDATE', object: pod({ runtimeClassName: 'gone' }) })).toBe('ok');
    expect(await answerOf(plugin, { what: '/v1/pods/binding', object: {} })).toBe('ok');
    expect(await answerOf(plugin, { what: '/v1/configmaps', object: { metadata: {} } })).toBe('ok');
  });
});

describe('the chain', () => {
  const parts = { lookup: storedObjects({}), env, rbac: {} as Rbac, authorizer: allowing() };
  it('asks each in order, both times, and stops at a refusal', async () => {
    const order: string[] = [];
    const plugin = (name: string, fails = false) => ({
      name,
      admit: async () => void order.push(`admit ${name}`),
      validate: () => {
        order.push(`validate ${name}`);
        if (fails) throw new Error(name);
      },
    });
    const chain = new AdmissionChain([plugin('a'), { name: 'none' }, plugin('b', true), plugin('c')]);
    await chain.admit(attributesOf({ object: pod() }));
    await expect(chain.validate(attributesOf({ object: pod() }))).rejects.toThrow('b');
    expect(order).toEqual(['admit a', 'admit b', 'admit c', 'validate a', 'validate b']);
  });
  it('leaves out what is named, and knows what may be named', async () => {
    const missing = attributesOf({ namespace: 'gone', object: pod() });
    await expect(defaultChain(parts).admit(missing)).rejects.toThrow('namespaces "gone" not found');
    await expect(
      defaultChain({ ...parts, disabled: ['NamespaceLifecycle', 'ServiceAccount', 'LimitRanger'] }).admit(missing),
    ).resolves.toBeUndefined();
    for (const name of ['RBACEscalation', 'CertificateSignature', 'Nonsense', ''])
      expect(() => defaultChain({ ...parts, disabled: [name] })).toThrow(`admission-control plugin ${JSON.stringify(name)} is unknown`);
  });
});
