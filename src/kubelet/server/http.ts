/** What the kubelet's endpoints take and give. They know no sockets: a listener (`src/host/kubelet/listener.ts`) moves the bytes. */
export interface User {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export interface KubeletRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Common name and organizations of a client certificate that the listener has verified. */
  readonly certificate?: User;
  readonly signal: AbortSignal;
}

/** A WebSocket after its handshake. */
export interface MessageSocket {
  /** The subprotocol that was agreed. */
  readonly protocol: string;
  readonly messages: AsyncIterable<Uint8Array>;
  /** `text`: as a text frame, for the base64 protocols. */
  send(data: Uint8Array, text?: boolean): Promise<void>;
  close(code?: number, reason?: string): void;
  readonly closed: AbortSignal;
}

/** A connection after an upgrade to SPDY. */
export interface ByteSocket {
  readonly input: AsyncIterable<Uint8Array>;
  send(data: Uint8Array): Promise<void>;
  close(): void;
  readonly closed: AbortSignal;
}

export interface PlainResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | AsyncIterable<Uint8Array>;
}

export type KubeletResponse =
  | PlainResponse
  | { readonly upgrade: 'websocket'; readonly protocols: readonly string[]; readonly run: (socket: MessageSocket) => Promise<void> }
  | { readonly upgrade: 'spdy'; readonly protocol: string; readonly run: (socket: ByteSocket) => Promise<void> };

export const text = (status: number, body: string): PlainResponse => ({ status, contentType: 'text/plain; charset=utf-8', body });
export const json = (body: unknown): PlainResponse => ({ status: 200, contentType: 'application/json', body: JSON.stringify(body) });

/** An endpoint's refusal: the status and the text that the client sees. */
export class HttpError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
    this.name = 'HttpError';
  }
}
