/** The kubelet's HTTP API (port 10250): logs, exec, attach, port-forward, pods, statistics. A function from request to response. */
import type { Pod } from '../../api/types/core/v1.js';
import { StatusError } from '../../meta/errors.js';
import type { Kubelet } from '../kubelet.js';
import type { PodWorker } from '../pod-worker.js';
import { findContainer, nameOf, namespaceOf } from '../pods.js';
import { latest, lookAt } from '../seen.js';
import type { KubeletAuth } from './auth.js';
import { HttpError, json, type KubeletRequest, type KubeletResponse, text } from './http.js';
import { containerLogs, logQuery } from './logs.js';
import { cadvisorMetrics, kubeletMetrics, probeMetrics, resourceMetrics } from './metrics.js';
import {
  type Forwarder,
  forwardChannels,
  forwardSpdy,
  PORT_CHANNEL_PROTOCOLS,
  PORT_FORWARD_PROTOCOL,
  parsePorts,
  TUNNEL_PROTOCOL,
  tunnel,
} from './port-forward.js';
import {
  type Command,
  negotiateSpdy,
  overSpdy,
  overWebSocket,
  SPDY_PROTOCOLS,
  streamOptions,
  WEBSOCKET_PROTOCOLS,
} from './remote-command.js';
import { StatsCollector } from './stats.js';

/** A command that `/run` starts may take so long. */
const RUN_TIMEOUT_SECONDS = 30;

export class KubeletServer {
  private stats: StatsCollector | undefined;

  constructor(
    private readonly kubelet: Kubelet,
    private readonly auth: KubeletAuth,
  ) {}

  private get collector(): StatsCollector {
    return (this.stats ??= new StatsCollector(this.kubelet.ctx));
  }

  async handle(request: KubeletRequest): Promise<KubeletResponse> {
    try {
      const user = await this.auth.authenticate(request);
      if (!user) return text(401, 'Unauthorized');
      if (!(await this.auth.authorize(user, request)))
        return text(403, `Forbidden (user=${user.name}, verb=${request.method.toLowerCase()}, resource=nodes, subresource(s)=[proxy])\n`);
      return await this.route(request);
    } catch (e) {
      if (e instanceof HttpError) return text(e.status, e.message);
      if (e instanceof StatusError) return text(e.code, e.message);
      return text(500, (e as Error).message);
    }
  }

  private async route(r: KubeletRequest): Promise<KubeletResponse> {
    const [, first = '', ...rest] = r.path.split('/').map(decoded);
    switch (first) {
      case 'healthz':
        return this.health(rest);
      case 'configz':
        return rest.length ? text(404, '404 page not found\n') : json({ kubeletconfig: this.kubelet.configuration() });
      case 'pods':
        return json({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items: this.kubelet.pods() });
      case 'runningpods':
        return this.runningPods();
      case 'stats':
        if (rest[0] === 'summary')
          return json(await this.collector.summary(this.kubelet.pods(), r.query.get('only_cpu_and_memory') !== 'true'));
        break;
      case 'metrics':
        return this.metrics(rest);
      case 'containerLogs':
        return this.logs(r, rest);
      case 'run':
        return this.run(r, rest);
      case 'exec':
      case 'attach':
        return this.remote(r, first, rest);
      case 'portForward':
        return this.portForward(r, rest);
    }
    return text(404, '404 page not found\n');
  }

  private health(rest: readonly string[]): KubeletResponse {
    if (rest.length > 1 || (rest[0] && !['ping', 'log', 'syncloop'].includes(rest[0]))) return text(404, '404 page not found\n');
    return text(200, 'ok');
  }

  private async runningPods(): Promise<KubeletResponse> {
    const running = new Set((await this.kubelet.ctx.runtime.listSandboxes()).filter((s) => s.state === 'ready').map((s) => s.metadata.uid));
    const items = this.kubelet.pods().filter((p) => running.has(p.metadata.uid));
    return json({
      kind: 'PodList',
      apiVersion: 'v1',
      metadata: {},
      items: items.map(({ metadata, spec }) => ({ metadata, spec, status: {} })),
    });
  }

  private async metrics(rest: readonly string[]): Promise<KubeletResponse> {
    const contentType = 'text/plain; version=0.0.4; charset=utf-8';
    if (rest[0] === 'resource' && rest.length === 1)
      return { status: 200, contentType, body: resourceMetrics(await this.collector.summary(this.kubelet.pods(), false)) };
    if (rest[0] === 'cadvisor' && rest.length === 1) {
      const body = cadvisorMetrics(await this.collector.summary(this.kubelet.pods(), false), await this.kubelet.ctx.host.machine.facts());
      return { status: 200, contentType, body };
    }
    if (rest[0] === 'probes' && rest.length === 1)
      return { status: 200, contentType, body: probeMetrics(this.kubelet.ctx.probes.counts()) };
    if (rest.length && rest[0] !== '') return text(404, '404 page not found\n');
    const { runtime, nodeName } = this.kubelet.ctx;
    const [sandboxes, containers] = await Promise.all([runtime.listSandboxes(), runtime.listContainers()]);
    const counts: Record<string, number> = {};
    for (const c of containers) counts[c.state] = (counts[c.state] ?? 0) + 1;
    const figures = {
      nodeName,
      pods: this.kubelet.pods().length,
      sandboxes: sandboxes.filter((s) => s.state === 'ready').length,
      containers: counts,
      ready: this.kubelet.problems().length === 0,
    };
    return { status: 200, contentType, body: kubeletMetrics(figures) };
  }

  private worker(namespace: string | undefined, name: string | undefined, uid?: string): PodWorker {
    const worker = namespace && name ? this.kubelet.find(namespace, name, uid) : undefined;
    if (!worker) throw new HttpError(404, `pod ${JSON.stringify(name ?? '')} does not exist`);
    return worker;
  }

  private podOf(worker: PodWorker): Pod {
    return this.kubelet.pods().find((p) => p.metadata.uid === worker.uid) ?? worker.pod;
  }

  private async logs(r: KubeletRequest, [namespace, name, container = '']: readonly string[]): Promise<KubeletResponse> {
    const { ctx } = this.kubelet;
    const query = logQuery(r.query, ctx.env.clock.now());
    const pod = this.podOf(this.worker(namespace, name));
    if (!findContainer(pod, container))
      throw new HttpError(404, `container ${JSON.stringify(container)} not found in pod ${JSON.stringify(name)}`);
    return containerLogs(ctx, pod, container, query, r.signal);
  }

  /** `namespace/pod[/uid]/container` of the path, as a container that runs. */
  private async target(rest: readonly string[]): Promise<{ id: string; pod: Pod; name: string }> {
    const [namespace, podName, a, b] = rest;
    const [uid, name = ''] = b === undefined ? [undefined, a] : [a, b];
    const worker = this.worker(namespace, podName, uid);
    const seen = await lookAt(this.kubelet.ctx.runtime, this.kubelet.ctx.host.files, worker.uid);
    const found = latest(seen, name);
    if (!found) throw new HttpError(404, `container not found (${JSON.stringify(name)})`);
    return { id: found.id, pod: worker.pod, name };
  }

  private async run(r: KubeletRequest, rest: readonly string[]): Promise<KubeletResponse> {
    if (r.method !== 'POST') throw new HttpError(405, 'Method Not Allowed');
    const { id } = await this.target(rest);
    const result = await this.kubelet.ctx.runtime.execSync(id, (r.query.get('cmd') ?? '').split(' '), RUN_TIMEOUT_SECONDS);
    const output = new TextDecoder().decode(result.stdout) + new TextDecoder().decode(result.stderr);
    return result.exitCode === 0 ? text(200, output) : text(500, `command exited with ${result.exitCode}: ${output}`);
  }

  private async remote(r: KubeletRequest, kind: 'exec' | 'attach', rest: readonly string[]): Promise<KubeletResponse> {
    opens(r);
    const o = streamOptions(r.query);
    const command = r.query.getAll('command');
    if (!o.stdin && !o.stdout && !o.stderr) throw new HttpError(400, 'you must specify at least 1 of stdin, stdout, stderr');
    if (kind === 'exec' && !command.length) throw new HttpError(400, 'you must specify at least 1 command for the container');
    const { id, pod, name } = await this.target(rest);
    const { runtime, env } = this.kubelet.ctx;
    const tty = kind === 'attach' ? (findContainer(pod, name)?.tty ?? false) : o.tty;
    const run: Command =
      kind === 'exec'
        ? (streams) => runtime.exec(id, { command, tty }, streams)
        : async (streams) => {
            await runtime.attach(id, tty, streams);
            return 0;
          };
    const upgrade = upgradeOf(r);
    if (upgrade === 'websocket')
      return { upgrade, protocols: WEBSOCKET_PROTOCOLS, run: (socket) => overWebSocket(socket, { ...o, tty }, run) };
    const protocol = negotiateSpdy(r, SPDY_PROTOCOLS);
    if (!protocol)
      throw new HttpError(
        403,
        `unable to upgrade: unable to negotiate protocol: client supports [${r.headers['x-stream-protocol-version']}], server accepts [${SPDY_PROTOCOLS.join(' ')}]`,
      );
    return { upgrade, protocol, run: (socket) => overSpdy(socket, protocol, { ...o, tty }, env.clock, run) };
  }

  private async portForward(r: KubeletRequest, [namespace, name, uid]: readonly string[]): Promise<KubeletResponse> {
    opens(r);
    const { ctx } = this.kubelet;
    const worker = this.worker(namespace, name, uid);
    const sandbox = (await ctx.runtime.listSandboxes({ podUid: worker.uid })).find((s) => s.state === 'ready');
    if (!sandbox)
      throw new HttpError(404, `failed to find sandbox for pod ${nameOf(worker.pod)}_${namespaceOf(worker.pod)}(${worker.uid})`);
    const forwarder: Forwarder = {
      runtime: ctx.runtime,
      sandboxId: sandbox.id,
      clock: ctx.env.clock,
      podName: `${nameOf(worker.pod)}_${namespaceOf(worker.pod)}`,
    };
    const upgrade = upgradeOf(r);
    if (upgrade === 'spdy') {
      const protocol = negotiateSpdy(r, [PORT_FORWARD_PROTOCOL]);
      if (!protocol)
        throw new HttpError(
          403,
          `unable to upgrade: unable to negotiate protocol: client supports [${r.headers['x-stream-protocol-version']}], server accepts [${PORT_FORWARD_PROTOCOL}]`,
        );
      return { upgrade, protocol, run: (socket) => forwardSpdy(socket, forwarder) };
    }
    const offered = (r.headers['sec-websocket-protocol'] ?? '').split(',').map((p) => p.trim());
    const ports = offered.includes(TUNNEL_PROTOCOL) ? [] : parsePorts(r.query);
    return {
      upgrade,
      protocols: [TUNNEL_PROTOCOL, ...PORT_CHANNEL_PROTOCOLS],
      run: (socket) =>
        socket.protocol === TUNNEL_PROTOCOL ? forwardSpdy(tunnel(socket), forwarder) : forwardChannels(socket, ports, forwarder),
    };
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new HttpError(400, `not a path: ${JSON.stringify(part)} is no encoded text`);
  }
}

function upgradeOf(r: KubeletRequest): 'websocket' | 'spdy' {
  const wanted = (r.headers.upgrade ?? '').toLowerCase();
  if (!/\bupgrade\b/i.test(r.headers.connection ?? '') || !wanted) throw new HttpError(400, 'Upgrade request required');
  if (wanted === 'websocket') return 'websocket';
  if (wanted.startsWith('spdy/')) return 'spdy';
  throw new HttpError(400, `unable to upgrade: ${JSON.stringify(r.headers.upgrade)} is not spoken here, only websocket and SPDY/3.1`);
}

/** Exec, attach and port-forward are opened by POST, or by a WebSocket's GET. */
function opens(r: KubeletRequest): void {
  if (r.method !== 'GET' && r.method !== 'POST') throw new HttpError(405, 'Method Not Allowed');
}
