/** What carries a client's requests: in process, or HTTPS. Objects in, objects out. */
export interface TransportRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly signal?: AbortSignal;
}

export interface TransportResponse {
  readonly status: number;
  /** Parsed JSON, or the text of other answers. */
  readonly body: unknown;
}

export interface RawWatchEvent {
  readonly type: string;
  readonly object: unknown;
}

export interface Transport {
  request(request: TransportRequest): Promise<TransportResponse>;
  /** A watch's events as they come; ends when the server closes it or the signal aborts. Throws a StatusError where it is refused. */
  watch(request: TransportRequest): AsyncIterable<RawWatchEvent>;
  close(): void;
}
