/** Readers of what other programs send or keep: frames, packets, tokens, files. Their text stands for bytes, one character each. */
import type { Secret } from '../../src/api/types/core/v1.js';
import { webSocketToken } from '../../src/apiserver/authenticate/bearer.js';
import { requestInfo } from '../../src/apiserver/request.js';
import { checkDatabase } from '../../src/etcd/bbolt/check.js';
import { PageFlag, writeMetaPage, writePageHead } from '../../src/etcd/bbolt/format.js';
import { bytesSource, CorruptDatabaseError, Database } from '../../src/etcd/bbolt/reader.js';
import { stateOf } from '../../src/etcd/snapshot/import.js';
import { snapshotStatus } from '../../src/etcd/snapshot/status.js';
import { withoutPluginChains } from '../../src/host/network/plugin-chains.js';
import { credentialsFor } from '../../src/kubelet/credentials.js';
import { formatLine, LineSplitter, parseLine } from '../../src/kubelet/logs/line.js';
import { HttpError } from '../../src/kubelet/server/http.js';
import { logQuery } from '../../src/kubelet/server/logs.js';
import { parsePorts } from '../../src/kubelet/server/port-forward.js';
import { StatusError } from '../../src/meta/errors.js';
import { answers, chain, decodeQuery } from '../../src/network/dns/message.js';
import { decode, encode, ProtoError } from '../../src/store/proto/codec.js';
import { bearerToken } from '../../src/util/bearer-token.js';
import { encodeFrame, FrameReader } from '../../src/util/spdy/frame.js';
import { HeaderReader, HeaderWriter } from '../../src/util/spdy/headers.js';

export interface Target {
  readonly name: string;
  readonly corpus: readonly string[];
  /** Those that wait for something give a promise. */
  readonly run: (text: string) => unknown;
  readonly own?: readonly (abstract new (...args: never[]) => Error)[];
}

const latin1 = (b: Uint8Array): string => Buffer.from(b).toString('latin1');
const bytes = (t: string): Uint8Array => Uint8Array.from(Buffer.from(t, 'latin1'));

const query = '\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07example\x03com\x00\x00\x01\x00\x01';
const answer = `\x12\x34\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00${query.slice(12)}\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x01\x02\x03\x04`;
const PAGE = 512;
/** A root with the bucket `key` inline, which is empty. */
const page = new Uint8Array(PAGE);
const view = new DataView(page.buffer);
writePageHead(view, 2, PageFlag.leaf, 1, 0);
view.setUint32(16, 1, true);
view.setUint32(20, 16, true);
view.setUint32(24, 3, true);
view.setUint32(28, 32, true);
page.set(bytes('key'), 32);
view.setUint16(35 + 16 + 8, PageFlag.leaf, true);
const PAGES = latin1(page);
const docker = JSON.stringify({ auths: { 'https://a.io/v1/': { auth: 'dTpw' }, '*.b.io': { username: 'u', password: 'p' } } });
const txn = encode('TxnRequest', {
  compare: [{ key: 'a', version: 1 } as never],
  success: [{ requestPut: { key: 'a', value: bytes('b') } } as never],
} as never);

export const WIRE: readonly Target[] = [
  {
    name: 'SPDY frames',
    corpus: [
      latin1(encodeFrame({ kind: 'syn-stream', stream: 1, fin: false, block: bytes('abc') })),
      latin1(encodeFrame({ kind: 'data', stream: 1, fin: true, data: bytes('abc') })),
      latin1(encodeFrame({ kind: 'goaway', lastStream: 1, status: 0 })),
    ],
    run: (t) => void new FrameReader().push(bytes(t)),
    own: [Error],
  },
  {
    name: 'SPDY headers',
    corpus: [latin1(new HeaderWriter().encode({ streamtype: 'stdin', port: '80' })), latin1(new HeaderWriter().encode({}))],
    run: (t) => void new HeaderReader().decode(bytes(t)),
    own: [Error],
  },
  {
    name: 'DNS',
    corpus: [query, answer],
    run: (t) => {
      answers(bytes(query), bytes(t));
      const found = decodeQuery(bytes(t));
      chain(found?.answers ?? [], 'www.example.com', 'A');
    },
  },
  {
    name: 'etcd messages',
    corpus: [latin1(txn), latin1(encode('RangeRequest', { key: 'a', rangeEnd: 'b' } as never))],
    run: (t) => {
      for (const name of ['TxnRequest', 'RangeRequest', 'KeyValue', 'WatchRequest', 'Lease'] as const) {
        try {
          decode(name, bytes(t));
        } catch (e) {
          if (!(e instanceof ProtoError)) throw e;
        }
      }
    },
  },
  {
    name: 'etcd database',
    corpus: [`\x02\x03${PAGES}`, `\x02\x04${PAGES}${PAGES}`],
    run: (t) => {
      const db = new Database(bytesSource(databaseOf(t)));
      checkDatabase(db);
      snapshotStatus(db);
      for (const _ of stateOf(db).history);
    },
    own: [CorruptDatabaseError],
  },
  {
    name: 'container log',
    corpus: [formatLine(0, 'stdout', 'hello'), '2026-01-01T00:00:00.000000000Z stderr P part\n2026'],
    run: (t) => {
      for (const line of new LineSplitter().push(bytes(t))) parseLine(line);
    },
  },
  {
    name: 'pull secret',
    corpus: [docker, '{"auths":null}', '{"auths":{"a":null}}'],
    run: (t) => {
      const data = { '.dockerconfigjson': Buffer.from(t).toString('base64') };
      credentialsFor('a.io/x', [{ metadata: { name: 's' }, type: 'kubernetes.io/dockerconfigjson', data } as unknown as Secret], String);
    },
    own: [Error],
  },
  {
    name: 'plugin chains',
    corpus: ['*nat\n-A CNI-HOSTPORT-DNAT -m comment --comment "dnat name: \\"k8ts\\"" -j CNI-DN-abc\nCOMMIT\n'],
    run: (t) => void withoutPluginChains(t, 'k8ts'),
  },
  {
    name: 'token',
    corpus: ['Bearer a.b.c', 'bearer  x'],
    run: (t) => {
      bearerToken(t);
      webSocketToken({
        headers: { upgrade: 'websocket', 'sec-websocket-protocol': `v5.channel.k8s.io, base64url.bearer.authorization.k8s.io.${t}` },
      } as never);
    },
    own: [StatusError],
  },
  {
    name: 'path and query',
    corpus: [
      '/api/v1/namespaces/default/pods/a/log?follow=1&tailLines=3',
      '/apis/apps/v1/deployments?watch=true&port=80,81',
      '/%2e%2e/%zz',
    ],
    run: (t) => {
      const [path = '', search = ''] = t.split('?');
      const q = new URLSearchParams(search);
      requestInfo({ method: 'GET', path, query: q, headers: {} } as never);
      for (const read of [() => parsePorts(q), () => logQuery(q, 0)]) {
        try {
          read();
        } catch (e) {
          if (!(e instanceof HttpError)) throw e;
        }
      }
    },
    own: [StatusError],
  },
];

/** Whole meta pages around whatever pages follow: the first characters say where the root is and how many pages there are. */
function databaseOf(t: string): Uint8Array {
  const file = new Uint8Array(2 * PAGE + Math.max(0, t.length - 2));
  for (const n of [0, 1])
    writeMetaPage(file.subarray(n * PAGE, (n + 1) * PAGE), n, {
      pageSize: PAGE,
      root: t.charCodeAt(0) & 255,
      freelist: undefined,
      pageCount: t.charCodeAt(1) & 255,
      txid: BigInt(n),
    });
  file.set(bytes(t.slice(2)), 2 * PAGE);
  return file;
}
