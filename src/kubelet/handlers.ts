/** Life-cycle hooks: postStart and preStop, by exec, httpGet, tcpSocket (which does nothing) or sleep. */
import type { Container, LifecycleHandler, Pod } from '../api/types/core/v1.js';
import { type Clock, sleep } from '../util/clock.js';
import { commandText, outputOf } from './exec-output.js';
import type { ProbeTransport } from './host.js';
import { describePod } from './pods.js';
import { httpRequest } from './probe.js';
import type { ContainerRuntime } from './runtime.js';

export interface HandlerDeps {
  readonly runtime: ContainerRuntime;
  readonly transport: ProbeTransport;
  readonly clock: Clock;
}

/** Long enough for any hook; the grace period ends it before. */
const HTTP_TIMEOUT_MS = 30_000;

/** Rejects with a text for the container's waiting message. */
export async function runHandler(
  deps: HandlerDeps,
  pod: Pod,
  c: Container,
  id: string,
  podIP: string,
  handler: LifecycleHandler,
  signal?: AbortSignal,
): Promise<void> {
  const where = `for Container ${JSON.stringify(c.name)} in Pod ${JSON.stringify(describePod(pod))} failed`;
  if (handler.exec) {
    const command = handler.exec.command ?? [];
    const r = await deps.runtime.execSync(id, command, 0);
    if (r.exitCode === 0) return;
    const output = outputOf(r);
    const line = commandText(command);
    throw new Error(
      `Exec lifecycle hook ([${line}]) ${where} - error: command '${line}' exited with ${r.exitCode}: ${output}, message: ${JSON.stringify(output)}`,
    );
  }
  if (handler.httpGet) {
    try {
      await deps.transport.http(httpRequest(handler.httpGet, c, podIP, 'lifecycle', HTTP_TIMEOUT_MS));
      return; // any answer will do
    } catch (e) {
      throw new Error(`HTTP lifecycle hook (${handler.httpGet.path ?? '/'}) ${where} - error: ${(e as Error).message}`);
    }
  }
  if (handler.sleep) {
    await sleep(deps.clock, handler.sleep.seconds * 1000, signal);
    return;
  }
  if (handler.tcpSocket) return; // in the API for old objects; never did anything
  throw new Error('cannot run handler: no hook type is set');
}
