/** Tables for the small pure parts: names, expansion, environment, DNS, hosts, QoS, back-off, durations. */
import { describe, expect, it } from 'vitest';
import { pod } from '../../test/kubelet/simulated.js';
import type { ConfigMap, Secret, Service } from '../api/types/core/v1.js';
import { VirtualClock } from '../util/virtual-clock.js';
import { amount, milli } from './amount.js';
import { BackOff, CRASH_BACKOFF } from './backoff.js';
import { credentialsFor } from './credentials.js';
import { parseResolvConf, podDns } from './dns.js';
import { fieldValue, resourceValue } from './downward.js';
import { goDuration } from './duration.js';
import { environment } from './env-vars.js';
import { Expansion } from './expansion.js';
import { hostsFile, kernelHostName, podHostName } from './hostname.js';
import { defaultPullPolicy, parseImageName, withDefaultTag } from './image-name.js';
import { containerResources, cpuShares, oomScore, podCgroup, podLimits, qosClass } from './qos.js';
import { containerSecurity, verifyNonRoot } from './security.js';

describe('quantities', () => {
  it.each([
    ['500m', 0.5],
    ['2', 2],
    ['128Mi', 134_217_728],
    ['1G', 1e9],
    ['1e3', 1000],
    ['.5', 0.5],
    ['100n', 1e-7],
  ])('%s is %d', (text, n) => {
    expect(amount(text)).toBeCloseTo(n, 9);
  });
  it('round CPU up to thousandths', () => {
    expect(milli('0.0001')).toBe(1);
    expect(milli('100m')).toBe(100);
  });
  it.each(['', 'abc', '1 Mi', '1ki'])('refuse %j', (text) => {
    expect(() => amount(text)).toThrow('not a quantity');
  });
});

describe('image names', () => {
  it.each([
    ['busybox', 'docker.io/library/busybox', 'latest', ''],
    ['busybox:1', 'docker.io/library/busybox', '1', ''],
    ['a/b', 'docker.io/a/b', 'latest', ''],
    ['localhost/b:x', 'localhost/b', 'x', ''],
    ['harbor.example.com/p/q:v1', 'harbor.example.com/p/q', 'v1', ''],
    ['127.0.0.1:5000/x', '127.0.0.1:5000/x', 'latest', ''],
    [`x@sha256:${'a'.repeat(64)}`, 'docker.io/library/x', '', `sha256:${'a'.repeat(64)}`],
  ])('%s', (image, repository, tag, digest) => {
    expect(parseImageName(image)).toEqual({ repository, tag, digest });
  });
  it.each([
    ['UPPER', 'repository name must be lowercase'],
    ['a b', 'invalid reference format'],
    ['', 'invalid reference format'],
    ['a:', 'invalid reference format'],
  ])('%j is refused', (image, why) => {
    expect(() => parseImageName(image)).toThrow(why);
  });
  it('get latest where nothing else is said, and are then always pulled', () => {
    expect([withDefaultTag('x'), withDefaultTag('x:1'), withDefaultTag(`x@sha256:${'0'.repeat(64)}`)]).toEqual([
      'x:latest',
      'x:1',
      `x@sha256:${'0'.repeat(64)}`,
    ]);
    expect([defaultPullPolicy('x'), defaultPullPolicy('x:latest'), defaultPullPolicy('x:1')]).toEqual(['Always', 'Always', 'IfNotPresent']);
  });
});

describe('expansion', () => {
  it.each([
    ['$(A)', '1'],
    ['x$(A)y$(B)', 'x1y2'],
    ['$(C)', '$(C)'],
    ['$$(A)', '$(A)'],
    ['$$$(A)', '$1'],
    ['$(A', '$(A'],
    ['$A $', '$A $'],
    ['$(A) $(B', '1 $(B'],
    ['$($(A)', '$($(A)'],
    ['$()', '$()'],
    ['', ''],
  ])('%s', (text, out) => {
    expect(new Expansion().expand(text, (n) => ({ A: '1', B: '2' })[n], 'text')).toBe(out);
  });
});

const facts = { podIPs: ['10.0.0.1', 'fd00::1'], hostIPs: ['192.0.2.1'], allocatable: { cpu: '4', memory: '1Gi' } };

describe('the downward API', () => {
  const p = pod({
    name: 'p',
    metadata: { labels: { b: '2', a: 'x"y' }, annotations: { 'k/z': 'v' } },
    spec: { serviceAccountName: 'sa' },
    containers: [{ name: 'a', resources: { limits: { cpu: '1500m', memory: '64Mi' }, requests: { cpu: '250m' } } }, { name: 'b' }],
  });
  it.each([
    ['metadata.name', 'p'],
    ['metadata.namespace', 'default'],
    ['metadata.labels', 'a="x\\"y"\nb="2"'],
    ["metadata.labels['b']", '2'],
    ["metadata.annotations['k/z']", 'v'],
    ["metadata.annotations['none']", ''],
    ['spec.nodeName', 'node'],
    ['spec.serviceAccountName', 'sa'],
    ['status.podIP', '10.0.0.1'],
    ['status.podIPs', '10.0.0.1,fd00::1'],
    ['status.hostIP', '192.0.2.1'],
  ])('%s', (fieldPath, value) => {
    expect(fieldValue(p, { fieldPath }, facts)).toBe(value);
  });
  it('refuses other fields', () => {
    expect(() => fieldValue(p, { fieldPath: 'spec.foo' }, facts)).toThrow('unsupported fieldPath: spec.foo');
  });
  it.each([
    ['a', 'limits.cpu', undefined, '2'],
    ['a', 'limits.cpu', '1m', '1500'],
    ['a', 'requests.cpu', '1m', '250'],
    ['a', 'limits.memory', '1Mi', '64'],
    ['a', 'requests.memory', undefined, '0'],
    ['b', 'limits.cpu', undefined, '4'],
    ['b', 'limits.memory', '1Mi', '1024'],
  ])('%s %s in %s', (containerName, resource, divisor, value) => {
    expect(resourceValue(p, { containerName, resource, ...(divisor ? { divisor } : {}) }, undefined, facts)).toBe(value);
  });
});

describe('the environment', () => {
  const service = (name: string, namespace: string, ip: string): Service =>
    ({
      metadata: { name, namespace },
      spec: {
        clusterIP: ip,
        ports: [
          { port: 80, name: 'http', protocol: 'TCP' },
          { port: 53, name: 'dns-udp', protocol: 'UDP' },
        ],
      },
    }) as unknown as Service;
  const missing = (kind: string) => (name: string) => {
    throw new Error(`${kind} ${JSON.stringify(name)} not found`);
  };
  const sources = {
    ...facts,
    configMap: (name: string) =>
      name === 'cm' ? ({ data: { A: 'cm-a', B: 'cm-b' } } as unknown as ConfigMap) : missing('configmap')(name),
    secret: (name: string) => (name === 'sec' ? ({ data: { PW: btoa('s3cret') } } as unknown as Secret) : missing('secret')(name)),
    services: [] as Service[],
  };
  const env = (c: object, services: Service[] = [], spec: object = {}) => {
    const p = pod({ name: 'p', spec, containers: [{ name: 'a', ...c }] });
    return Object.fromEntries(environment(p, p.spec.containers[0]!, { ...sources, services }).map((e) => [e.name, e.value]));
  };

  it('takes values, references, fields and keys, the later over the earlier', () => {
    expect(
      env({
        envFrom: [
          { prefix: 'P_', configMapRef: { name: 'cm' } },
          { secretRef: { name: 'sec' } },
          { configMapRef: { name: 'no', optional: true } },
        ],
        env: [
          { name: 'X', value: 'x' },
          { name: 'Y', value: '$(X)-$(P_A)-$(LATER)-$$(X)' },
          { name: 'LATER', value: 'l' },
          { name: 'PW', value: 'other' },
          { name: 'F', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
          { name: 'K', valueFrom: { configMapKeyRef: { name: 'cm', key: 'B' } } },
          { name: 'S', valueFrom: { secretKeyRef: { name: 'sec', key: 'PW' } } },
          { name: 'O', valueFrom: { secretKeyRef: { name: 'none', key: 'x', optional: true } } },
        ],
      }),
    ).toEqual({ P_A: 'cm-a', P_B: 'cm-b', PW: 'other', X: 'x', Y: 'x-cm-a-$(LATER)-$(X)', LATER: 'l', F: 'p', K: 'cm-b', S: 's3cret' });
  });
  it('names what is missing', () => {
    expect(() => env({ env: [{ name: 'K', valueFrom: { configMapKeyRef: { name: 'cm', key: 'Z' } } }] })).toThrow(
      "couldn't find key Z in ConfigMap default/cm",
    );
    expect(() => env({ env: [{ name: 'K', valueFrom: { configMapKeyRef: { name: 'no', key: 'Z' } } }] })).toThrow(
      'configmap "no" not found',
    );
  });
  it('links services, those of the namespace only if the pod wants it', () => {
    const services = [
      service('kubernetes', 'default', '10.96.0.1'),
      service('my-web', 'ns', '10.96.0.2'),
      service('other', 'elsewhere', '10.96.0.3'),
      service('headless', 'ns', 'None'),
    ];
    const p = (links: boolean) => {
      const x = pod({ name: 'p', metadata: { namespace: 'ns' }, spec: { enableServiceLinks: links }, containers: [{ name: 'a' }] });
      return new Map(environment(x, x.spec.containers[0]!, { ...sources, services }).map((e) => [e.name, e.value]));
    };
    expect([...p(false).keys()].filter((k) => k.startsWith('MY_WEB'))).toEqual([]);
    expect(p(false).get('KUBERNETES_SERVICE_HOST')).toBe('10.96.0.1');
    const with_ = p(true);
    expect(with_.get('MY_WEB_SERVICE_HOST')).toBe('10.96.0.2');
    expect(with_.get('MY_WEB_SERVICE_PORT')).toBe('80');
    expect(with_.get('MY_WEB_SERVICE_PORT_DNS_UDP')).toBe('53');
    expect(with_.get('MY_WEB_PORT')).toBe('tcp://10.96.0.2:80');
    expect(with_.get('MY_WEB_PORT_53_UDP')).toBe('udp://10.96.0.2:53');
    expect(with_.get('MY_WEB_PORT_53_UDP_ADDR')).toBe('10.96.0.2');
    expect([...with_.keys()].some((k) => k.startsWith('OTHER') || k.startsWith('HEADLESS'))).toBe(false);
  });
});

describe('DNS', () => {
  const host = parseResolvConf('# c\nnameserver 1.1.1.1\nsearch a.test. b.test\noptions ndots:1 edns0\n');
  const inputs = { clusterDNS: ['10.96.0.10'], clusterDomain: 'k.test', host };
  const dns = (spec: object, more: object = {}) => podDns(pod({ name: 'p', spec }), { ...inputs, ...more }, 'p');
  it('reads resolv.conf', () => {
    expect(host).toEqual({ servers: ['1.1.1.1'], searches: ['a.test', 'b.test'], options: ['ndots:1', 'edns0'] });
  });
  it.each<[object, string[], string[], string[]]>([
    [{ dnsPolicy: 'ClusterFirst' }, ['10.96.0.10'], ['default.svc.k.test', 'svc.k.test', 'k.test', 'a.test', 'b.test'], ['ndots:5']],
    [{ dnsPolicy: 'ClusterFirst', hostNetwork: true }, ['1.1.1.1'], ['a.test', 'b.test'], ['ndots:1', 'edns0']],
    [
      { dnsPolicy: 'ClusterFirstWithHostNet', hostNetwork: true },
      ['10.96.0.10'],
      ['default.svc.k.test', 'svc.k.test', 'k.test', 'a.test', 'b.test'],
      ['ndots:5'],
    ],
    [{ dnsPolicy: 'Default' }, ['1.1.1.1'], ['a.test', 'b.test'], ['ndots:1', 'edns0']],
    [
      {
        dnsPolicy: 'None',
        dnsConfig: { nameservers: ['9.9.9.9'], searches: ['x'], options: [{ name: 'ndots', value: '2' }, { name: 'rotate' }] },
      },
      ['9.9.9.9'],
      ['x'],
      ['ndots:2', 'rotate'],
    ],
    [
      { dnsPolicy: 'ClusterFirst', dnsConfig: { options: [{ name: 'ndots', value: '2' }] } },
      ['10.96.0.10'],
      ['default.svc.k.test', 'svc.k.test', 'k.test', 'a.test', 'b.test'],
      ['ndots:2'],
    ],
  ])('%j', (spec, servers, searches, options) => {
    expect(dns(spec).dns).toEqual({ servers, searches, options });
  });
  it('cuts what is too much, and says so', () => {
    const many = Array.from({ length: 40 }, (_, i) => `s${i}`);
    const a = dns({ dnsPolicy: 'None', dnsConfig: { nameservers: ['1', '2', '3', '4'], searches: many } });
    expect(a.dns.servers).toHaveLength(3);
    expect(a.dns.searches).toHaveLength(32);
    expect(a.warnings.map((w) => w.reason)).toEqual(['DNSConfigForming', 'DNSConfigForming']);
  });
  it('falls back to the host where the cluster has no DNS', () => {
    const a = dns({ dnsPolicy: 'ClusterFirst' }, { clusterDNS: [] });
    expect(a.dns.servers).toEqual(['1.1.1.1']);
    expect(a.warnings[0]?.reason).toBe('MissingClusterDNS');
  });
});

describe('host names', () => {
  it.each<[object, string, string, string]>([
    [{}, 'p', '', 'p'],
    [{ hostname: 'h', subdomain: 's' }, 'h', 's.default.svc.k.test', 'h'],
    [{ hostname: 'h', subdomain: 's', setHostnameAsFQDN: true }, 'h', 's.default.svc.k.test', 'h.s.default.svc.k.test'],
    [{ hostnameOverride: 'my.own' }, 'my.own', '', 'my.own'],
  ])('%j', (spec, hostname, domain, kernel) => {
    const p = pod({ name: 'p', spec });
    const name = podHostName(p, 'k.test');
    expect(name).toEqual({ hostname, domain });
    expect(kernelHostName(p, name)).toBe(kernel);
  });
  it('are cut to what the kernel takes', () => {
    expect(podHostName(pod({ name: `${'a'.repeat(62)}-b` }), '').hostname).toBe('a'.repeat(62));
  });
  it('stand in the hosts file with aliases', () => {
    const p = pod({ name: 'p', spec: { hostname: 'h', subdomain: 's', hostAliases: [{ ip: '1.2.3.4', hostnames: ['a', 'b'] }] } });
    const text = hostsFile(p, ['10.0.0.1'], podHostName(p, 'k.test'));
    expect(text).toContain('10.0.0.1\th.s.default.svc.k.test\th\n');
    expect(text.endsWith('\n# Entries added by HostAliases.\n1.2.3.4\ta\tb\n')).toBe(true);
  });
});

describe('quality of service', () => {
  const r = (requests: object, limits: object = {}) => ({ resources: { requests, limits } });
  const full = r({ cpu: '1', memory: '1Gi' }, { cpu: '1', memory: '1Gi' });
  it.each<[string, object[], string]>([
    ['BestEffort', [{}], 'BestEffort'],
    ['all limits', [full, full], 'Guaranteed'],
    ['limits alone', [r({}, { cpu: '1', memory: '1Gi' })], 'Guaranteed'],
    ['one without', [full, {}], 'Burstable'],
    ['a request below its limit', [r({ cpu: '500m', memory: '1Gi' }, { cpu: '1', memory: '1Gi' })], 'Burstable'],
    ['only CPU', [r({ cpu: '1' }, { cpu: '1' })], 'Burstable'],
  ])('%s', (_, containers, qos) => {
    expect(qosClass(pod({ name: 'p', containers: containers as never }))).toBe(qos);
  });
  it('has its cgroups', () => {
    expect(podCgroup('/kubepods', pod({ name: 'p' }))).toBe('/kubepods/besteffort/poduid-p');
    expect(podCgroup('/kubepods', pod({ name: 'p', containers: [full] as never }))).toBe('/kubepods/poduid-p');
  });
  it('makes limits of a pod from its containers', () => {
    expect(podLimits(pod({ name: 'p', containers: [full, full] as never }), 100)).toEqual({
      cpuShares: 2048,
      cpuQuota: 200_000,
      cpuPeriod: 100_000,
      memoryLimit: 2 * 2 ** 30,
      pidsLimit: 100,
    });
    expect(podLimits(pod({ name: 'p', containers: [full, {}] as never }))).toEqual({ cpuShares: 1024 });
    expect(podLimits(pod({ name: 'p' }))).toEqual({ cpuShares: 2 });
    const init = { initContainers: [{ name: 'i', image: 'x', ...r({ cpu: '3' }) }] };
    expect(podLimits(pod({ name: 'p', containers: [full] as never, spec: init as never })).cpuShares).toBe(3072);
  });
  it('makes resources of a container', () => {
    const p = pod({ name: 'p', containers: [r({ cpu: '100m', memory: '512Mi' }, { cpu: '500m', memory: '1Gi' })] as never });
    expect(containerResources(p, p.spec.containers[0]!, 2 ** 30)).toEqual({
      cpuShares: 102,
      cpuPeriod: 100_000,
      cpuQuota: 50_000,
      memoryLimit: 2 ** 30,
      oomScoreAdj: 500,
    });
    expect([cpuShares(0), cpuShares(1), cpuShares(1e9)]).toEqual([2, 2, 262_144]);
  });
  it.each<[object[], number, object]>([
    [[full], -997, {}],
    [[{}], 1000, {}],
    [[r({ memory: '1' })], 999, {}],
    [[r({ memory: '1Gi' })], 3, {}],
    [[{}], -997, { priority: 2_000_001_000 }],
  ])('scores for the OOM killer: %j', (containers, score, spec) => {
    const p = pod({ name: 'p', containers: containers as never, spec });
    expect(oomScore(p, p.spec.containers[0]!, 2 ** 30)).toBe(score);
  });
});

describe('security', () => {
  it('overlays the container on the pod', () => {
    const p = pod({
      name: 'p',
      spec: {
        securityContext: { runAsUser: 1, runAsGroup: 2, fsGroup: 3, supplementalGroups: [4], seccompProfile: { type: 'RuntimeDefault' } },
      },
      containers: [
        {
          securityContext: {
            runAsUser: 9,
            capabilities: { add: ['A'], drop: ['ALL'] },
            readOnlyRootFilesystem: true,
            allowPrivilegeEscalation: false,
          },
        },
      ],
    });
    expect(containerSecurity(p, p.spec.containers[0]!, undefined, '/k')).toMatchObject({
      runAsUser: 9,
      runAsGroup: 2,
      supplementalGroups: [3, 4],
      addCapabilities: ['A'],
      dropCapabilities: ['ALL'],
      readonlyRootfs: true,
      noNewPrivileges: true,
      privileged: false,
      seccomp: { type: 'RuntimeDefault' },
    });
  });
  it.each<[object, object, string | undefined]>([
    [{}, { uid: 0 }, undefined],
    [{ runAsNonRoot: true }, { uid: 0 }, 'container has runAsNonRoot and image will run as root (pod: "p_default(uid-p)", container: c)'],
    [
      { runAsNonRoot: true },
      { username: 'app' },
      'container has runAsNonRoot and image has non-numeric user (app), cannot verify user is non-root (pod: "p_default(uid-p)", container: c)',
    ],
    [{ runAsNonRoot: true, runAsUser: 0 }, {}, 'container\'s runAsUser breaks non-root policy (pod: "p_default(uid-p)", container: c)'],
    [{ runAsNonRoot: true, runAsUser: 5 }, { uid: 0 }, undefined],
    [{ runAsNonRoot: true }, { uid: 1000 }, undefined],
  ])('%j on an image of %j', (securityContext, image, error) => {
    const p = pod({ name: 'p', containers: [{ securityContext }] });
    const verify = () => verifyNonRoot(p, p.spec.containers[0]!, image as never);
    if (error) expect(verify).toThrow(error);
    else verify();
  });
});

describe('pull secrets', () => {
  const secret = (auths: object, type = 'kubernetes.io/dockerconfigjson'): Secret =>
    ({
      metadata: { name: 's', namespace: 'ns' },
      type,
      data: { '.dockerconfigjson': btoa(JSON.stringify({ auths })), '.dockercfg': btoa(JSON.stringify(auths)) },
    }) as unknown as Secret;
  it.each<[string, object, string[]]>([
    ['harbor.example.com/p/x', { 'harbor.example.com': { username: 'a', password: 'b' } }, ['a']],
    ['harbor.example.com/p/x', { 'https://harbor.example.com/v2/': { auth: btoa('u:p:q') } }, ['u']],
    ['harbor.example.com/p/x', { 'harbor.example.com/p': { username: 'in' }, 'harbor.example.com': { username: 'all' } }, ['in', 'all']],
    ['harbor.example.com/px', { 'harbor.example.com/p': { username: 'in' } }, []],
    ['harbor.example.com:8443/x', { 'harbor.example.com': { username: 'a' } }, []],
    ['h1.example.com/x', { '*.example.com': { username: 'a' } }, ['a']],
    ['docker.io/library/x', { 'https://index.docker.io/v1/': { username: 'hub' } }, ['hub']],
  ])('%s with %j', (repository, auths, users) => {
    expect(credentialsFor(repository, [secret(auths)], String).map((c) => c.auth.username)).toEqual(users);
    expect(credentialsFor(repository, [secret(auths, 'kubernetes.io/dockercfg')], String).map((c) => c.auth.username)).toEqual(users);
  });
  it('keep colons in passwords', () => {
    const auth = { username: 'u', password: 'p:q' };
    expect(credentialsFor('h.test/x', [secret({ 'h.test': { auth: btoa('u:p:q') } })], (s) => `hash of ${s}`)).toEqual([
      { auth, source: { uid: '', namespace: 'ns', name: 's', hash: `hash of ${JSON.stringify(auth)}` } },
    ]);
  });
  it('that cannot be read name themselves', () => {
    expect(() =>
      credentialsFor(
        'h.test/x',
        [
          {
            metadata: { name: 's', namespace: 'ns' },
            type: 'kubernetes.io/dockerconfigjson',
            data: { '.dockerconfigjson': btoa('{') },
          } as unknown as Secret,
        ],
        String,
      ),
    ).toThrow('pull secret ns/s');
  });
});

describe('back-off', () => {
  it('doubles to five minutes and starts anew after ten of quiet', async () => {
    const clock = new VirtualClock();
    const b = new BackOff(clock, CRASH_BACKOFF);
    const waits: number[] = [];
    for (let i = 0; i < 8; i++) {
      b.next('k', clock.now());
      waits.push(b.delay('k') / 1000);
      expect(b.remaining('k', clock.now())).toBe(b.delay('k'));
      await clock.advance(b.delay('k'));
    }
    expect(waits).toEqual([10, 20, 40, 80, 160, 300, 300, 300]);
    await clock.advance('11m');
    expect(b.remaining('k', clock.now())).toBe(0);
    b.next('k', clock.now());
    expect(b.delay('k')).toBe(10_000);
  });
});

describe('durations', () => {
  it.each([
    [0, '0s'],
    [7, '7ms'],
    [1000, '1s'],
    [1234, '1.234s'],
    [10_000, '10s'],
    [300_000, '5m0s'],
    [160_000, '2m40s'],
    [3_600_000, '1h0m0s'],
  ])('%d ms is %s', (ms, text) => {
    expect(goDuration(ms)).toBe(text);
  });
});
