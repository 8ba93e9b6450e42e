/** One run of a probe against a container. Source: https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/ */
import type { Container, HTTPGetAction, Probe } from '../api/types/core/v1.js';
import { commandText, outputOf } from './exec-output.js';
import { Expansion } from './expansion.js';
import type { HttpProbeRequest, ProbeTransport } from './host.js';
import { resolvePort } from './ports.js';
import { type ContainerRuntime, RuntimeError } from './runtime.js';

export type ProbeOutcome = { readonly result: 'success' | 'failure' | 'warning'; readonly output: string };

const SERVING = 1;
const SERVING_NAMES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];

export interface ProbeTarget {
  readonly runtime: ContainerRuntime;
  readonly transport: ProbeTransport;
  readonly container: Container;
  readonly containerId: string;
  readonly podIP: string;
}

export function httpRequest(
  action: HTTPGetAction,
  c: Container,
  podIP: string,
  purpose: 'probe' | 'lifecycle',
  timeoutMs: number,
): HttpProbeRequest {
  const headers = (action.httpHeaders ?? []).map((h) => ({ name: h.name, value: h.value }));
  const path = action.path ?? '/';
  return {
    scheme: action.scheme ?? 'HTTP',
    host: action.host || podIP,
    port: resolvePort(action.port, c),
    path: path.startsWith('/') ? path : `/${path}`,
    headers,
    timeoutMs,
    userAgent: `kube-${purpose}/1.36`,
  };
}

/** Rejects when the probe could not be made at all (no such port, runtime away). */
export async function runProbe(probe: Probe, target: ProbeTarget): Promise<ProbeOutcome> {
  const timeoutMs = (probe.timeoutSeconds || 1) * 1000;
  const { transport, container, podIP } = target;
  if (probe.exec) return execProbe(probe.exec.command ?? [], probe.timeoutSeconds || 1, target);
  if (probe.httpGet) return httpProbe(httpRequest(probe.httpGet, container, podIP, 'probe', timeoutMs), transport);
  if (probe.tcpSocket) {
    const port = resolvePort(probe.tcpSocket.port, container);
    return failureOnError(() => transport.tcp(probe.tcpSocket?.host || podIP, port, timeoutMs));
  }
  if (probe.grpc) return grpcProbe(probe.grpc.port, probe.grpc.service ?? '', podIP, transport, timeoutMs);
  throw new Error(`missing probe handler for ${container.name}`);
}

async function failureOnError(connect: () => Promise<unknown>): Promise<ProbeOutcome> {
  try {
    await connect();
    return { result: 'success', output: '' };
  } catch (e) {
    return { result: 'failure', output: (e as Error).message };
  }
}

async function execProbe(command: readonly string[], timeoutSeconds: number, target: ProbeTarget): Promise<ProbeOutcome> {
  const env = new Map((target.container.env ?? []).map((e) => [e.name, e.value]));
  const expansion = new Expansion();
  const words = command.map((w) => expansion.expand(w, (name) => env.get(name), 'command'));
  try {
    const r = await target.runtime.execSync(target.containerId, words, timeoutSeconds);
    return { result: r.exitCode === 0 ? 'success' : 'failure', output: outputOf(r) };
  } catch (e) {
    if (e instanceof RuntimeError && e.code === 'DeadlineExceeded') {
      return { result: 'failure', output: `command timed out: ${JSON.stringify(commandText(words))} timed out after ${timeoutSeconds}s` };
    }
    throw e;
  }
}

async function httpProbe(request: HttpProbeRequest, transport: ProbeTransport): Promise<ProbeOutcome> {
  try {
    const { status, body } = await transport.http(request);
    if (status >= 200 && status < 300) return { result: 'success', output: body };
    if (status >= 300 && status < 400) return { result: 'warning', output: `Probe terminated redirects, Response body: ${body}` };
    return { result: 'failure', output: `HTTP probe failed with statuscode: ${status}` };
  } catch (e) {
    return { result: 'failure', output: (e as Error).message };
  }
}

async function grpcProbe(port: number, service: string, host: string, transport: ProbeTransport, timeoutMs: number): Promise<ProbeOutcome> {
  try {
    const status = await transport.grpc(host, port, service, timeoutMs);
    if (status === SERVING) return { result: 'success', output: 'service healthy' };
    return { result: 'failure', output: `service unhealthy (responded with ${JSON.stringify(SERVING_NAMES[status] ?? String(status))})` };
  } catch (e) {
    return { result: 'failure', output: (e as Error).message };
  }
}
