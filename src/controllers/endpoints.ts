/** Endpoints: the addresses behind a Service in the old form. Source: https://kubernetes.io/docs/concepts/services-networking/service/#endpoints */
import type { EndpointAddress, EndpointSubset, Pod, Service } from '../api/types/core/v1.js';
import { keyOf } from '../client/informer.js';
import { ENDPOINTS, PODS, SERVICES } from '../client/kinds.js';
import { isAlreadyExists, isNotFound } from '../meta/errors.js';
import { indexServices, membersOf, portsOf, selectedBy, servicesFor } from './endpoints-of.js';
import { defineController, own, splitKey, watch } from './framework.js';
import { canonical } from './hash.js';
import { TriggerTimes, withTrigger } from './trigger-time.js';

const MANAGED_BY = 'endpoints.kubernetes.io/managed-by';
/** More addresses than this are left out, and an annotation says so. */
const CAPACITY = 1000;

/** Addresses with the same ports together. Pure. */
export function subsetsOf(s: Service, pods: readonly Pod[]): EndpointSubset[] {
  const groups = new Map<string, { subset: EndpointSubset; order: string }>();
  const family = s.spec.ipFamilies?.[0] === 'IPv6' ? 'IPv6' : 'IPv4';
  for (const m of membersOf(s, pods, family).slice(0, CAPACITY)) {
    if (m.terminating && !s.spec.publishNotReadyAddresses) continue;
    const ports = portsOf(s, m.pod);
    if (!ports.length && s.spec.ports?.length) continue;
    const key = canonical(ports);
    const g = groups.get(key) ?? {
      subset: (ports.length ? { ports: ports.map(({ name, ...p }) => ({ ...(name ? { name } : {}), ...p })) } : {}) as EndpointSubset,
      order: key,
    };
    groups.set(key, g);
    const address: EndpointAddress = {
      ip: m.ip,
      ...(m.pod.spec.hostname && m.pod.spec.subdomain === s.metadata.name ? { hostname: m.pod.spec.hostname } : {}),
      ...(m.pod.spec.nodeName ? { nodeName: m.pod.spec.nodeName } : {}),
      targetRef: { kind: 'Pod', namespace: m.pod.metadata.namespace, name: m.pod.metadata.name, uid: m.pod.metadata.uid },
    };
    (m.ready ? (g.subset.addresses ??= []) : (g.subset.notReadyAddresses ??= [])).push(address);
  }
  const byIp = (a: EndpointAddress, b: EndpointAddress) => (a.ip < b.ip ? -1 : 1);
  for (const { subset } of groups.values()) {
    subset.addresses?.sort(byIp);
    subset.notReadyAddresses?.sort(byIp);
  }
  return [...groups.values()].sort((a, b) => (a.order < b.order ? -1 : 1)).map((g) => g.subset);
}

export function endpointsController() {
  const times = new TriggerTimes();
  return defineController({
    name: 'endpoint',
    account: 'endpoint-controller',
    watches: [
      own(SERVICES),
      watch(PODS, (pod, c, old) => servicesFor(c.informers.for(SERVICES), pod, old)),
      // Deleted by hand, they come back while their Service is there.
      watch(ENDPOINTS, (e, c) => {
        const { namespace, name } = e.metadata;
        return !c.informers.for(ENDPOINTS).get(namespace!, name) && c.informers.for(SERVICES).get(namespace!, name) ? [keyOf(e)] : [];
      }),
    ],
    setup: (c) => indexServices(c.informers.for(SERVICES)),
    async reconcile(key, c) {
      const { namespace, name } = splitKey(key);
      const s = c.informers.for(SERVICES).get(namespace, name);
      if (!s) {
        times.forget(key);
        await c.client.delete({ ...ENDPOINTS, namespace, name }).catch((e) => {
          if (!isNotFound(e)) throw e;
        });
        return;
      }
      // Without a selector, someone else keeps the addresses; a name elsewhere has none.
      if (!s.spec.selector || !Object.keys(s.spec.selector).length || s.spec.type === 'ExternalName') return;
      const pods = selectedBy(s, c.informers.for(PODS).list(namespace));
      const trigger = times.look(key, s, pods);
      const subsets = subsetsOf(s, pods);
      const present = c.informers.for(ENDPOINTS).get(namespace, name);
      const labels: Record<string, string> = { ...s.metadata.labels, [MANAGED_BY]: 'endpoint-controller' };
      if (s.spec.clusterIP === 'None') labels['service.kubernetes.io/headless'] = '';
      else delete labels['service.kubernetes.io/headless'];
      if (
        canonical(present?.subsets ?? []) === canonical(subsets) &&
        present &&
        canonical(present.metadata.labels ?? {}) === canonical(labels)
      )
        return;
      const annotations = withTrigger(present?.metadata.annotations, trigger);
      const object = { ...ENDPOINTS, metadata: { ...(present?.metadata ?? { name, namespace }), labels, annotations }, subsets };
      try {
        if (present) await c.client.update(object as never);
        else await c.client.create(object as never);
      } catch (e) {
        if (isAlreadyExists(e) || isNotFound(e)) return c.enqueue(key, 50);
        throw e;
      }
    },
  });
}
