/** EndpointSlice: the addresses behind a Service, in slices of at most a hundred. Source: https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/ */
import type { Node, Pod, Service } from '../api/types/core/v1.js';
import type { Endpoint, EndpointSlice } from '../api/types/discovery/v1.js';
import { ENDPOINT_SLICES, NODES, PODS, SERVICES } from '../client/kinds.js';
import { isNotFound } from '../meta/errors.js';
import { fnv128 } from '../util/fnv.js';
import { type EndpointPort, indexServices, type Member, membersOf, portsOf, selectedBy, servicesFor } from './endpoints-of.js';
import { defineController, own, ownerReference, splitKey, watch } from './framework.js';
import { canonical } from './hash.js';
import { TriggerTimes, withTrigger } from './trigger-time.js';

const SERVICE_NAME = 'kubernetes.io/service-name';
const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';
const ME = 'endpointslice-controller.k8s.io';
const HEADLESS = 'service.kubernetes.io/headless';
const CAPACITY = 100;

type Family = 'IPv4' | 'IPv6';

export interface Plan {
  readonly create: readonly WantedSlice[];
  readonly update: readonly EndpointSlice[];
  readonly remove: readonly EndpointSlice[];
}
export interface WantedSlice {
  readonly addressType: Family;
  readonly ports: EndpointSlice['ports'];
  readonly endpoints: Endpoint[];
}

function endpointOf(s: Service, m: Member, node: Node | undefined): Endpoint {
  const zone = node?.metadata.labels?.['topology.kubernetes.io/zone'];
  const { pod } = m;
  return {
    addresses: [m.ip],
    conditions: { ready: m.ready, serving: m.serving, terminating: m.terminating },
    ...(pod.spec.hostname && pod.spec.subdomain === s.metadata.name ? { hostname: pod.spec.hostname } : {}),
    targetRef: { kind: 'Pod', namespace: pod.metadata.namespace, name: pod.metadata.name, uid: pod.metadata.uid },
    ...(pod.spec.nodeName ? { nodeName: pod.spec.nodeName } : {}),
    ...(zone ? { zone } : {}),
    ...hintsFor(s, pod.spec.nodeName, zone),
  };
}

/** For whom the endpoint is meant, by the Service's trafficDistribution. Source: KEP-4444, KEP-3015 */
function hintsFor(s: Service, node: string | undefined, zone: string | undefined): Pick<Endpoint, 'hints'> {
  const wanted = s.spec.trafficDistribution;
  if (!wanted) return {};
  const forZones = zone ? { forZones: [{ name: zone }] } : {};
  const forNodes = node && wanted === 'PreferSameNode' ? { forNodes: [{ name: node }] } : {};
  const hints = { ...forZones, ...forNodes };
  return Object.keys(hints).length ? { hints } : {};
}

/** What to do about the present slices so that they hold the wanted endpoints, with as few writes as can be. Pure. */
export function plan(s: Service, pods: readonly Pod[], present: readonly EndpointSlice[], nodes: (name: string) => Node | undefined): Plan {
  const labels = labelsFor(s);
  const create: WantedSlice[] = [];
  const update: EndpointSlice[] = [];
  const remove: EndpointSlice[] = [];
  const families = (s.spec.ipFamilies?.length ? s.spec.ipFamilies : ['IPv4']) as Family[];
  const left = new Set(present);
  for (const family of families) {
    // Endpoints with the same ports share slices.
    const groups = new Map<string, { ports: EndpointSlice['ports']; wanted: Map<string, Endpoint> }>();
    for (const m of membersOf(s, pods, family)) {
      const ports = portsOf(s, m.pod).sort(byName);
      const key = canonical(ports);
      const g = groups.get(key) ?? { ports: inOrder(ports), wanted: new Map<string, Endpoint>() };
      groups.set(key, g);
      g.wanted.set(m.pod.metadata.uid + m.ip, endpointOf(s, m, m.pod.spec.nodeName ? nodes(m.pod.spec.nodeName) : undefined));
    }
    // By the ports that they have.
    const slices = new Map<string, EndpointSlice[]>();
    for (const x of groups.size ? left : []) {
      if (x.addressType !== family) continue;
      const key = canonical((x.ports ?? []).map(normalPort).sort(byName));
      const list = slices.get(key);
      if (list) list.push(x);
      else slices.set(key, [x]);
    }
    for (const [key, g] of groups) {
      const mine = slices.get(key) ?? [];
      for (const x of mine) left.delete(x);
      fill(mine, g, labels, family, create, update, remove);
    }
    // A Service without endpoints keeps one empty slice.
    if (!groups.size) {
      const [keep] = [...left].filter((x) => x.addressType === family && !x.ports?.length);
      if (keep) {
        left.delete(keep);
        if (keep.endpoints?.length || canonical(keep.metadata.labels ?? {}) !== canonical(labels))
          update.push({ ...keep, metadata: { ...keep.metadata, labels }, endpoints: [] });
      } else create.push({ addressType: family, ports: [], endpoints: [] });
    }
  }
  for (const x of left) remove.push(x);
  return reuse({ create, update, remove }, labels);
}

/** A slice that would go becomes one that would be made: a change of ports changes the slice, and watchers see no gap. */
function reuse(p: { create: WantedSlice[]; update: EndpointSlice[]; remove: EndpointSlice[] }, labels: Record<string, string>): Plan {
  const remove: EndpointSlice[] = [];
  const create = [...p.create];
  const update = [...p.update];
  for (const x of p.remove) {
    if (create.at(-1)?.addressType !== x.addressType) remove.push(x);
    else update.push({ ...x, ...create.pop()!, metadata: { ...x.metadata, labels } });
  }
  return { create, update, remove };
}

const byName = (a: EndpointPort, b: EndpointPort): number => (a.name < b.name ? -1 : 1);

/**
 * The order in which the original lists a slice's ports, and `kubectl get endpointslices` shows them: by a hash of each. Source: the
 * package k8s.io/endpointslice, which hashes a port as Go prints it.
 */
function inOrder(ports: readonly EndpointPort[]): EndpointPort[] {
  if (ports.length < 2) return [...ports];
  const hashed = ports.map((port) => {
    const app = `AppProtocol:(*string)${port.appProtocol ?? '<nil>'}`;
    const text = `(v1.EndpointPort){Name:(*string)${port.name} Protocol:(*v1.Protocol)${port.protocol} Port:(*int32)${port.port} ${app}}`;
    return { port, hash: fnv128(text) };
  });
  return hashed.sort((a, b) => (a.hash < b.hash ? -1 : 1)).map((x) => x.port);
}

const normalPort = (p: NonNullable<EndpointSlice['ports']>[number]) => ({
  name: p.name ?? '',
  protocol: p.protocol ?? 'TCP',
  port: p.port!,
  ...(p.appProtocol ? { appProtocol: p.appProtocol } : {}),
});

function fill(
  mine: readonly EndpointSlice[],
  g: { ports: EndpointSlice['ports']; wanted: Map<string, Endpoint> },
  labels: Record<string, string>,
  family: Family,
  create: WantedSlice[],
  update: EndpointSlice[],
  remove: EndpointSlice[],
): void {
  const todo = new Map(g.wanted);
  const kept: { slice: EndpointSlice; endpoints: Endpoint[]; changed: boolean }[] = [];
  for (const slice of mine) {
    const endpoints: Endpoint[] = [];
    let changed = canonical(slice.metadata.labels ?? {}) !== canonical(labels);
    for (const e of slice.endpoints ?? []) {
      const id = `${e.targetRef?.uid}${e.addresses[0]}`;
      const want = todo.get(id);
      if (!want) {
        changed = true;
        continue;
      }
      todo.delete(id);
      if (canonical(want) !== canonical(e)) changed = true;
      endpoints.push(want);
    }
    kept.push({ slice, endpoints, changed });
  }
  const rest = [...todo.values()];
  let next = 0;
  // New ones go where there is room, first into slices that are written anyway.
  for (const k of [...kept].sort((a, b) => Number(b.changed) - Number(a.changed))) {
    while (next < rest.length && k.endpoints.length < CAPACITY) {
      k.endpoints.push(rest[next++]!);
      k.changed = true;
    }
  }
  for (; next < rest.length; next += CAPACITY)
    create.push({ addressType: family, ports: g.ports, endpoints: rest.slice(next, next + CAPACITY) });
  for (const k of kept) {
    if (!k.endpoints.length) remove.push(k.slice);
    else if (k.changed) update.push({ ...k.slice, metadata: { ...k.slice.metadata, labels }, endpoints: k.endpoints });
  }
}

function labelsFor(s: Service): Record<string, string> {
  const { [HEADLESS]: _, ...own } = s.metadata.labels ?? {};
  return { ...own, [SERVICE_NAME]: s.metadata.name, [MANAGED_BY]: ME, ...(s.spec.clusterIP === 'None' ? { [HEADLESS]: '' } : {}) };
}

export function endpointSliceController() {
  const times = new TriggerTimes();
  return defineController({
    name: 'endpointslice',
    account: 'endpointslice-controller',
    component: 'endpoint-slice-controller',
    watches: [
      own(SERVICES),
      watch(PODS, (pod, c, old) => servicesFor(c.informers.for(SERVICES), pod, old)),
      watch(ENDPOINT_SLICES, (slice) =>
        slice.metadata.labels?.[MANAGED_BY] === ME && slice.metadata.labels[SERVICE_NAME]
          ? [`${slice.metadata.namespace}/${slice.metadata.labels[SERVICE_NAME]}`]
          : [],
      ),
    ],
    setup(c) {
      indexServices(c.informers.for(SERVICES));
      c.informers.for(NODES);
      c.informers
        .for(ENDPOINT_SLICES)
        .index('service', (x) =>
          x.metadata.labels?.[MANAGED_BY] === ME ? [`${x.metadata.namespace}/${x.metadata.labels[SERVICE_NAME]}`] : [],
        );
    },
    async reconcile(key, c) {
      const { namespace, name } = splitKey(key);
      const s = c.informers.for(SERVICES).get(namespace, name);
      // The slices of a Service that is gone go with their owner.
      if (!s) return times.forget(key);
      if (s.metadata.deletionTimestamp || !s.spec.selector || !Object.keys(s.spec.selector).length || s.spec.type === 'ExternalName')
        return;
      const pods = selectedBy(s, c.informers.for(PODS).list(namespace));
      const trigger = times.look(key, s, pods);
      const todo = plan(s, pods, c.informers.for(ENDPOINT_SLICES).byIndex('service', key), (n) => c.informers.for(NODES).get('', n));
      for (const w of todo.create) {
        await c.client.create({
          ...ENDPOINT_SLICES,
          metadata: {
            generateName: `${name}-`,
            namespace,
            labels: labelsFor(s),
            annotations: withTrigger(undefined, trigger),
            ownerReferences: [ownerReference(s as never)],
          },
          ...w,
        } as never);
      }
      for (const x of todo.update) {
        await c.client
          .update({ ...x, metadata: { ...x.metadata, annotations: withTrigger(x.metadata.annotations, trigger) } } as never)
          .catch((e) => {
            if (!isNotFound(e)) throw e;
          });
      }
      for (const x of todo.remove) {
        await c.client.delete({ ...ENDPOINT_SLICES, namespace, name: x.metadata.name }).catch((e) => {
          if (!isNotFound(e)) throw e;
        });
      }
    },
  });
}
