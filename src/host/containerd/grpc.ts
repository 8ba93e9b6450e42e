/** gRPC calls over containerd's unix socket, with errors in the kubelet's words. */

import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js';
import { RuntimeError, type RuntimeErrorCode } from '../../kubelet/runtime.js';
import { table } from '../../util/own.js';
import type { Codec, Message } from './proto.js';

/** Largest answer taken: a node full of containers with long annotations. */
const MAX_MESSAGE = 64 * 1024 * 1024;
/** A call that names no deadline of its own. */
const DEFAULT_DEADLINE_MS = 120_000;

const CODES: Partial<Record<number, RuntimeErrorCode>> = table({
  [status.NOT_FOUND]: 'NotFound',
  [status.ALREADY_EXISTS]: 'AlreadyExists',
  [status.INVALID_ARGUMENT]: 'InvalidArgument',
  [status.UNAVAILABLE]: 'Unavailable',
  [status.UNIMPLEMENTED]: 'Unimplemented',
  [status.DEADLINE_EXCEEDED]: 'DeadlineExceeded',
});

/** Upstream shows gRPC errors as `rpc error: code = NotFound desc = …`; events and statuses carry that text. */
const NAMES: Record<number, string> = table({ ...Object.fromEntries(Object.entries(status).map(([k, v]) => [v as number, camel(k)])) });
function camel(name: string): string {
  return name.toLowerCase().replace(/(?:^|_)(\w)/g, (_, c: string) => c.toUpperCase());
}

export function toRuntimeError(e: ServiceError): RuntimeError {
  return new RuntimeError(CODES[e.code] ?? 'Unknown', `rpc error: code = ${NAMES[e.code] ?? e.code} desc = ${e.details}`);
}

export interface CallOptions {
  /** 0: none. */
  readonly deadlineMs?: number;
}

export class GrpcConnection {
  private readonly client: Client;

  /** `maxAnswer`: a larger one is refused before it is read, in bytes. */
  constructor(socket: string, maxAnswer = MAX_MESSAGE) {
    this.client = new Client(`unix:${socket}`, credentials.createInsecure(), {
      'grpc.max_receive_message_length': maxAnswer,
      // Two connections with other limits must not be one.
      'grpc.use_local_subchannel_pool': 1,
      'grpc.max_send_message_length': MAX_MESSAGE,
      // Without a proxy from the environment; reconnect soon after containerd restarts.
      'grpc.enable_http_proxy': 0,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 2000,
    });
  }

  /** `path` is `/package.Service/Method`. */
  unary(codec: Codec, path: string, request: string, response: string, message: Message, options: CallOptions = {}): Promise<Message> {
    const { deadlineMs = DEFAULT_DEADLINE_MS } = options;
    return new Promise((resolve, reject) => {
      this.client.makeUnaryRequest(
        path,
        (m: Message) => codec.encode(request, m),
        (bytes: Buffer) => codec.decode(response, bytes),
        message,
        deadlineMs ? { deadline: Date.now() + deadlineMs } : {},
        (error, answer) => (error ? reject(toRuntimeError(error)) : resolve(answer ?? {})),
      );
    });
  }

  /** A server stream as an async iterable; ends quietly when `signal` aborts. */
  async *serverStream(
    codec: Codec,
    path: string,
    request: string,
    response: string,
    message: Message,
    signal: AbortSignal,
  ): AsyncIterable<Message> {
    const call = this.client.makeServerStreamRequest(
      path,
      (m: Message) => codec.encode(request, m),
      (bytes: Buffer) => codec.decode(response, bytes),
      message,
    );
    const cancel = () => call.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    if (signal.aborted) cancel();
    try {
      for await (const m of call) yield m as Message;
    } catch (e) {
      if (!signal.aborted) throw toRuntimeError(e as ServiceError);
    } finally {
      signal.removeEventListener('abort', cancel);
      call.cancel();
    }
  }

  close(): void {
    this.client.close();
  }
}
