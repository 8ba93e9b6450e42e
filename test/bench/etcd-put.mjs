#!/usr/bin/env node
/**
 * Durable puts of 1 kB through the etcd API: k8ts and Debian's etcd in one run on the same disk, load from h2load (outside Node).
 * Prints puts per second at 1, 16 and 256 in flight, their ratio, and the resident memory of both.
 * Usage: node test/bench/etcd-put.mjs [seconds per measurement, default 4] [rounds, default 2]
 */
import { execFile, execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';

const SECONDS = Number(process.argv[2] ?? 4);
const ROUNDS = Number(process.argv[3] ?? 2);
const IN_FLIGHT = [1, 16, 256];
const run = promisify(execFile);

for (const tool of ['etcd', 'h2load']) {
  try {
    execFileSync('which', [tool], { stdio: 'ignore' });
  } catch {
    console.log(`etcd-put: left out, ${tool} is not on this machine`);
    process.exit(0);
  }
}

const freePort = () =>
  new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** A framed PutRequest: a 10-byte key and a value of 1,024 bytes. */
function putRequest() {
  const varint = (n) => (n < 128 ? [n] : [(n & 127) | 128, ...varint(n >> 7)]);
  const key = Buffer.from('bench/key1');
  const value = Buffer.alloc(1024, 'x');
  const message = Buffer.concat([Buffer.from([0x0a, ...varint(key.length)]), key, Buffer.from([0x12, ...varint(value.length)]), value]);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

async function load(url, inFlight, file) {
  const { stdout } = await run('h2load', [
    ...['-D', String(SECONDS), '--warm-up-time=1', '-c', '1', '-m', String(inFlight), '-d', file],
    ...['-H', 'content-type: application/grpc', '-H', 'te: trailers', `${url}/etcdserverpb.KV/Put`],
  ]);
  const failed = Number(/, (\d+) failed/.exec(stdout)?.[1] ?? 0);
  const codes = /status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx/.exec(stdout);
  if (failed > 0 || !codes || codes.slice(2).some((n) => n !== '0')) throw new Error(`h2load saw failures:\n${stdout}`);
  return Number(/([\d.]+) req\/s/.exec(stdout)[1]);
}

/** Every counted answer must have been a write: gRPC errors come with HTTP status 200. */
async function revision(url) {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return Number(/^etcd_debugging_mvcc_current_revision (\S+)$/m.exec(metrics)[1]);
}

const rss = (pid) => Math.round(Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)]).toString()) / 1024);

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-bench-'));
const children = [];
try {
  const file = path.join(dir, 'put.bin');
  fs.writeFileSync(file, putRequest());
  const serve = path.join(dir, 'serve.mjs');
  const entry = fileURLToPath(new URL('./etcd-serve.ts', import.meta.url));
  await build({ entryPoints: [entry], bundle: true, platform: 'node', format: 'esm', outfile: serve, logLevel: 'error' });
  const [ourPort, port, peer] = [await freePort(), await freePort(), await freePort()];
  const peers = { k8ts: { url: `http://127.0.0.1:${ourPort}` }, etcd: { url: `http://127.0.0.1:${port}` } };
  peers.k8ts.child = spawn(process.execPath, [serve, path.join(dir, 'k8ts'), peers.k8ts.url], { stdio: 'ignore' });
  peers.etcd.child = spawn(
    'etcd',
    [
      ...['--data-dir', path.join(dir, 'etcd'), '--listen-client-urls', peers.etcd.url, '--advertise-client-urls', peers.etcd.url],
      ...['--listen-peer-urls', `http://127.0.0.1:${peer}`, '--initial-advertise-peer-urls', `http://127.0.0.1:${peer}`],
      ...['--initial-cluster', `default=http://127.0.0.1:${peer}`, '--log-level', 'error'],
    ],
    { stdio: 'ignore' },
  );
  for (const { child, url } of Object.values(peers)) {
    children.push(child);
    const deadline = Date.now() + 20_000;
    while (
      !(await fetch(`${url}/health`).then(
        (r) => r.ok,
        () => false,
      ))
    ) {
      if (Date.now() > deadline) throw new Error(`${url} does not come up`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  console.log(`etcd Put of 1 kB, durable, one connection, ${SECONDS} s each, best of ${ROUNDS}`);
  console.log('in flight      k8ts/s      etcd/s     ratio');
  for (const inFlight of IN_FLIGHT) {
    const best = { k8ts: 0, etcd: 0 };
    for (let round = 0; round < ROUNDS; round++)
      for (const [name, { url }] of Object.entries(peers)) {
        const before = await revision(url);
        const rate = await load(url, inFlight, file);
        if ((await revision(url)) - before < rate * SECONDS) throw new Error(`${name}: fewer writes than answers`);
        best[name] = Math.max(best[name], rate);
      }
    const cells = [inFlight, best.k8ts.toFixed(0), best.etcd.toFixed(0), (best.k8ts / best.etcd).toFixed(2)];
    console.log(cells.map((c, i) => String(c).padStart(i === 0 ? 9 : i === 3 ? 10 : 12)).join(''));
  }
  console.log(`resident memory afterwards: k8ts ${rss(peers.k8ts.child.pid)} MB, etcd ${rss(peers.etcd.child.pid)} MB`);
} finally {
  for (const child of children) {
    const gone = new Promise((resolve) => child.on('close', resolve));
    if (child.exitCode === null) {
      child.kill();
      await gone;
    }
  }
  fs.rmSync(dir, { recursive: true, force: true });
}
