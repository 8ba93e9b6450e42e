/** Puts an API server together from its options. What it is made of can be read here from top to bottom. */
import { builtInResources, resourceOf } from '../api/table.js';
import type { Store } from '../store/store.js';
import { nth, parseCidr } from '../util/cidr.js';
import { type Timer, timestamp } from '../util/clock.js';
import type { Env } from '../util/component.js';
import { defaultChain } from './admission/default-chain.js';
import { Lookup } from './admission/lookup.js';
import { IpAllocator } from './allocate/ip.js';
import { PortAllocator } from './allocate/ports.js';
import { serviceHook } from './allocate/service.js';
import { objectAnswer } from './answer.js';
import { audienceAgnostic, requestAuthenticator, type TokenAuthenticator } from './authenticate/authenticator.js';
import { ServiceAccountTokens, type UidLookup } from './authenticate/service-account.js';
import { type Authorizer, alwaysAllow, alwaysDeny, union } from './authorize/authorizer.js';
import { NodeAuthorizer } from './authorize/node.js';
import { NodeGraph } from './authorize/node-graph.js';
import { mastersAllowed, Rbac } from './authorize/rbac.js';
import { bootstrap } from './bootstrap/bootstrap.js';
import { KubernetesService } from './bootstrap/kubernetes-service.js';
import { nodeRules } from './bootstrap/rbac.js';
import { startCompaction } from './compaction.js';
import { discovery } from './discovery/discovery.js';
import { fieldManager } from './fields/manager.js';
import { get } from './handlers/read.js';
import { patch, update } from './handlers/write.js';
import { asks, ENDPOINTS, type HealthCheck, health, rootPaths, version } from './health.js';
import { LocalClient } from './local-client.js';
import { Metrics } from './metrics.js';
import { firstOf, type NonResourceHandler } from './non-resource.js';
import { openapi } from './openapi/openapi.js';
import type { UserInfo } from './request.js';
import { ResourceTable } from './resources.js';
import type { SubresourceHandlers } from './routes.js';
import { ApiServer } from './server.js';
import { type StartHook, StartHooks } from './start-hooks.js';
import { Storage } from './storage/storage.js';
import { type ComponentProbe, componentStatusHandlers } from './subresources/component-status.js';
import { finalizeNamespace } from './subresources/namespaces.js';
import { bind, evict } from './subresources/pods.js';
import { proxyHandler } from './subresources/proxy.js';
import { reviewHandlers } from './subresources/reviews.js';
import { getScale, patchScale, putScale } from './subresources/scale.js';
import { logHandler, needsUpgrade } from './subresources/streams.js';
import type { Backends, KubeletAddress } from './subresources/targets.js';
import { tokenHandler } from './subresources/token.js';

/** The original's --etcd-healthcheck-timeout. */
const STORE_CHECK_MS = 2000;

export interface ApiServerOptions {
  readonly store: Store;
  readonly env: Env;
  readonly backends: Backends;
  /** PEM. */
  readonly serviceAccountKey: string;
  readonly serviceAccountPublicKeys: readonly string[];
  readonly issuer?: string;
  readonly apiAudiences?: readonly string[];
  readonly clientCa?: string;
  readonly requestHeaderCa?: string;
  readonly anonymous?: boolean;
  readonly staticTokens?: ReadonlyMap<string, UserInfo>;
  /** Default: Node,RBAC. */
  readonly authorizationModes?: readonly string[];
  readonly serviceCidrs: readonly string[];
  readonly nodePortRange?: string;
  readonly advertiseAddress: string;
  /** Asked for when it is needed: a port of 0 is known only once the server listens. */
  readonly port: () => number;
  readonly hostname: string;
  readonly runtimeConfig?: Readonly<Record<string, boolean>>;
  readonly disabledAdmission?: readonly string[];
  /** Whether containers may be privileged; default: yes. */
  readonly allowPrivileged?: boolean;
  readonly componentProbes?: () => readonly ComponentProbe[];
  readonly defaultMetrics?: boolean;
  /** Compact the store so often, together with the other API servers on it; 0 or absent: leave it alone. */
  readonly compactionIntervalMs?: number;
  /** Documentation of types and fields for `kubectl explain`: OpenAPI name -> text, `name.field` -> text. */
  readonly docs?: () => Readonly<Record<string, string>>;
}

export interface RunningApiServer {
  readonly server: ApiServer;
  readonly table: ResourceTable;
  readonly tokens: ServiceAccountTokens;
  readonly metrics: Metrics;
  /** Whoever runs kubelets in this process says here where they listen. */
  readonly kubelets: Map<string, KubeletAddress>;
  /** The bootstrap objects; call once the server can be reached. */
  bootstrap(): Promise<void>;
  stop(): Promise<void>;
}

export async function createApiServer(o: ApiServerOptions): Promise<RunningApiServer> {
  const { env, store } = o;
  const table = new ResourceTable(o.runtimeConfig);
  const storage = new Storage(store, env);
  for (const d of table.all()) if (d.keyPrefix) storage.cache(d);
  await storage.start();
  const lookup = new Lookup(storage);
  const cacheOf = (group: string, v: string, plural: string) => storage.cache(resourceOf(group, v, plural)!);

  const tokens = await ServiceAccountTokens.create({
    issuer: o.issuer ?? 'https://kubernetes.default.svc.cluster.local',
    apiAudiences: o.apiAudiences,
    privateKey: o.serviceAccountKey,
    publicKeys: o.serviceAccountPublicKeys,
    env,
    lookup: uids(lookup),
  });
  const known = o.staticTokens;
  const tokenAuthenticators: TokenAuthenticator[] = [
    ...(known ? [audienceAgnostic(tokens.apiAudiences, (t) => known.get(t))] : []),
    tokens,
  ];
  const authenticator = requestAuthenticator({
    tokens: tokenAuthenticators,
    audiences: tokens.apiAudiences,
    anonymous: (o.anonymous ?? true) && !opensAll(o),
  });

  const rbacGroup = 'rbac.authorization.k8s.io';
  const rbac = new Rbac({
    roles: cacheOf(rbacGroup, 'v1', 'roles'),
    roleBindings: cacheOf(rbacGroup, 'v1', 'rolebindings'),
    clusterRoles: cacheOf(rbacGroup, 'v1', 'clusterroles'),
    clusterRoleBindings: cacheOf(rbacGroup, 'v1', 'clusterrolebindings'),
  });
  const authorizer = union([
    mastersAllowed,
    ...(o.authorizationModes ?? ['Node', 'RBAC']).map((mode): Authorizer => {
      switch (mode) {
        case 'RBAC':
          return rbac;
        case 'Node':
          return new NodeAuthorizer(
            new NodeGraph().follow(cacheOf('', 'v1', 'pods'), storage.revision),
            nodeRules(),
            (group, v, plural, ns, name) => (table.find(group, v, plural) ? lookup.get(group, v, plural, ns, name) : undefined),
          );
        case 'AlwaysAllow':
          return alwaysAllow;
        case 'AlwaysDeny':
          return alwaysDeny;
        default:
          throw new RangeError(`--authorization-mode: ${JSON.stringify(mode)} is not built yet; use Node, RBAC, AlwaysAllow or AlwaysDeny`);
      }
    }),
  ]);

  let local: LocalClient;
  const ips = o.serviceCidrs.map(
    (cidr) =>
      new IpAllocator(
        cidr,
        () => local,
        (ip) => cacheOf('networking.k8s.io', 'v1', 'ipaddresses').get(`/registry/ipaddresses/${ip}`) !== undefined,
        env,
      ),
  );
  const ports = new PortAllocator(o.nodePortRange ?? '30000-32767', store, env);

  const subresources: SubresourceHandlers = {
    '/bindings': { POST: bind },
    '/pods/binding': { POST: bind },
    '/pods/eviction': { POST: evict },
    '/pods/ephemeralcontainers': { GET: get, PUT: (c) => update(c, 'spec'), PATCH: (c) => patch(c, 'spec') },
    '/pods/resize': { GET: get, PUT: (c) => update(c, 'spec'), PATCH: (c) => patch(c, 'spec') },
    '/pods/log': { GET: logHandler(o.backends) },
    '/pods/exec': needsUpgrade,
    '/pods/attach': needsUpgrade,
    '/pods/portforward': needsUpgrade,
    '/pods/proxy': proxyHandler(o.backends),
    '/services/proxy': proxyHandler(o.backends),
    '/nodes/proxy': proxyHandler(o.backends),
    '/serviceaccounts/token': { POST: tokenHandler(tokens) },
    '/namespaces/finalize': { PUT: finalizeNamespace },
    'certificates.k8s.io/certificatesigningrequests/approval': { GET: get, PUT: (c) => update(c, 'spec'), PATCH: (c) => patch(c, 'spec') },
    ...Object.fromEntries(
      builtInResources
        .filter((d) => d.subresources.scale)
        .map((d) => [`${d.group}/${d.plural}/scale`, { GET: getScale, PUT: putScale, PATCH: patchScale }]),
    ),
    ...reviewHandlers(tokenAuthenticators, tokens.apiAudiences),
    ...componentStatusHandlers(o.componentProbes ?? (() => [])),
  };

  const kubelets = new Map<string, KubeletAddress>();
  const metrics = new Metrics(o.defaultMetrics ?? true);
  const hooks = new StartHooks();
  let stopping = false;
  const checks: HealthCheck[] = [
    { name: 'ping', check: () => undefined },
    { name: 'log', check: () => undefined },
    // An etcd elsewhere may be out of reach for a while: requests that need it are then better sent to another API server.
    { name: 'etcd', ...(store.latest ? {} : { of: ['healthz', 'livez'] as const }), check: () => storeAnswers(storage, env) },
    ...(store.latest ? [{ name: 'etcd-readiness', of: ['readyz'] as const, check: () => storeAnswers(storage, env) }] : []),
    {
      name: 'informer-sync',
      of: ['readyz'],
      check: () => {
        if (storage.failure) throw storage.failure;
      },
    },
    ...hooks.checks(),
    {
      name: 'shutdown',
      of: ['readyz'],
      check: () => {
        if (stopping) throw new Error('process is shutting down');
      },
    },
  ];
  const nonResource = firstOf([
    version(timestamp(env.clock.now())),
    health(checks),
    discovery(table, () => `${o.advertiseAddress}:${o.port()}`),
    openapi(table, o.docs ?? (() => ({}))),
    metrics.handler(),
    oidc(tokens),
    rootPaths(() => pathsOf(table, checks)),
  ]);

  const server: ApiServer = new ApiServer({
    env,
    storage,
    resources: table,
    admission: defaultChain({ lookup, env, rbac, authorizer, disabled: o.disabledAdmission }),
    fields: fieldManager,
    authenticator,
    authorizer,
    allowPrivileged: o.allowPrivileged ?? true,
    kubelets,
    subresources,
    hooks: { '/services': serviceHook(ips, ports) },
    nonResource,
  });
  local = new LocalClient(server);
  metrics.observe(server);
  let kubernetes: KubernetesService | undefined;
  let compaction: Timer | undefined;
  let keeping: Timer | undefined;

  return {
    server,
    table,
    tokens,
    metrics,
    kubelets,
    async bootstrap() {
      await ports.init();
      compaction = startCompaction(store, env, o.compactionIntervalMs ?? 0);
      hooks.done(...BEFORE_START, 'start-service-ip-repair-controllers');
      keeping = await bootstrap(
        table,
        local,
        {
          clientCa: o.clientCa,
          requestHeaderCa: o.requestHeaderCa,
          serviceCidrs: o.serviceCidrs,
          advertiseAddress: o.advertiseAddress,
          port: o.port(),
          hostname: o.hostname,
        },
        env,
        hooks,
      );
      kubernetes = new KubernetesService(store, local, env, {
        ip: o.advertiseAddress,
        port: o.port(),
        serviceIp: nth(parseCidr(o.serviceCidrs[0]!), 1),
      });
      await kubernetes.start();
      hooks.done('bootstrap-controller', 'peer-endpoint-reconciler-controller');
    },
    async stop() {
      stopping = true;
      compaction?.cancel();
      keeping?.cancel();
      await kubernetes?.stop();
      storage.stop();
    },
  };
}

/** With AlwaysAllow a caller without credentials would be let into everything: anonymous requests are off then, whatever else was asked for. */
const opensAll = (o: ApiServerOptions): boolean => o.authorizationModes?.includes('AlwaysAllow') ?? false;

/** Throws where the store has failed or does not answer in time. */
async function storeAnswers(storage: Storage, env: Env): Promise<void> {
  if (storage.failure) throw storage.failure;
  let timer: Timer | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = env.clock.after(STORE_CHECK_MS, () => reject(new Error(`etcd did not answer in ${STORE_CHECK_MS / 1000} s`)));
  });
  try {
    await Promise.race([storage.store.range({ key: '/registry/health', limit: 1 }), late]);
  } finally {
    timer?.cancel();
  }
}

const uids =
  (lookup: Lookup): UidLookup =>
  (kind, namespace, name) => {
    const plural = { ServiceAccount: 'serviceaccounts', Pod: 'pods', Secret: 'secrets', Node: 'nodes' }[kind];
    const found = lookup.get<{ metadata: { uid: string; deletionTimestamp?: string } }>(
      '',
      'v1',
      plural,
      kind === 'Node' ? '' : namespace,
      name,
    );
    return found?.metadata.uid;
  };

/** Who issues service-account tokens, for others that check them. */
const oidc =
  (tokens: ServiceAccountTokens): NonResourceHandler =>
  (request) => {
    if (request.path === '/openid/v1/jwks') return objectAnswer(200, tokens.keys());
    if (request.path !== '/.well-known/openid-configuration') return undefined;
    return objectAnswer(200, {
      issuer: tokens.issuer,
      jwks_uri: `${tokens.issuer}/openid/v1/jwks`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: tokens.signingAlgorithms,
    });
  };

/** What stands when the server is made: storage has been read, admission and the API's descriptions are in memory. */
const BEFORE_START: readonly StartHook[] = [
  'start-apiserver-admission-initializer',
  'generic-apiserver-start-informers',
  'storage-object-count-tracker-hook',
  'storage-readiness',
  'apiservice-discovery-controller',
  'apiservice-openapi-controller',
  'apiservice-openapiv3-controller',
];

function pathsOf(table: ResourceTable, checks: readonly HealthCheck[]): string[] {
  const groups = table.groups().filter((g) => g.name);
  return [
    '/.well-known/openid-configuration',
    '/api',
    '/api/v1',
    '/apis',
    '/apis/',
    '/healthz',
    '/livez',
    '/metrics',
    '/openapi/v2',
    '/openapi/v3',
    '/openapi/v3/',
    '/openid/v1/jwks',
    '/readyz',
    '/version',
    ...groups.flatMap((g) => [`/apis/${g.name}`, ...g.versions.map((v) => `/apis/${g.name}/${v}`)]),
    ...checks.flatMap((c) => ENDPOINTS.filter((e) => asks(e, c)).map((e) => `/${e}/${c.name}`)),
  ];
}
