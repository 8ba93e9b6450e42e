/** What a cluster has before anyone asked for anything: namespaces, default roles, priority classes, flow schemas, API services, the kubernetes Service. */
import type { AnyObject } from '../../meta/object.js';
import { every, type Timer } from '../../util/clock.js';
import type { Env } from '../../util/component.js';
import { GROUP_PRIORITY } from '../discovery/discovery.js';
import type { LocalClient } from '../local-client.js';
import type { ResourceTable } from '../resources.js';
import type { StartHook, StartHooks } from '../start-hooks.js';
import { flowControlDefaults } from './flow-control.js';
import { defaultRbac } from './rbac.js';

export interface BootstrapOptions {
  readonly clientCa?: string;
  readonly requestHeaderCa?: string;
  readonly serviceCidrs: readonly string[];
  readonly advertiseAddress: string;
  readonly port: number;
  readonly hostname: string;
}

const SYSTEM_NAMESPACES = ['kube-system', 'kube-public', 'kube-node-lease', 'default'];

/** Deleted by hand, what is kept comes back within this time. */
const KEEP_MS = 5_000;

/** How many of these objects are written at once. */
const WIDTH = 64;

/** Makes them, and keeps those that a cluster cannot be without until the timer is cancelled. Default roles and priority classes are made once: an administrator may want others. */
export async function bootstrap(
  table: ResourceTable,
  local: LocalClient,
  o: BootstrapOptions,
  env: Env,
  hooks: StartHooks,
): Promise<Timer> {
  const step = async (objects: readonly AnyObject[], ...done: StartHook[]) => {
    await all(objects, (x) => local.ensure(x));
    hooks.done(...done);
  };
  const namespaces = SYSTEM_NAMESPACES.map((name) => object('v1', 'Namespace', { name }));
  const flowControl = flowControlDefaults();
  const services = apiServices(table);
  const cidr = serviceCidr(o.serviceCidrs);
  const tracking = trackingConfigMap(env);
  const authentication = o.clientCa ? [authenticationConfigMap(o.clientCa, o.requestHeaderCa ?? o.clientCa)] : [];
  // The others live in these.
  await step(namespaces, 'start-system-namespaces-controller');
  await Promise.all([
    step(defaultRbac(), 'rbac/bootstrap-roles'),
    step(priorityClasses(), 'scheduling/bootstrap-system-priority-classes'),
    step(flowControl, 'priority-and-fairness-config-producer'),
    step(
      services,
      'kube-apiserver-autoregistration',
      'apiservice-registration-controller',
      'apiservice-status-local-available-controller',
      'apiservice-wait-for-first-sync',
    ),
    step([cidr], 'start-kubernetes-service-cidr-controller'),
    step([tracking], 'start-legacy-token-tracking-controller'),
    step(authentication, 'start-cluster-authentication-info-controller'),
  ]);
  const kept = [...namespaces, ...flowControl, ...services, cidr, tracking, ...authentication];
  return every(env.clock, KEEP_MS, () =>
    all(kept, (x) => local.ensure(x)).catch((e: Error) => env.log.warn('a system object could not be made again', { error: e.message })),
  );
}

async function all<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: Math.min(WIDTH, items.length) }, async () => {
      while (next < items.length) await work(items[next++]!);
    }),
  );
}

const object = (apiVersion: string, kind: string, metadata: Partial<AnyObject['metadata']>, more: object = {}): AnyObject =>
  ({ apiVersion, kind, metadata, ...more }) as AnyObject;

function priorityClasses(): AnyObject[] {
  const make = (name: string, value: number, description: string) =>
    object('scheduling.k8s.io/v1', 'PriorityClass', { name }, { value, description });
  return [
    make(
      'system-cluster-critical',
      2_000_000_000,
      'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
    ),
    make('system-node-critical', 2_000_001_000, 'Used for system critical pods that must not be moved from their current node.'),
  ];
}

/** One APIService for every group version that this server answers itself. */
export function apiServices(table: ResourceTable): AnyObject[] {
  return table.groups().flatMap((g) =>
    g.name === 'apiregistration.k8s.io'
      ? []
      : g.versions.map((version, i) => {
          const local = GROUP_PRIORITY[g.name] !== undefined;
          return object(
            'apiregistration.k8s.io/v1',
            'APIService',
            { name: `${version}.${g.name}`, labels: { 'kube-aggregator.kubernetes.io/automanaged': local ? 'onstart' : 'true' } },
            {
              spec: {
                ...(g.name ? { group: g.name } : {}),
                version,
                groupPriorityMinimum: GROUP_PRIORITY[g.name] ?? 1000,
                versionPriority: g.name === '' ? 1 : Math.max(15 - i * 3, 1),
              },
            },
          );
        }),
  );
}

const serviceCidr = (cidrs: readonly string[]): AnyObject =>
  object('networking.k8s.io/v1', 'ServiceCIDR', { name: 'kubernetes' }, { spec: { cidrs } });

function trackingConfigMap(env: Env): AnyObject {
  return object(
    'v1',
    'ConfigMap',
    { name: 'kube-apiserver-legacy-service-account-token-tracking', namespace: 'kube-system' },
    { data: { since: new Date(env.clock.now()).toISOString().slice(0, 10) } },
  );
}

function authenticationConfigMap(clientCa: string, requestHeaderCa: string): AnyObject {
  return object(
    'v1',
    'ConfigMap',
    { name: 'extension-apiserver-authentication', namespace: 'kube-system' },
    {
      data: {
        'client-ca-file': clientCa,
        'requestheader-allowed-names': '["front-proxy-client"]',
        'requestheader-client-ca-file': requestHeaderCa,
        'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
        'requestheader-group-headers': '["X-Remote-Group"]',
        'requestheader-username-headers': '["X-Remote-User"]',
      },
    },
  );
}
