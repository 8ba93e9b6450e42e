import { describe, expect, it } from 'vitest';
import type { AnyObject } from '../../meta/object.js';
import type { Call } from '../core.js';
import { type ApiRequest, requestInfo } from '../request.js';
import { asFolder, outwardHeaders, proxyTarget } from './proxy.js';
import { type KubeletAddress, kubelet } from './targets.js';

const request = (path: string, headers: ApiRequest['headers'] = {}, method = 'GET'): ApiRequest => ({
  method,
  path,
  query: new URLSearchParams(),
  headers,
});
const named = (objects: readonly AnyObject[], name: string) =>
  objects.filter((o) => o.metadata.name === name).map((object) => ({ object }))[0];

/** A call for `path` where these objects are stored, by their plural names. */
function callOf(path: string, stored: Record<string, object[]>, kubelets: [string, KubeletAddress][] = []): Call {
  const sent = request(path);
  const info = requestInfo(sent);
  const all = (plural: string) => (stored[plural] ?? []) as AnyObject[];
  const core = {
    kubelets: new Map(kubelets),
    resources: { find: (_g: string, _v: string, plural: string) => ({ plural, group: '' }) },
    storage: {
      get: (d: { plural: string }, _ns: string, name: string) => named(all(d.plural), name),
      list: (d: { plural: string }) => all(d.plural).map((object) => ({ object })),
    },
  };
  return {
    core,
    request: sent,
    info,
    definition: { plural: info.resource, singular: info.resource.slice(0, -1), group: '' },
  } as unknown as Call;
}
const at = (call: () => ReturnType<typeof proxyTarget>): string => {
  try {
    const { scheme, host, port, path, node, known } = call();
    return `${node ? `kubelet ${node}${known ? ' here' : ''} ` : ''}${scheme}://${host}:${port}${path}`;
  } catch (e) {
    return `${(e as { code: number }).code} ${(e as Error).message}`;
  }
};

const NS = '/api/v1/namespaces/default';
const pod = (name: string, podIP?: string, ports?: object[]) => ({
  metadata: { name },
  spec: { containers: [{ name: 'c', ...(ports ? { ports } : {}) }] },
  status: { podIP, podIPs: podIP ? [{ ip: podIP }] : [] },
});
const SPECIAL = [
  '127.0.0.1',
  '127.9.9.9',
  '0.0.0.0',
  '169.254.169.254',
  '224.0.0.1',
  '255.255.255.255',
  '::1',
  '::',
  'fe80::1',
  'ff02::1',
  '::ffff:127.0.0.1',
  'localhost',
  '',
];

describe('a Pod', () => {
  const pods = [
    pod('p', '10.0.0.1', [{ name: 'web', containerPort: 8080 }]),
    pod('bare', '10.0.0.2'),
    pod('six', 'fd00::1'),
    ...SPECIAL.map((ip, i) => pod(`s${i}`, ip)),
  ];
  it.each([
    ['p', 'http://10.0.0.1:8080/x'],
    ['p:9', 'http://10.0.0.1:9/x'],
    ['p:web', 'http://10.0.0.1:8080/x'],
    ['https:p:', 'https://10.0.0.1:8080/x'],
    ['https:p:443', 'https://10.0.0.1:443/x'],
    ['http:p:443', 'http://10.0.0.1:443/x'],
    ['bare', 'http://10.0.0.2:80/x'],
    ['six', 'http://fd00::1:80/x'],
    ['missing', '404 pods "missing" not found'],
    ['p:none', '400 invalid port "none"'],
    ['p:0', '400 invalid port "0"'],
    ['p:65536', '400 invalid port "65536"'],
    ['p:1.5', '400 invalid port "1.5"'],
    ['ftp:p:21', '400 invalid pod request "ftp:p:21"'],
    ['a:p:1:2', '400 invalid pod request "a:p:1:2"'],
    [':80', '400 invalid pod request ":80"'],
    ...SPECIAL.map((_, i) => [`s${i}`, '400 address not allowed']),
  ])('%s', (name, right) => {
    expect(at(() => proxyTarget(callOf(`${NS}/pods/${name}/proxy/x`, { pods })))).toBe(right);
  });
});

describe('a Service', () => {
  const services = [
    {
      metadata: { name: 's' },
      spec: {
        ports: [
          { name: 'a', port: 80 },
          { name: 'b', port: 81 },
        ],
      },
    },
  ];
  const pods = [pod('p', '10.0.0.1'), pod('loop', '127.0.0.1')];
  const slice = (endpoint: object, more: object = {}) => [
    {
      metadata: { name: 'x', labels: { 'kubernetes.io/service-name': 's' } },
      ports: [
        { name: 'a', port: 8080 },
        { name: 'b', port: 8081 },
      ],
      endpoints: [endpoint],
      ...more,
    },
  ];
  const target = { kind: 'Pod', namespace: 'default', name: 'p' };
  const good = { addresses: ['10.0.0.1'], targetRef: target };
  const none = '503 no endpoints available for service "s"';
  it.each<[string, string, object[], string]>([
    ['by number', 's:80', slice(good), 'http://10.0.0.1:8080/x'],
    ['by another number', 's:81', slice(good), 'http://10.0.0.1:8081/x'],
    ['by name', 'https:s:b', slice(good), 'https://10.0.0.1:8081/x'],
    ['its first port', 's', slice(good), 'http://10.0.0.1:8080/x'],
    ['a port it has not', 's:82', slice(good), '503 no service port "82" found for service "s"'],
    ['a Pod that is not ready', 's:80', slice({ ...good, conditions: { ready: false } }), none],
    ['a slice of another Service', 's:80', slice(good, { metadata: { name: 'x', labels: { 'kubernetes.io/service-name': 't' } } }), none],
    ['a slice without that port', 's:80', slice(good, { ports: [{ name: 'b', port: 1 }] }), none],
    ['an address without a Pod', 's:80', slice({ addresses: ['192.168.1.1'] }), none],
    ['the address of a node, told of a Pod', 's:80', slice({ ...good, addresses: ['192.168.1.1'] }), none],
    ['a Pod of another namespace', 's:80', slice({ ...good, targetRef: { ...target, namespace: 'kube-system' } }), none],
    ['a Pod that is not there', 's:80', slice({ ...good, targetRef: { ...target, name: 'gone' } }), none],
    ['a Pod at loopback', 's:80', slice({ addresses: ['127.0.0.1'], targetRef: { ...target, name: 'loop' } }), none],
    ['the metadata service', 's:80', slice({ addresses: ['169.254.169.254'] }), none],
    ['a name', 's:80', slice({ addresses: ['localhost'], targetRef: target }), none],
    ['nothing', 's:80', slice({ addresses: [] }), none],
  ])('%s', (_what, name, endpointslices, right) => {
    expect(at(() => proxyTarget(callOf(`${NS}/services/${name}/proxy/x`, { services, pods, endpointslices })))).toBe(right);
  });
});

describe('a node', () => {
  const node = (name: string, address: string, type = 'InternalIP') => ({
    metadata: { name },
    status: {
      addresses: [
        { type: 'ExternalIP', address: '8.8.8.8' },
        { type, address },
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    },
  });
  const nodes = [
    node('n', '192.168.1.1'),
    node('loop', '127.0.0.1'),
    node('link', '169.254.169.254'),
    node('named', 'n.example', 'Hostname'),
    node('here', '192.168.1.9'),
  ];
  const known: [string, KubeletAddress][] = [['here', { host: '127.0.0.1', port: 4000 }]];
  it.each([
    ['n', 'kubelet n https://192.168.1.1:10250/x'],
    ['n:10250', 'kubelet n https://192.168.1.1:10250/x'],
    ['http:n:10250', 'kubelet n https://192.168.1.1:10250/x'],
    ['n:9100', 'http://192.168.1.1:9100/x'],
    ['https:n:9100', 'https://192.168.1.1:9100/x'],
    ['named', 'kubelet named https://n.example:10250/x'],
    ['named:9100', 'http://n.example:9100/x'],
    ['loop', '400 address not allowed'],
    ['link', '400 address not allowed'],
    ['here', 'kubelet here here https://127.0.0.1:4000/x'],
    ['here:4000', 'kubelet here here https://127.0.0.1:4000/x'],
    ['here:9100', 'http://192.168.1.9:9100/x'],
    ['loop:9100', '400 address not allowed'],
    ['missing', '404 nodes "missing" not found'],
  ])('%s', (name, right) => {
    expect(at(() => proxyTarget(callOf(`/api/v1/nodes/${name}/proxy/x`, { nodes }, known)))).toBe(right);
  });
  it.each([
    ['loop', '400 address not allowed'],
    ['here', 'kubelet here here https://127.0.0.1:4000/logs'],
    ['n', 'kubelet n https://192.168.1.1:10250/logs'],
  ])('the kubelet of %s', (name, right) => {
    expect(at(() => kubelet(callOf(`${NS}/pods/p`, { nodes }, known), name, '/logs'))).toBe(right);
  });
});

describe('headers', () => {
  it.each<[string, ApiRequest['headers'], Record<string, string>]>([
    ['pass', { accept: 'a', cookie: ['a=1', 'b=2'], 'x-own': ['1', '2'] }, { accept: 'a', cookie: 'a=1; b=2', 'x-own': '1, 2' }],
    ['of credentials do not', { authorization: 'Bearer x', 'proxy-authorization': 'Basic y' }, {}],
    [
      'of impersonation do not',
      { 'impersonate-user': 'u', 'impersonate-group': ['a', 'b'], 'impersonate-uid': '1', 'impersonate-extra-scopes': 'x' },
      {},
    ],
    ['of identity do not', { 'x-remote-user': 'u', 'x-remote-group': 'g', 'x-remote-extra-a': 'b', 'x-remote-uid': '1' }, {}],
    [
      'of the connection do not',
      {
        connection: 'x-hop, close',
        'x-hop': '1',
        te: 'x',
        upgrade: 'h2c',
        'transfer-encoding': 'chunked',
        'content-length': '1',
        host: 'h',
        ':path': '/',
      },
      {},
    ],
    [
      'with a token in a subprotocol lose it',
      { 'sec-websocket-protocol': 'v4, base64url.bearer.authorization.k8s.io.eA' },
      { 'sec-websocket-protocol': 'v4' },
    ],
    ['that are absent stay so', { accept: undefined }, {}],
  ])('%s', (_what, headers, right) => {
    expect(outwardHeaders(request('/', headers))).toEqual(right);
  });
  it('tell where the request came from', () => {
    expect(outwardHeaders({ ...request('/', { 'x-forwarded-for': '10.0.0.9' }), remoteAddress: '10.0.0.1' })).toEqual({
      'x-forwarded-for': '10.0.0.9, 10.0.0.1',
    });
  });
});

it.each([
  ['GET', '/api/v1/namespaces/default/pods/p/proxy', '/api/v1/namespaces/default/pods/p/proxy/'],
  ['HEAD', '/api/v1/namespaces/default/services/proxy/proxy?a=b', '/api/v1/namespaces/default/services/proxy/proxy/?a=b'],
  ['GET', '//api/v1/nodes/n/proxy', '/api/v1/nodes/n/proxy/'],
  ['GET', '/api/v1/namespaces/default/pods/p/proxy/', undefined],
  ['GET', '/api/v1/namespaces/default/pods/p/proxy/proxy', undefined],
  ['POST', '/api/v1/namespaces/default/pods/p/proxy', undefined],
])('%s %s, which names no page, is sent to %s', (method, url, location) => {
  const [path = '', query] = url.split('?');
  expect(asFolder({ method, path, query: new URLSearchParams(query) })).toBe(location);
});
