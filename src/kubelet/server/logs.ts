/** `/containerLogs/…`: which log file a request means, and how it is read. */

import type { ContainerStatus, Pod } from '../../api/types/core/v1.js';
import { queryBool } from '../../meta/query.js';
import type { KubeletContext } from '../context.js';
import { type LogOptions, readLog } from '../logs/read-log.js';
import { isRuntimeNotFound } from '../runtime.js';
import { HttpError, type PlainResponse } from './http.js';

const utf8 = new TextEncoder();

export interface LogQuery extends LogOptions {
  readonly previous: boolean;
}

/** Throws a 400 or 422 that names the parameter. Pure. */
export function logQuery(q: URLSearchParams, now: number): LogQuery {
  const number = (name: string): number | undefined => {
    const value = q.get(name);
    if (value === null || value === '') return undefined;
    const n = Number(value);
    if (!Number.isInteger(n) || n < 0)
      throw new HttpError(422, `Invalid request: ${name} must be a whole number of 0 or more, not ${JSON.stringify(value)}`);
    return n;
  };
  const on = (name: string): boolean => queryBool(q, name);
  const tail = q.get('tail');
  const tailLines = tail === 'all' ? undefined : (number('tailLines') ?? (tail === null ? undefined : number('tail')));
  const sinceSeconds = number('sinceSeconds');
  const sinceTime = q.get('sinceTime');
  if (sinceTime && Number.isNaN(Date.parse(sinceTime)))
    throw new HttpError(400, `Unable to decode query: sinceTime ${JSON.stringify(sinceTime)} is not a time`);
  const since = sinceSeconds !== undefined ? now - sinceSeconds * 1000 : sinceTime ? Date.parse(sinceTime) : undefined;
  const stream = q.get('stream') ?? 'All';
  if (!['All', 'Stdout', 'Stderr'].includes(stream)) throw new HttpError(400, `invalid stream type ${JSON.stringify(stream)}`);
  const limitBytes = number('limitBytes');
  return {
    follow: on('follow'),
    timestamps: on('timestamps'),
    previous: on('previous'),
    ...(tailLines !== undefined ? { tailLines } : {}),
    ...(limitBytes !== undefined ? { limitBytes } : {}),
    ...(since !== undefined ? { since } : {}),
    ...(stream === 'All' ? {} : { stream: stream.toLowerCase() as 'stdout' | 'stderr' }),
  };
}

/** The container whose log is meant, by what the pod's status says. Throws in the words that kubectl shows. Pure. */
export function logContainer(pod: Pod, name: string, previous: boolean): string {
  const s: ContainerStatus | undefined = [
    ...(pod.status?.containerStatuses ?? []),
    ...(pod.status?.initContainerStatuses ?? []),
    ...(pod.status?.ephemeralContainerStatuses ?? []),
  ].find((x) => x.name === name);
  const fail = (text: string): never => {
    throw new HttpError(400, text);
  };
  const where = `container ${JSON.stringify(name)} in pod ${JSON.stringify(pod.metadata.name)}`;
  if (!s) return fail(`${where} is not available`);
  const last = s.lastState?.terminated?.containerID;
  if (previous) return plain(last ?? fail(`previous terminated ${where} not found`));
  if (s.state.running) return plain(s.containerID ?? '');
  if (s.state.terminated) return plain(s.state.terminated.containerID ?? last ?? fail(`${where} is terminated`));
  if (s.lastState?.terminated) return plain(last ?? fail(`${where} is terminated`));
  const reason = s.state.waiting?.reason;
  if (reason === 'ErrImagePull') return fail(`${where} is waiting to start: image can't be pulled`);
  if (reason === 'ImagePullBackOff') return fail(`${where} is waiting to start: trying and failing to pull image`);
  return fail(s.state.waiting ? `${where} is waiting to start: ${reason ?? ''}` : `${where} is waiting to start - no logs yet`);
}

const plain = (id: string): string => id.slice(id.indexOf('://') + 3);

export async function containerLogs(
  ctx: KubeletContext,
  pod: Pod,
  name: string,
  query: LogQuery,
  signal: AbortSignal,
): Promise<PlainResponse> {
  const id = logContainer(pod, name, query.previous);
  const path = (
    await ctx.runtime.containerStatus(id).catch((e: Error) => {
      throw new HttpError(400, isRuntimeNotFound(e) ? `unable to retrieve container logs for ${ctx.runtimeName}://${id}` : e.message);
    })
  ).logPath;
  const running = async () => (await ctx.runtime.containerStatus(id).catch(() => undefined))?.state === 'running';
  return { status: 200, contentType: 'text/plain', body: body(readLog(ctx.host.files, path, query, running, signal)) };
}

/** A log that cannot be read any more says so at its end: the answer has begun by then. */
async function* body(lines: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  try {
    yield* lines;
  } catch (e) {
    yield utf8.encode((e as Error).message);
  }
}
