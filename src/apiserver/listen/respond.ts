/** Answers into bytes on their way to a client: bounded in what waits for him, and in how long. */
import type http from 'node:http';
import http2 from 'node:http2';
import { constants, gzip } from 'node:zlib';
import { StatusError } from '../../meta/errors.js';
import type { AnyObject } from '../../meta/object.js';
import { isPretty } from '../../meta/query.js';
import type { Clock } from '../../util/clock.js';
import { drained } from '../../util/drained.js';
import type { Answer } from '../answer.js';
import { type Encoded, type EventContext, encodeAnswer, encodeEvent, encodeObject } from '../encode/encode.js';
import { negotiate, type Representation } from '../encode/negotiate.js';
import { PROTOBUF } from '../encode/protobuf.js';
import { includeObject } from '../encode/table.js';
import { warningHeaders } from '../encode/warnings.js';
import type { ApiRequest } from '../request.js';
import type { ApiServer, Handled } from '../server.js';
import { destroy, type Exchange, type Req, type Res } from './exchange.js';

/** Answers larger than this are compressed for clients that accept gzip, as the original does. */
const GZIP_FROM = 128 * 1024;
/** For an answer to be taken; for large ones more. */
const ANSWER_MS = 60_000;
const SLOWEST_BYTES_PER_MS = 64;
/** Who does not read what was refused him has no longer. */
const REFUSED_MS = 10_000;
/** One answer on its way. */
interface Sending {
  readonly request: ApiRequest;
  readonly handled: Handled;
  readonly req: Req;
  readonly res: Res;
  readonly server: ApiServer;
  /** For deadlines of writing. */
  readonly clock: Clock;
  readonly exchange: Exchange;
  /** Whether it is known who asks. */
  readonly known: boolean;
}

export async function respond(s: Sending): Promise<void> {
  const { request, res, server } = s;
  const { answer, warnings } = s.handled;
  const warned = warningHeaders(warnings);
  if (warned.length) (res as http.ServerResponse).setHeader('Warning', warned);
  let representation: Representation;
  try {
    const custom = 'definition' in answer && answer.definition?.custom === true;
    // Reviews and tokens are no objects to list.
    const table = answer.is !== 'object' || answer.definition !== undefined || (answer.object as { kind?: string }).kind === 'Status';
    representation = negotiate(request.headers.accept as string | undefined, { custom, watch: answer.is === 'watch', table });
  } catch (e) {
    if (answer.is === 'stream' || answer.is === 'bytes') representation = PLAIN;
    else {
      if (answer.is === 'watch') answer.watch.close();
      return refuse(s, e as StatusError);
    }
  }
  switch (answer.is) {
    case 'watch':
      return sendWatch(s, answer, representation);
    case 'bytes':
      return finish(s, answer.status, answer.contentType, answer.bytes, answer.headers);
    case 'stream':
      return sendStream(answer, res);
    default: {
      const headers = answer.is === 'object' ? answer.headers : undefined;
      const form = wantsPretty(request) ? { ...representation, pretty: true } : representation;
      let encoded: Encoded;
      try {
        // A list takes its place before it is made: by what is stored of it.
        const place =
          answer.is === 'list' && s.handled.user
            ? server.flow.enter(
                s.handled.user,
                'bytesOut',
                false,
                answer.entries.reduce((n, e) => n + e.size, 0),
              )
            : undefined;
        try {
          encoded = await encodeAnswer(answer, form, includeObject(request.query), server.env.clock.now());
        } finally {
          place?.();
        }
      } catch (e) {
        if (!(e instanceof StatusError)) throw e;
        return refuse(s, e);
      }
      return finish(s, encoded.status, encoded.contentType, encoded.body, headers);
    }
  }
}

const PLAIN: Representation = { mediaType: 'application/json', version: 'v1', pretty: false };

function refuse(s: Sending, e: StatusError): Promise<void> {
  const { status, contentType, body } = encodeObject(e.code, e.status, PLAIN);
  const retry = e.status.details?.retryAfterSeconds;
  return finish(s, status, contentType, body, retry ? { 'Retry-After': String(retry) } : undefined, true);
}

/** People's programs get indented JSON unless they say otherwise. */
function wantsPretty(request: ApiRequest): boolean {
  const asked = request.query.get('pretty');
  if (asked) return isPretty(asked);
  return /^(curl|Wget|Mozilla\/5\.0)/.test(String(request.headers['user-agent'] ?? ''));
}

async function finish(
  s: Sending,
  status: number,
  contentType: string,
  body: Uint8Array,
  headers?: Readonly<Record<string, string>>,
  refusal = false,
): Promise<void> {
  const { request, req, res } = s;
  const r = res as http.ServerResponse;
  // Held until it was taken. What is as small as a Status counts by its request alone.
  if (!refusal && s.handled.user && body.length > SMALL) {
    try {
      s.exchange.written(s.server.flow.enter(s.handled.user, 'bytesOut', false, body.length));
    } catch (e) {
      return refuse(s, e as StatusError);
    }
  }
  for (const [k, v] of Object.entries(headers ?? {})) r.setHeader(k, v);
  r.setHeader('Cache-Control', 'no-cache, private');
  r.setHeader('Content-Type', contentType);
  let out = body;
  if (body.length > GZIP_FROM && /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))) {
    out = await new Promise<Buffer>((resolve, reject) =>
      gzip(body, { level: constants.Z_BEST_SPEED }, (e, b) => (e ? reject(e) : resolve(b))),
    );
    r.setHeader('Content-Encoding', 'gzip');
    r.setHeader('Vary', 'Accept-Encoding');
  }
  r.setHeader('Content-Length', out.length);
  const late = s.clock.after((s.known ? ANSWER_MS : REFUSED_MS) + out.length / SLOWEST_BYTES_PER_MS, () => destroy(res));
  s.exchange.written(() => late.cancel());
  if (!req.complete && request.method !== 'GET' && request.method !== 'HEAD') return finishEarly(s, status, out);
  r.writeHead(status);
  r.end(request.method === 'HEAD' ? undefined : out);
}

const SMALL = 16 * 1024;
/** How long what is left of a body is thrown away before the connection is: its sender may be about to read the answer. */
const LINGER_MS = 1000;

/** An answer that comes before the request's body, which nobody wants. */
function finishEarly({ req, res, clock, known }: Sending, status: number, out: Uint8Array): void {
  const { stream } = res as http2.Http2ServerResponse;
  if (stream) {
    (res as http2.Http2ServerResponse).writeHead(status);
    const end = () => stream.close(http2.constants.NGHTTP2_NO_ERROR);
    if (!known) {
      (res as http2.Http2ServerResponse).end(out, end);
      return;
    }
    // A reset, be it without error, takes the answer from clients that are still sending: the rest of a small body goes first.
    (res as http2.Http2ServerResponse).end(out);
    const reset = clock.after(LINGER_MS, end);
    stream.once('close', () => reset.cancel());
    req.resume();
    return;
  }
  const r = res as http.ServerResponse;
  r.setHeader('Connection', 'close');
  r.writeHead(status);
  r.end(out);
  const { socket } = req;
  const gone = clock.after(LINGER_MS, () => socket.destroy());
  socket.once('close', () => gone.cancel());
  req.resume();
}

function sendWatch(s: Sending, answer: Extract<Answer, { is: 'watch' }>, representation: Representation): Promise<void> {
  const { request, res, server } = s;
  const { signal } = s.exchange;
  const r = res as http.ServerResponse;
  r.setHeader('Cache-Control', 'no-cache, private');
  r.setHeader('Content-Type', representation.mediaType === PROTOBUF ? `${PROTOBUF};stream=watch` : 'application/json');
  r.writeHead(200);
  r.flushHeaders?.();
  const { definition, watch } = answer;
  const from = definition.storedAs && definition.convert ? (definition.convert.fromStored as (o: AnyObject) => AnyObject) : undefined;
  const apiVersion = definition.group ? `${definition.group}/${definition.version}` : definition.version;
  const context: EventContext = {
    answer,
    representation,
    include: includeObject(request.query),
    convert: from ? (e) => e.as(apiVersion, from) : (e) => e,
    now: () => server.env.clock.now(),
    first: true,
  };
  return new Promise((resolve) => {
    // What a slow client has not taken waits in the watch's own queue, which is bounded, as stored objects rather than as encoded ones.
    r.on('drain', () => watch.resume());
    watch.listen(
      (item) => {
        const room = r.write(encodeEvent(item, context));
        return room || (r.writableLength ?? 0) < WATCH_BUFFER;
      },
      () => {
        r.end();
        // Its end may never be taken, either.
        const late = s.clock.after(REFUSED_MS, () => destroy(res));
        s.exchange.written(() => late.cancel());
        resolve();
      },
    );
    signal.addEventListener('abort', () => watch.close(), { once: true });
    if (signal.aborted) watch.close();
  });
}

/** Encoded events on their way to one client. */
const WATCH_BUFFER = 1024 * 1024;

async function sendStream(answer: Extract<Answer, { is: 'stream' }>, res: Res): Promise<void> {
  const r = res as http.ServerResponse;
  for (const [k, v] of Object.entries(answer.headers)) r.setHeader(k, v as string);
  r.writeHead(answer.status);
  r.flushHeaders?.();
  try {
    for await (const chunk of answer.body) {
      if (r.destroyed || r.writableEnded) break;
      if (!r.write(chunk)) await drained(r);
    }
  } finally {
    r.end();
  }
}
