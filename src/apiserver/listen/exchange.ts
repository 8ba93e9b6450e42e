/** One request over a socket, until its answer was written or its connection is gone. */
import type http from 'node:http';
import type http2 from 'node:http2';

export type Req = http.IncomingMessage | http2.Http2ServerRequest;
export type Res = http.ServerResponse | http2.Http2ServerResponse;

/** One for all: an error of its own for each request would be made with its stack. */
const OVER = new Error('the request is over');

export class Exchange {
  private closed = false;
  private readonly after: (() => void)[] = [];
  private readonly abort = new AbortController();

  /** `until` closes when it is over: the response, or the socket that was taken over. */
  constructor(until: { once(event: 'close', listener: () => void): unknown }) {
    until.once('close', () => this.end());
  }

  /** It is over; also where `until` says nothing, as a pipelined response does whose turn had not come when its connection closed. */
  end(): void {
    if (this.closed) return;
    this.closed = true;
    this.abort.abort(OVER);
    for (const fn of this.after) fn();
  }

  /** Aborted when it is over, well or not. */
  get signal(): AbortSignal {
    return this.abort.signal;
  }

  /** Calls `fn` when it is over; at once if it is. */
  written(fn: () => void): void {
    if (this.closed) fn();
    else this.after.push(fn);
  }
}

export const destroy = (res: Res): void =>
  void ((res as http2.Http2ServerResponse).stream?.destroy() ?? (res as http.ServerResponse).destroy?.());
