/** Fetches a snapshot from an etcd (any, ours too) into a file that is there whole or not at all. */
import fs from 'node:fs';
import http2 from 'node:http2';
import path from 'node:path';
import { syncDirectory } from '../store/embedded/file-log.js';
import { decode, encodeFramed, GRPC_HEAD } from '../store/proto/codec.js';
import { Gathered } from '../util/gathered.js';
import { UserError } from './fail.js';
import { hasDigest, SnapshotFile } from './snapshot-file.js';

export interface SaveOptions {
  /** `http://HOST:PORT`, `https://HOST:PORT`, or HOST:PORT. */
  readonly endpoint: string;
  readonly file: string;
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly insecureSkipTlsVerify?: boolean;
}

const METHOD = '/etcdserverpb.Maintenance/Snapshot';
/** Bytes that the server may have under way. */
const WINDOW = 4 * 1024 * 1024;
const CONNECT_MS = 5000;
/** A message longer than this is not etcd's. */
const MAX_MESSAGE = 64 * 1024 * 1024;

/** Returns the storage version that the server told; '' from an etcd before 3.6. */
export async function saveSnapshot(options: SaveOptions): Promise<string> {
  const part = `${options.file}.part`;
  const fd = opened(part);
  try {
    let size = 0;
    let version = '';
    await fetchSnapshot(options, (message) => {
      const { blob, version: told } = decode('SnapshotResponse', message);
      for (let at = 0; at < blob.length; ) at += fs.writeSync(fd, blob, at);
      size += blob.length;
      version ||= told;
    });
    if (!hasDigest(size)) throw new UserError(`sha256 checksum not found [bytes: ${size}]: the snapshot is not whole; save it again`);
    fs.fsyncSync(fd);
    await SnapshotFile.with(part, (file) => file.checkDigest());
    fs.renameSync(part, options.file);
    syncDirectory(path.dirname(path.resolve(options.file)));
    return version;
  } catch (e) {
    fs.rmSync(part, { force: true });
    throw e;
  } finally {
    fs.closeSync(fd);
  }
}

async function fetchSnapshot(options: SaveOptions, message: (bytes: Uint8Array) => void): Promise<void> {
  const session = await connect(options);
  try {
    const stream = session.request({ ':method': 'POST', ':path': METHOD, 'content-type': 'application/grpc', te: 'trailers' });
    let status: http2.IncomingHttpHeaders = {};
    stream.on('response', (headers) => {
      status = headers;
    });
    stream.on('trailers', (trailers) => {
      status = trailers;
    });
    stream.end(encodeFramed('SnapshotRequest', {}));
    const messages = new MessageParts(message);
    for await (const chunk of stream) messages.add(chunk as Buffer);
    const code = status['grpc-status'];
    if (code === undefined) throw new UserError(`${options.endpoint} is no etcd: HTTP status ${status[':status'] ?? 'none'}`);
    if (code !== '0') throw new UserError(`${options.endpoint}: ${decoded(String(status['grpc-message'] ?? ''))} (gRPC code ${code})`);
  } finally {
    session.destroy();
  }
}

/** As it came, where it is not the encoding that it says it is. */
function decoded(message: string): string {
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}

function connect({ endpoint, caFile, certFile, keyFile, insecureSkipTlsVerify }: SaveOptions): Promise<http2.ClientHttp2Session> {
  // As etcdctl: an address without a scheme is spoken to as the other flags say.
  const scheme = caFile || certFile || insecureSkipTlsVerify ? 'https' : 'http';
  const url = /^\w+:\/\//.test(endpoint) ? endpoint : `${scheme}://${endpoint}`;
  if (!/^https?:\/\//.test(url)) throw new UserError(`--endpoints: ${JSON.stringify(endpoint)} is neither an http nor an https URL`);
  if (!certFile !== !keyFile) throw new UserError('--cert and --key go together: give both or neither');
  const session = http2.connect(url, {
    ...(caFile ? { ca: pem('cacert', caFile) } : {}),
    ...(certFile ? { cert: pem('cert', certFile) } : {}),
    ...(keyFile ? { key: pem('key', keyFile) } : {}),
    rejectUnauthorized: !insecureSkipTlsVerify,
    settings: { initialWindowSize: WINDOW },
  });
  return new Promise((resolve, reject) => {
    const refuse = (why: string) => {
      session.destroy();
      reject(new UserError(`cannot reach etcd at ${endpoint}: ${why}`));
    };
    session.setTimeout(CONNECT_MS, () => refuse(`no answer in ${CONNECT_MS / 1000} s`));
    session.once('error', (e) => refuse(e.message));
    session.once('connect', () => {
      session.setTimeout(0);
      session.setLocalWindowSize(WINDOW);
      resolve(session);
    });
  });
}

function pem(flag: string, file: string): Buffer {
  try {
    return fs.readFileSync(file);
  } catch (e) {
    throw new UserError(`--${flag} ${file}: ${(e as Error).message}`);
  }
}

function opened(file: string): number {
  try {
    return fs.openSync(file, 'w', 0o600);
  } catch (e) {
    throw new UserError(`cannot write the snapshot: ${(e as Error).message}`);
  }
}

/** Puts gRPC messages together. */
class MessageParts {
  private readonly waiting = new Gathered();

  constructor(private readonly message: (bytes: Uint8Array) => void) {}

  add(chunk: Buffer): void {
    this.waiting.push(chunk);
    while (this.waiting.length >= GRPC_HEAD) {
      const held = this.waiting.held();
      const length = new DataView(held.buffer, held.byteOffset).getUint32(1);
      if (held[0] !== 0 || length > MAX_MESSAGE) throw new UserError(`the server sent a message that is not etcd's (${length} bytes)`);
      if (held.length < GRPC_HEAD + length) break;
      this.message(this.waiting.take(GRPC_HEAD + length).subarray(GRPC_HEAD));
    }
  }
}
