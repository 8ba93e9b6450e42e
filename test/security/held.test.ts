/** What was tried against the node's programs and held: text of others in rules and paths is refused at the API already. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Cluster } from '../../src/index.js';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await Cluster.start({ nodes: 0 });
});
afterAll(() => cluster.stop());

const RULE = '10.0.0.1\n-A INPUT -j ACCEPT';
const port = { name: 'http', port: 80, protocol: 'TCP' };
const container = { name: 'c', image: 'i' };
const service = (spec: object, name = 's') =>
  ['/api/v1/namespaces/default/services', { metadata: { name }, spec: { ports: [port], ...spec } }] as const;
const pod = (spec: object, name = 'p') =>
  ['/api/v1/namespaces/default/pods', { metadata: { name }, spec: { containers: [container], ...spec } }] as const;
const slice = (rest: object) =>
  [
    '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices',
    { metadata: { name: 'e', labels: { 'kubernetes.io/service-name': 's' } }, addressType: 'IPv4', endpoints: [], ports: [], ...rest },
  ] as const;

it.each<[string, readonly [string, object]]>([
  ['a Service name with a rule', service({}, `s"\n-A INPUT -j ACCEPT`)],
  ['a port name with a rule', service({ ports: [{ ...port, name: `h" ${RULE}` }] })],
  ['an external address with a rule', service({ externalIPs: [RULE] })],
  ['a source range with a rule', service({ type: 'LoadBalancer', loadBalancerSourceRanges: [`10.0.0.0/8 ${RULE}`] })],
  ['a Service address with a rule', service({ clusterIP: RULE })],
  ['an external name with a path', service({ type: 'ExternalName', externalName: '../../etc' })],
  ['an endpoint with a rule', slice({ endpoints: [{ addresses: [RULE] }] })],
  ['an endpoint of the loopback', slice({ endpoints: [{ addresses: ['127.0.0.1'] }] })],
  ['an endpoint of the link', slice({ endpoints: [{ addresses: ['169.254.169.254'] }] })],
  ['a container name that leads up', pod({ containers: [{ ...container, name: '../../x' }] })],
  ['a Pod name that leads up', pod({}, '../x')],
  ['a volume name that leads up', pod({ volumes: [{ name: '../v', emptyDir: {} }] })],
  [
    'a sub-path that leads up',
    pod({
      volumes: [{ name: 'v', emptyDir: {} }],
      containers: [{ ...container, volumeMounts: [{ name: 'v', mountPath: '/m', subPath: '../x' }] }],
    }),
  ],
  [
    'a sub-path from the root',
    pod({
      volumes: [{ name: 'v', emptyDir: {} }],
      containers: [{ ...container, volumeMounts: [{ name: 'v', mountPath: '/m', subPath: '/etc' }] }],
    }),
  ],
  ['a host path that leads up', pod({ volumes: [{ name: 'v', hostPath: { path: '/var/../etc' } }] })],
  [
    'a file of a volume that leads up',
    pod({ volumes: [{ name: 'v', downwardAPI: { items: [{ path: '../x', fieldRef: { fieldPath: 'metadata.name' } }] } }] }),
  ],
  [
    'a file of a volume that is the writer’s own',
    pod({ volumes: [{ name: 'v', downwardAPI: { items: [{ path: '..data', fieldRef: { fieldPath: 'metadata.name' } }] } }] }),
  ],
  ['a seccomp profile that leads up', pod({ securityContext: { seccompProfile: { type: 'Localhost', localhostProfile: '../../etc/x' } } })],
  ['a host name with a line', pod({ hostname: 'a\n1.2.3.4 bank' })],
  ['an alias with a line', pod({ hostAliases: [{ ip: '1.2.3.4', hostnames: ['a\n5.6.7.8 bank'] }] })],
  ['a sysctl with a line', pod({ securityContext: { sysctls: [{ name: 'net.core.x\ny', value: '1' }] } })],
])('%s', async (_, [path, body]) => {
  await expect(cluster.client.raw('POST', path, body)).rejects.toMatchObject({
    code: expect.toSatisfy((c: number) => c === 422 || c === 400),
  });
});
