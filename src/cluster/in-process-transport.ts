/** The transport without sockets: the client's objects go straight to the API server, and its stored objects straight back. */
import { listObject } from '../apiserver/encode/encode.js';
import type { ApiRequest, UserInfo } from '../apiserver/request.js';
import type { ApiServer } from '../apiserver/server.js';
import type { RawWatchEvent, Transport, TransportRequest, TransportResponse } from '../client/transport.js';
import { type Status, StatusError } from '../meta/errors.js';
import type { AnyObject } from '../meta/object.js';
import { text } from '../util/bytes.js';

export class InProcessTransport implements Transport {
  constructor(
    private readonly server: ApiServer,
    private readonly user: UserInfo,
  ) {}

  async request(request: TransportRequest): Promise<TransportResponse> {
    const { answer } = await this.server.handle(this.asRequest(request));
    switch (answer.is) {
      case 'entry':
        return { status: answer.status, body: answer.entry.object };
      case 'object':
        return { status: answer.status, body: answer.object };
      case 'list':
        return { status: 200, body: listObject(answer) };
      case 'bytes':
        return { status: answer.status, body: parse(text(answer.bytes), answer.contentType) };
      case 'stream': {
        let body = '';
        for await (const chunk of answer.body) body += text(chunk);
        return { status: answer.status, body };
      }
      default:
        answer.watch.close();
        throw new Error('a watch is opened with watch()');
    }
  }

  async *watch(request: TransportRequest): AsyncGenerator<RawWatchEvent> {
    const { answer } = await this.server.handle(this.asRequest(request));
    if (answer.is === 'object') throw StatusError.from(answer.object as Status);
    if (answer.is !== 'watch') throw new Error('not a watch');
    const { definition, watch } = answer;
    const from = definition.storedAs && definition.convert ? (definition.convert.fromStored as (o: AnyObject) => AnyObject) : undefined;
    const apiVersion = definition.group ? `${definition.group}/${definition.version}` : definition.version;
    const close = () => watch.close();
    request.signal?.addEventListener('abort', close, { once: true });
    if (request.signal?.aborted) close();
    try {
      for await (const batch of watch) {
        for (const item of batch) {
          if (item.type === 'BOOKMARK')
            yield { type: 'BOOKMARK', object: { apiVersion, kind: definition.kind, metadata: { resourceVersion: String(item.revision) } } };
          else yield { type: item.type, object: (from ? item.entry.as(apiVersion, from) : item.entry).object };
        }
      }
    } finally {
      watch.close();
      request.signal?.removeEventListener('abort', close);
    }
  }

  close(): void {
    // Nothing is held open.
  }

  private asRequest(r: TransportRequest): ApiRequest {
    const at = r.path.indexOf('?');
    const headers: Record<string, string | readonly string[] | undefined> = { ...r.headers };
    if (r.contentType) headers['content-type'] = r.contentType;
    if (r.accept) headers.accept = r.accept;
    return {
      method: r.method,
      path: at < 0 ? r.path : r.path.slice(0, at),
      query: new URLSearchParams(at < 0 ? '' : r.path.slice(at + 1)),
      headers,
      // The server makes the object its own: it may edit it.
      ...(r.body === undefined ? {} : { body: { object: r.body } }),
      user: this.user,
      signal: r.signal,
    };
  }
}

function parse(body: string, contentType: string): unknown {
  if (!contentType.startsWith('application/json')) return body;
  return JSON.parse(body);
}
