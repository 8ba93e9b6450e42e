/** One etcd that is spoken to: its address, its connection. */
import { type CallOptions, Client, connectivityState, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { decode, encode } from '../proto/codec.js';
import type { Draft, Message, MessageName } from '../proto/message.js';

/** PEM texts. */
export interface RemoteTls {
  readonly ca?: string;
  readonly certificate?: string;
  readonly key?: string;
}

/** A connection that brings nothing for this long is asked whether it lives; etcd allows every five seconds. */
const KEEPALIVE_MS = 10_000;
const KEEPALIVE_TIMEOUT_MS = 5_000;
const encoder = new TextEncoder();
/** grpc-js takes no other bytes. */
const buffer = (b: Uint8Array): Buffer => Buffer.from(b.buffer, b.byteOffset, b.byteLength);

/** `http://host:port` or `https://host:port`; throws with the line for the operator. */
export function checkEndpoint(endpoint: string): URL {
  let url: URL;
  try {
    url = new URL(endpoint);
  } catch {
    throw new Error(`not an etcd endpoint: ${JSON.stringify(endpoint)} (write it like http://127.0.0.1:2379)`);
  }
  if (!['http:', 'https:'].includes(url.protocol) || !url.hostname || (url.pathname !== '/' && url.pathname !== '') || url.search)
    throw new Error(`not an etcd endpoint: ${JSON.stringify(endpoint)} (write it like http://127.0.0.1:2379 or https://host:2379)`);
  return url;
}

export class Member {
  private readonly client: Client;

  constructor(
    readonly endpoint: string,
    tls: RemoteTls | undefined,
  ) {
    const url = checkEndpoint(endpoint);
    const port = url.port || (url.protocol === 'https:' ? '443' : '80');
    const bytes = (pem: string | undefined) => (pem === undefined ? null : buffer(encoder.encode(pem)));
    const secure = url.protocol === 'https:';
    this.client = new Client(
      `${url.hostname}:${port}`,
      secure ? credentials.createSsl(bytes(tls?.ca), bytes(tls?.key), bytes(tls?.certificate)) : credentials.createInsecure(),
      {
        'grpc.max_receive_message_length': -1,
        'grpc.max_send_message_length': -1,
        'grpc.enable_http_proxy': 0,
        'grpc.initial_reconnect_backoff_ms': 100,
        'grpc.min_reconnect_backoff_ms': 100,
        'grpc.max_reconnect_backoff_ms': 1000,
        'grpc.keepalive_time_ms': KEEPALIVE_MS,
        'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
        // A store that was closed and opened again has connections of its own.
        'grpc.use_local_subchannel_pool': 1,
      },
    );
  }

  /** Whether the connection stands, within `deadline` (a time). A refused one is told at once. */
  ready(deadline: number): Promise<boolean> {
    const channel = this.client.getChannel();
    return new Promise((resolve) => {
      const look = (changed: boolean) => {
        try {
          const state = channel.getConnectivityState(true);
          if (state === connectivityState.READY) return resolve(true);
          if (state === connectivityState.TRANSIENT_FAILURE || state === connectivityState.SHUTDOWN) return resolve(false);
          // Idle once more after connecting: the attempt failed.
          if (changed && state === connectivityState.IDLE) return resolve(false);
          channel.watchConnectivityState(state, deadline, (error) => (error ? resolve(false) : look(true)));
        } catch {
          resolve(false);
        }
      };
      look(false);
    });
  }

  /** Why there is no connection, as the last attempt at one ended. */
  async reason(deadline: number): Promise<string> {
    try {
      await this.unary('/etcdserverpb.KV/Range', 'RangeRequest', 'RangeResponse', { key: '\0', limit: 1 }, new Metadata(), { deadline });
      return 'it answers by now';
    } catch (e) {
      // One line: OpenSSL ends its messages with a line feed.
      const details = String((e as ServiceError).details ?? e)
        .replace(/\s+/g, ' ')
        .trim();
      return (
        between(details, 'Last error: ', '. Resolution note')
          ?.replace(/^Error: /, '')
          .trim() ?? details
      );
    }
  }

  /** Rejects with a ServiceError. */
  unary<In extends MessageName, Out extends MessageName>(
    path: string,
    input: In,
    output: Out,
    request: Draft<In>,
    metadata: Metadata,
    options: CallOptions,
  ): Promise<Message<Out>> {
    return new Promise((resolve, reject) => {
      this.client.makeUnaryRequest(
        path,
        (m: Draft<In>) => buffer(encode(input, m)),
        (b: Uint8Array) => decode(output, b),
        request,
        metadata,
        options,
        (error: ServiceError | null, answer?: Message<Out>) => (error ? reject(error) : resolve(answer!)),
      );
    });
  }

  stream<In extends MessageName, Out extends MessageName>(path: string, input: In, output: Out, metadata: Metadata) {
    return this.client.makeBidiStreamRequest(
      path,
      (m: Draft<In>) => buffer(encode(input, m)),
      (b: Uint8Array) => decode(output, b),
      metadata,
    );
  }

  close(): void {
    this.client.close();
  }
}

function between(text: string, before: string, after: string): string | undefined {
  const from = text.indexOf(before);
  const to = text.indexOf(after, from + before.length);
  return from < 0 || to < 0 ? undefined : text.slice(from + before.length, to);
}
