/** Nodes, Pods and a scheduler without an API server, for tests. */
import type { Node, Pod } from '../../api/types/core/v1.js';
import type { Client } from '../../client/client.js';
import { Informers } from '../../client/informer.js';
import { silentLogger } from '../../util/logger.js';
import { seededRandom } from '../../util/random.js';
import { VirtualClock } from '../../util/virtual-clock.js';
import { SchedulerCache } from '../cache.js';
import { schedulePod } from '../cycle.js';
import { CycleState } from '../cycle-state.js';
import type { Handle, PluginFactory } from '../framework.js';
import { registry } from '../plugins/default.js';
import { podInfo } from '../pod-info.js';
import { createFrameworks, type Profile } from '../profiles.js';
import type { Framework } from '../runtime.js';
import { TimeSlice } from '../time-slice.js';
import { WaitingPods } from '../waiting-pods.js';

export const container = (cpu?: string, more: object = {}) => ({
  name: 'c',
  image: 'x',
  ...(cpu ? { resources: { requests: { cpu } } } : {}),
  ...more,
});

export const cpu = (v: string) => ({ containers: [container(v)] });

export const makePod = (name: string, spec: object = {}, metadata: object = {}): Pod =>
  ({
    metadata: { name, namespace: 'ns', uid: name, ...metadata },
    spec: { containers: [container()], ...spec },
    status: {},
  }) as unknown as Pod;

export const makeNode = (
  name: string,
  o: { cpu?: string; pods?: string; labels?: Record<string, string>; taints?: object[]; unschedulable?: boolean; images?: object[] } = {},
): Node =>
  ({
    metadata: { name, labels: o.labels ?? {} },
    spec: { taints: o.taints, unschedulable: o.unschedulable },
    status: { allocatable: { cpu: o.cpu ?? '2', memory: '4Gi', pods: o.pods ?? '110' }, images: o.images },
  }) as unknown as Node;

export const testEnv = (clock = new VirtualClock()) => ({ clock, random: seededRandom(1), log: silentLogger });

/** What plugins are lent that ask no API server. */
export function handle(cache = new SchedulerCache(), env = testEnv()): Handle {
  const client = {} as Client;
  return {
    env,
    client,
    informers: new Informers(client, env),
    waitingPods: new WaitingPods(env.clock),
    snapshot: () => cache.snapshot,
    activate: () => undefined,
  };
}

/** A profile with plugins besides those that there are. */
export function framework(profile: Profile = {}, own: readonly PluginFactory[] = [], lent = handle()): Framework {
  const factories = [...registry.factories, ...own];
  return [...createFrameworks([profile], { factories, defaults: registry.defaults }, lent).values()][0]!;
}

/** A profile of these plugins and none besides, but a sort and a binder. */
export const only = (...plugins: readonly PluginFactory[]): Framework =>
  framework(
    {
      plugins: {
        multiPoint: {
          disabled: [{ name: '*' }],
          enabled: [...plugins.map((p) => ({ name: p.name })), { name: 'PrioritySort' }, { name: 'DefaultBinder' }],
        },
      },
    },
    plugins.filter((p) => !registry.factories.includes(p)),
  );

export const cacheOf = (nodes: readonly Node[], placed: readonly (readonly [Pod, string])[] = []): SchedulerCache => {
  const cache = new SchedulerCache();
  for (const n of nodes) cache.putNode(n);
  for (const [p, on] of placed) cache.putPod(p, on);
  return cache;
};

const defaults = framework();

/** One scheduling cycle up to the choice of a node. */
export async function find(
  cache: SchedulerCache,
  pod: Pod,
  o: { framework?: Framework; start?: number; random?: ReturnType<typeof seededRandom> } = {},
) {
  const state = new CycleState();
  const found = await cache.during((snapshot) =>
    schedulePod({
      framework: o.framework ?? defaults,
      state,
      pod: podInfo(pod),
      snapshot,
      random: o.random ?? seededRandom(1),
      slice: new TimeSlice(new VirtualClock()),
      start: o.start,
    }),
  );
  return {
    state,
    looked: found.looked,
    node: 'node' in found ? found.node.name : undefined,
    message: 'fitError' in found ? found.fitError.message : 'noNodes' in found ? 'no nodes available to schedule pods' : undefined,
    refusedBy: 'fitError' in found ? found.fitError.refused.map((v) => v.plugin) : [],
  };
}
