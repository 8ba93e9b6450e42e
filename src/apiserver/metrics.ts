/** What the API server counts, in Prometheus' form at /metrics. Names and labels are the original's. */

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { utf8 } from '../util/bytes.js';
import { table } from '../util/own.js';
import type { NonResourceHandler } from './non-resource.js';
import type { RequestInfo } from './request.js';
import type { ApiServer } from './server.js';

const BUCKETS = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60];

export class Metrics {
  readonly registry = new Registry();
  private readonly total = new Counter({
    name: 'apiserver_request_total',
    help: 'Requests by verb, resource and code.',
    labelNames: ['verb', 'dry_run', 'group', 'version', 'resource', 'subresource', 'scope', 'component', 'code'],
    registers: [this.registry],
  });
  private readonly duration = new Histogram({
    name: 'apiserver_request_duration_seconds',
    help: 'How long requests took.',
    labelNames: ['verb', 'dry_run', 'group', 'version', 'resource', 'subresource', 'scope', 'component'],
    buckets: BUCKETS,
    registers: [this.registry],
  });

  constructor(defaults = true) {
    if (defaults) collectDefaultMetrics({ register: this.registry });
  }

  request(info: RequestInfo, code: number, seconds: number): void {
    // Only what there is becomes a label: anyone can send any path, and each new label is kept for ever.
    const known = info.isResource && this.isServed(info);
    const labels = {
      verb: VERB[info.verb] ?? 'other',
      dry_run: '',
      group: known ? info.group : '',
      version: known ? info.version : '',
      resource: known ? info.resource : '',
      subresource: known ? info.subresource : '',
      scope: !known ? '' : info.name ? 'resource' : info.namespace ? 'namespace' : 'cluster',
      component: 'apiserver',
    };
    this.total.inc({ ...labels, code });
    this.duration.observe(labels, seconds);
  }

  private isServed: (info: RequestInfo) => boolean = () => false;

  /** Objects stored and watches open, read when asked for. */
  observe(server: ApiServer): void {
    this.isServed = ({ group, version, resource, subresource }) => {
      const d = server.resources.find(group, version, resource);
      if (!d || !subresource) return d !== undefined;
      const { status, scale, other } = d.subresources;
      return (
        (subresource === 'status' && status === true) ||
        (subresource === 'scale' && scale !== undefined) ||
        Object.hasOwn(other ?? {}, subresource)
      );
    };
    const objects = new Gauge({
      name: 'apiserver_resource_objects',
      help: 'Stored objects by resource.',
      labelNames: ['group', 'resource'],
      registers: [this.registry],
      collect() {
        for (const d of server.resources.all())
          if (d.keyPrefix) objects.set({ group: d.group, resource: d.plural }, server.storage.cache(d).size);
      },
    });
    new Gauge({
      name: 'apiserver_current_inflight_requests',
      help: 'Requests under way, until their answers are written.',
      labelNames: ['request_kind'],
      registers: [this.registry],
      collect() {
        this.set({ request_kind: 'readOnly' }, server.flow.used('read'));
        this.set({ request_kind: 'mutating' }, server.flow.used('write'));
      },
    });
    new Gauge({
      name: 'k8ts_apiserver_held_bytes',
      help: 'Bytes held: of bodies that are read, of answers that are written, of the changes kept for watches.',
      labelNames: ['what'],
      registers: [this.registry],
      collect() {
        this.set({ what: 'bodies' }, server.flow.used('bytesIn'));
        this.set({ what: 'answers' }, server.flow.used('bytesOut'));
        this.set({ what: 'history' }, server.storage.history.bytes);
      },
    });
    const watchers = new Gauge({
      name: 'apiserver_longrunning_requests',
      help: 'Open watches by resource.',
      labelNames: ['group', 'version', 'resource', 'verb'],
      registers: [this.registry],
      collect() {
        for (const d of server.resources.all())
          if (d.keyPrefix)
            watchers.set({ group: d.group, version: d.version, resource: d.plural, verb: 'WATCH' }, server.storage.cache(d).watcherCount);
      },
    });
  }

  handler(): NonResourceHandler {
    return async (request) => {
      if (request.path !== '/metrics') return undefined;
      return { is: 'bytes', status: 200, contentType: this.registry.contentType, bytes: utf8(await this.registry.metrics()) };
    };
  }
}

const VERB: Record<string, string> = table({
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
  deletecollection: 'DELETECOLLECTION',
  get: 'GET',
  list: 'LIST',
  watch: 'WATCH',
  // Of requests that are no resources.
  post: 'POST',
  put: 'PUT',
  head: 'HEAD',
  options: 'OPTIONS',
});
