/** Readers of what people and programs ask: queries, tokens, files of settings, certificate requests, what runtimes tell. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { overlap, readIndexes } from '../../src/api/batch/indexes.js';
import { withoutTokens } from '../../src/apiserver/authenticate/bearer.js';
import { impersonate } from '../../src/apiserver/authenticate/impersonate.js';
import { ServiceAccountTokens } from '../../src/apiserver/authenticate/service-account.js';
import { listParameters, writeParameters } from '../../src/apiserver/handlers/options.js';
import { decodeToken, encodeToken } from '../../src/apiserver/handlers/read.js';
import { readAuthState } from '../../src/etcd/auth/state.js';
import { parseRevisionKey } from '../../src/etcd/snapshot/revision-key.js';
import { toContainerStats, toContainerStatus, toImage, toSandboxStatus } from '../../src/host/containerd/convert.js';
import { exitCodeOf } from '../../src/host/containerd/streaming.js';
import { connect } from '../../src/host/kubeconfig.js';
import { mountOf } from '../../src/host/kubelet/mounter.js';
import { parseResolvConf } from '../../src/kubelet/dns.js';
import { Expansion } from '../../src/kubelet/expansion.js';
import { defaultPullPolicy, parseImageName } from '../../src/kubelet/image-name.js';
import { LineSplitter } from '../../src/kubelet/logs/line.js';
import { parseReserved } from '../../src/kubelet/reserved.js';
import { RuntimeError } from '../../src/kubelet/runtime.js';
import { sizes, streamOptions } from '../../src/kubelet/server/remote-command.js';
import { serveHttp } from '../../src/kubelet/simulated/http1.js';
import { staticPod } from '../../src/kubelet/static-pods.js';
import { StatusError } from '../../src/meta/errors.js';
import { cidr, ipAddress, isGlobalUnicast, isStrictlyWithin, specialIp, strictCidr, strictIp } from '../../src/meta/ip.js';
import { parseJson } from '../../src/meta/json.js';
import { configMapKey, envVarName, labelValue, pathSegment, portName, qualifiedName } from '../../src/meta/names.js';
import { ownPortsText, parseOwnPorts } from '../../src/meta/own-ports.js';
import { ProtoError } from '../../src/store/proto/codec.js';
import { parseCidr } from '../../src/util/cidr.js';
import { realClock } from '../../src/util/clock.js';
import { silentLogger } from '../../src/util/logger.js';
import { seededRandom } from '../../src/util/random.js';
import { FrameReader } from '../../src/util/spdy/frame.js';
import { readCertificateRequest } from '../../src/util/x509.js';
import type { Target } from './wire.js';

const bytes = (t: string): Uint8Array => Uint8Array.from(Buffer.from(t, 'latin1'));
const base64url = (t: string): string => Buffer.from(t).toString('base64url');
const same = (a: unknown, b: unknown): void => {
  if (JSON.stringify(a) !== JSON.stringify(b)) throw new RangeError(`not the same: ${JSON.stringify(a)} and ${JSON.stringify(b)}`);
};
/** What a reader gives for whole bytes, and for the same in pieces. */
const inPieces = <T>(whole: Uint8Array, reader: () => (piece: Uint8Array) => readonly T[]): void => {
  const attempt = (size: number): [T[], string] => {
    const read = reader();
    const out: T[] = [];
    try {
      for (let at = 0; at < whole.length; at += size) out.push(...read(whole.subarray(at, at + size)));
    } catch (e) {
      return [[], (e as Error).message];
    }
    return [out, ''];
  };
  const [all, error] = attempt(Math.max(1, whole.length));
  for (const size of [1, 3, 64]) same(attempt(size), [all, error]);
};

const signer = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
const pem = (der: ArrayBuffer, what: string): string =>
  `-----BEGIN ${what}-----\n${Buffer.from(der).toString('base64')}\n-----END ${what}-----\n`;
const tokens = await ServiceAccountTokens.create({
  issuer: 'k',
  privateKey: pem(await crypto.subtle.exportKey('pkcs8', signer.privateKey), 'PRIVATE KEY'),
  publicKeys: [pem(await crypto.subtle.exportKey('spki', signer.publicKey), 'PUBLIC KEY')],
  env: { clock: realClock, random: seededRandom(1), log: silentLogger },
  lookup: () => 'u',
});
const { token } = await tokens.issue({ namespace: 'n', name: 's', uid: 'u', audiences: [], expirationSeconds: 36_000 });

const kubeconfig = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-fuzz-')), 'config');
process.on('exit', () => fs.rmSync(path.dirname(kubeconfig), { recursive: true, force: true }));
const CONFIG =
  'apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters: [{name: k, cluster: {server: "https://127.0.0.1:6443", certificate-authority-data: YQ==}}]\nusers: [{name: u, user: {token: t, client-key-data: YQ==}}]\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n';
const CSR = `-----BEGIN CERTIFICATE REQUEST-----
MIHvMIGWAgEAMDQxEDAOBgNVBAMTB25vZGU6bjEgMB4GA1UEChMXc3lzdGVtOm5v
ZGVzLHN5c3RlbTphbGwwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQAAAAAAAAA
-----END CERTIFICATE REQUEST-----
`;

export const REQUESTS: readonly Target[] = [
  {
    name: 'continue token',
    corpus: [
      encodeToken({ revision: 5, from: 'default/a' }),
      base64url('{"v":"meta.k8s.io/v1","rv":-1,"start":"\\u0000"}'),
      base64url('{"v":1}'),
    ],
    run: (t) => {
      const read = decodeToken(t);
      same(decodeToken(encodeToken(read)), read);
    },
    own: [StatusError],
  },
  {
    name: 'list and write options',
    corpus: [
      'limit=5&resourceVersion=7&resourceVersionMatch=NotOlderThan&timeoutSeconds=-3&sendInitialEvents=true',
      'dryRun=All&fieldManager=kubectl&fieldValidation=Strict&force=true',
      'watch=1&resourceVersion=%30&labelSelector=a%3Db&continue=x',
    ],
    run: (t) => {
      const q = new URLSearchParams(t);
      for (const read of [
        () => listParameters(q, true),
        () => listParameters(q, false),
        () => writeParameters(q, 'PatchOptions', t, true),
      ]) {
        try {
          read();
        } catch (e) {
          if (!(e instanceof StatusError)) throw e;
        }
      }
      streamOptions(q);
    },
  },
  {
    name: 'service-account token',
    corpus: [
      token,
      token.split('.').slice(0, 2).join('.'),
      `${base64url('{"alg":"none"}')}.${base64url('{"iss":"k","kubernetes.io":null}')}.`,
      `${base64url('{"alg":"ES256","crit":["x"]}')}.${base64url('{"iss":["k"],"exp":"1","kubernetes.io":{"namespace":{}}}')}.AAAA`,
    ],
    run: async (t) => {
      const found = await tokens.authenticateToken(t, ['k']);
      if (found && found.user.name !== 'system:serviceaccount:n:s') throw new RangeError(`another account: ${found.user.name}`);
    },
  },
  {
    name: 'subprotocols',
    corpus: ['v5.channel.k8s.io, base64url.bearer.authorization.k8s.io.YQ', ' ,,v4.channel.k8s.io'],
    run: (t) => {
      if (
        withoutTokens(t)
          .split(', ')
          .some((p) => p.startsWith('base64url.bearer.authorization.k8s.io.'))
      )
        throw new RangeError('a token is handed on');
    },
  },
  {
    name: 'impersonation',
    corpus: ['system:serviceaccount:a:b', 'system:anonymous', 'a%2fb%zz'],
    run: async (t) => {
      const headers = { 'impersonate-user': t, 'impersonate-group': [t], [`impersonate-extra-${t}`]: t };
      await impersonate({ headers, path: '/' } as never, { name: 'x', groups: [] }, {
        authorize: () => ({ decision: 'deny', reason: '' }),
      } as never);
      if (t) throw new RangeError('somebody else without the right to');
    },
    own: [StatusError],
  },
  {
    name: 'kubeconfig',
    corpus: [CONFIG, CONFIG.replace('token: t', 'exec: {}'), CONFIG.replace('https://127.0.0.1:6443', 'http://[::1]')],
    run: (t) => {
      fs.writeFileSync(kubeconfig, t);
      try {
        connect(kubeconfig, 'fuzz').close();
      } catch (e) {
        if (!(e as Error).message.startsWith('--kubeconfig ')) throw new RangeError(`the file is not named: ${(e as Error).stack}`);
        throw e;
      }
    },
    own: [Error],
  },
  {
    name: 'ranges and addresses',
    corpus: ['10.96.0.0/16', 'fd00::/108', '010.0.0.1/8', '::ffff:10.0.0.1/120', '1.2.3.4/33'],
    run: (t) => {
      for (const read of [cidr, strictCidr, ipAddress, strictIp, specialIp, isGlobalUnicast]) read(t);
      isStrictlyWithin(t, '10.96.0.0/12');
      if (cidr(t).length === 0) parseCidr(t);
      try {
        parseCidr(t);
      } catch (e) {
        if (!(e as Error).message.startsWith('not an address range')) throw e;
      }
    },
  },
  {
    name: 'names',
    corpus: ['app.kubernetes.io/name', 'my-value_1.x', '..data', 'C_IDENT', 'http-80'],
    run: (t) => void [qualifiedName, labelValue, envVarName, configMapKey, pathSegment, portName].map((rule) => rule(t)),
  },
  {
    name: 'own ports',
    corpus: ['TCP/6443=kube-apiserver,UDP/53=dns', 'TCP/99999=x,'],
    run: (t) => same(parseOwnPorts(ownPortsText(parseOwnPorts(t))), parseOwnPorts(t)),
  },
  {
    name: 'indexes of Jobs',
    corpus: ['1,3-5,7', '0-9,11', '5-1', '-1'],
    run: (t) => {
      readIndexes(t, 100);
      overlap(t, '1,3-5,7', 100);
      overlap('0-9', t, 100);
    },
  },
  {
    name: 'certificate request',
    corpus: [CSR, CSR.replace('REQUEST', 'X'), `x\n${CSR}${CSR}`],
    run: async (t) => {
      await readCertificateRequest(t).signed();
    },
    own: [Error],
  },
  {
    name: 'image name',
    corpus: ['docker.io/library/busybox:1', 'Localhost:5000/A', `x@sha256:${'b'.repeat(64)}`],
    run: (t) => {
      defaultPullPolicy(t);
      parseImageName(t);
    },
    own: [Error],
  },
  {
    name: 'static Pod',
    corpus: [
      'apiVersion: v1\nkind: Pod\nmetadata: {name: a, annotations: {x: y}}\nspec: {containers: [{name: c, image: i, ports: [{containerPort: 80}]}]}\n',
      '--- \nkind: Pod\n---\n',
      '{"apiVersion":"v1","kind":"Pod","metadata":null,"spec":{"containers":{}}}',
    ],
    run: (t) => void staticPod(t, 'f', 'n', '2026-01-01T00:00:00Z'),
    own: [Error],
  },
  { name: 'reserved', corpus: ['cpu=100m,memory=1Gi', 'pid=1000,'], run: (t) => void parseReserved(t), own: [Error] },
  { name: 'resolv.conf', corpus: ['search a. b\nnameserver 10.0.0.1\noptions ndots:5 x\n'], run: (t) => void parseResolvConf(t) },
  {
    name: 'mountinfo',
    corpus: ['36 35 98:0 /m1 /mnt\\040x rw,noatime master:1 - ext3 /dev/root rw\n', '1 1 0:1 / / rw shared:5 - tmpfs t rw'],
    run: (t) => void mountOf(t, '/mnt x/y'),
  },
  {
    name: 'expansion',
    corpus: ['$(A) $$(B) $(', '$(A$(B))'],
    run: (t) => void new Expansion().expand(t, (name) => name.slice(0, 10), 'x'),
    own: [Error],
  },
  {
    name: 'sizes of a terminal',
    corpus: ['{"Width":80,"Height":24}{"Width":1}', '}}{{"Width":null}'],
    run: async (t) => {
      async function* input() {
        for (let at = 0; at < t.length; at += 7) yield bytes(t.slice(at, at + 7));
      }
      for await (const { width, height } of sizes(input()))
        if (width === undefined || height === undefined) throw new RangeError('no size');
    },
  },
  {
    name: 'HTTP to a simulated container',
    corpus: [
      'GET / HTTP/1.1\r\nHost: a\r\n\r\nPOST /b HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc',
      'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
    ],
    run: async (t) => {
      async function* input() {
        for (let at = 0; at < t.length; at += 64) yield bytes(t.slice(at, at + 64));
      }
      await serveHttp(
        input(),
        async () => {},
        80,
        async ({ body }) => ({ body }),
      );
    },
    own: [Error],
  },
  {
    name: 'what a runtime tells',
    corpus: [
      '{"id":"a","metadata":{"name":"n","attempt":1},"state":"CONTAINER_RUNNING","createdAt":"1","labels":{"io.kubernetes.pod.uid":"u"},"mounts":[{"containerPath":"/x"}],"network":{"ip":"1.2.3.4"},"cpu":{"usageCoreNanoSeconds":{"value":"5"}}}',
      '{}',
    ],
    run: (t) => {
      const message = parseJson(t);
      // The library gives messages alone.
      if (typeof message !== 'object' || message === null || Array.isArray(message)) return;
      try {
        for (const to of [toContainerStatus, toSandboxStatus, toImage, toContainerStats]) to(message as never);
      } catch (e) {
        // Of other types than the schema has them: the library would have refused those.
        if (!(e instanceof TypeError)) throw e;
      }
    },
    own: [SyntaxError],
  },
  {
    name: 'how a command ended',
    corpus: [
      '{"status":"Failure","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"3"}]}}',
      '{"status":"Success"}',
      'null',
      '{"details":{"causes":[null]}}',
    ],
    run: (t) => void exitCodeOf(t),
    own: [RuntimeError],
  },
  {
    name: 'users of etcd',
    corpus: ['\x08\x01\x10\x02\x1a\x05\x0a\x03ann', `\0\0\0\0\0\0\0\x01_${'\0'.repeat(8)}t`],
    run: (t) => {
      parseRevisionKey(bytes(t));
      readAuthState(bytes(t));
    },
    own: [ProtoError],
  },
  {
    name: 'lines and frames in pieces',
    corpus: ['a\nb\n\nc', '\0\0\0\x01\x01\0\0\x03abc\x80\x03\0\x06\0\0\0\x04\0\0\0\x01'],
    run: (t) => {
      const whole = bytes(t);
      inPieces(whole, () => {
        const reader = new FrameReader();
        return (piece) => reader.push(piece);
      });
      const lines = new LineSplitter();
      const found = [...whole].flatMap((b) => lines.push(Uint8Array.of(b))).map((l) => Buffer.from(l).toString('latin1'));
      same([...found, Buffer.from(lines.unfinished).toString('latin1')], Buffer.from(whole).toString('latin1').split('\n'));
    },
  },
];
