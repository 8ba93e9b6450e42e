#!/usr/bin/env node
/**
 * The etcd API of k8ts beside Debian's etcd: one run, one disk, both durable, load from outside Node (h2load; for watches a Go program over
 * etcd's own client). Prints the rates, their ratio, and the resident memory of both; then the store in process, as the API server uses it.
 * Usage: node test/bench/etcd.mjs [seconds per measurement, default 3] [rounds, default 2] [rows, as put,range]
 */
import { execFile, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';

const SECONDS = Number(process.argv[2] ?? 3);
const ROUNDS = Number(process.argv[3] ?? 2);
const ROWS = (process.argv[4] ?? 'put,get,range,watch,process').split(',');
const IN_FLIGHT = [1, 16, 256];
const VALUE = Buffer.alloc(1024, 'x');
const RANGE_KEYS = 10_000;
const WATCHERS = 100;
const WATCHED_PUTS = 2_000;
const run = promisify(execFile);
const here = (file) => fileURLToPath(new URL(file, import.meta.url));
const has = (tool) => spawnSync('which', [tool], { stdio: 'ignore' }).status === 0;

for (const tool of ['etcd', 'h2load'])
  if (!has(tool)) {
    console.log(`etcd: left out, ${tool} is not on this machine`);
    process.exit(0);
  }

const freePort = () =>
  new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

const varint = (n) => (n < 128 ? [n] : [(n & 127) | 128, ...varint(n >> 7)]);
const field = (number, bytes) => Buffer.concat([Buffer.from([(number << 3) | 2, ...varint(bytes.length)]), bytes]);
/** A gRPC frame of a message's bytes fields: `[number, bytes]`. */
function framed(fields) {
  const message = Buffer.concat(fields.map(([n, b]) => field(n, Buffer.from(b))));
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
const REQUESTS = {
  put: framed([
    [1, 'bench/key1'],
    [2, VALUE],
  ]),
  get: framed([[1, 'range/00042']]),
  range: framed([
    [1, 'range/'],
    [2, 'range0'],
  ]),
};

async function load(url, method, inFlight, file) {
  const { stdout } = await run('h2load', [
    ...['-D', String(SECONDS), '--warm-up-time=1', '-c', '1', '-m', String(inFlight), '-w', '30', '-W', '30', '-d', file],
    ...['-H', 'content-type: application/grpc', '-H', 'te: trailers', `${url}/etcdserverpb.KV/${method}`],
  ]);
  const failed = Number(/, (\d+) failed/.exec(stdout)?.[1] ?? 0);
  const codes = /status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx/.exec(stdout);
  if (failed > 0 || !codes || codes.slice(2).some((n) => n !== '0')) throw new Error(`h2load saw failures:\n${stdout}`);
  return { rate: Number(/([\d.]+) req\/s/.exec(stdout)[1]), bytes: Number(/\((\d+)\) data/.exec(stdout)?.[1] ?? 0) };
}

/** Every counted answer must have been a write: gRPC errors come with HTTP status 200. */
async function revision(url) {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return Number(/^etcd_debugging_mvcc_current_revision (\S+)$/m.exec(metrics)[1]);
}

const rss = (pid) => Math.round(Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024);
const line = (what, cells) => console.log(what.padEnd(34) + cells.map((c) => String(c).padStart(12)).join(''));

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-bench-'));
const children = [];
const peers = {};
try {
  await startPeers();
  console.log(`durable, values of 1 kB, one connection, ${SECONDS} s each, best of ${ROUNDS}\n`);
  line('rate per second', ['in flight', 'k8ts', 'etcd', 'ratio']);
  const rates = {};
  if (ROWS.includes('put')) rates.put = await measure('put of one key', 'Put', 'put', IN_FLIGHT, true);
  if (ROWS.includes('get') || ROWS.includes('range')) for (const { url } of Object.values(peers)) await fill(url);
  if (ROWS.includes('get')) await measure('range of one key', 'Range', 'get', IN_FLIGHT);
  if (ROWS.includes('range')) await measure(`range of ${RANGE_KEYS.toLocaleString('en')} keys (10 MB)`, 'Range', 'range', [1, 4]);
  if (ROWS.includes('watch')) await watches();
  line('resident memory, MB', ['', ...Object.values(peers).map((p) => rss(p.child.pid))]);
  if (ROWS.includes('process')) await inProcess(rates.put);
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

async function bundle(name) {
  const outfile = path.join(dir, name.replace('.ts', '.mjs'));
  const banner = { js: "import { createRequire as __r } from 'node:module'; const require = __r(import.meta.url);" };
  await build({ entryPoints: [here(name)], bundle: true, platform: 'node', format: 'esm', outfile, banner, logLevel: 'error' });
  return outfile;
}

async function startPeers() {
  const serve = await bundle('./etcd-serve.ts');
  const [ourPort, port, peer] = [await freePort(), await freePort(), await freePort()];
  peers.k8ts = { url: `http://127.0.0.1:${ourPort}` };
  peers.etcd = { url: `http://127.0.0.1:${port}` };
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
    const healthy = () =>
      fetch(`${url}/health`).then(
        (r) => r.ok,
        () => false,
      );
    for (const deadline = Date.now() + 20_000; !(await healthy()); ) {
      if (Date.now() > deadline) throw new Error(`${url} does not come up`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** Rates of both sides, by how many requests are in flight. */
async function measure(what, method, request, inFlights, writes = false) {
  const file = path.join(dir, `${request}.bin`);
  fs.writeFileSync(file, REQUESTS[request]);
  const rates = {};
  for (const inFlight of inFlights) {
    const best = { k8ts: 0, etcd: 0 };
    const sizes = [];
    for (let round = 0; round < ROUNDS; round++)
      for (const [name, { url }] of Object.entries(peers)) {
        const before = writes ? await revision(url) : 0;
        const { rate, bytes } = await load(url, method, inFlight, file);
        if (writes && (await revision(url)) - before < rate * SECONDS) throw new Error(`${name}: fewer writes than answers`);
        if (!writes) sizes.push(bytes / (rate * SECONDS));
        best[name] = Math.max(best[name], rate);
      }
    // An error would be an answer of a few bytes.
    if (Math.max(...sizes) > 2 * Math.min(...sizes)) throw new Error(`${what}: the answers differ in size: ${sizes.map(Math.round)} bytes`);
    line(what, [inFlight, best.k8ts.toFixed(0), best.etcd.toFixed(0), (best.k8ts / best.etcd).toFixed(2)]);
    rates[inFlight] = best;
  }
  return rates;
}

/** The keys that ranges read. */
async function fill(url) {
  const { status, stderr } = spawnSync(process.execPath, [await bundle('./etcd-fill.ts'), url, String(RANGE_KEYS)], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the keys could not be written: ${stderr}`);
}

/** Events per second that all watchers together get. */
async function watches() {
  const what = `events to ${WATCHERS} watchers`;
  if (!has('go')) return line(what, ['left out: no Go on this machine']);
  const program = path.join(dir, 'etcd-watch');
  const made = spawnSync('go', ['build', '-o', program, './etcd-watch'], { cwd: here('../clients/go'), encoding: 'utf8' });
  if (made.status !== 0) return line(what, [`left out: ${made.stderr.trim().split('\n').at(-1)}`]);
  const best = { k8ts: 0, etcd: 0 };
  for (let round = 0; round < ROUNDS; round++)
    for (const [name, { url }] of Object.entries(peers))
      best[name] = Math.max(best[name], Number((await run(program, [url, String(WATCHERS), String(WATCHED_PUTS)])).stdout));
  line(what, ['', best.k8ts.toFixed(0), best.etcd.toFixed(0), (best.k8ts / best.etcd).toFixed(2)]);
}

/** The embedded store without gRPC, beside etcd's rate through gRPC. */
async function inProcess(puts) {
  const { stdout } = await run(process.execPath, [
    await bundle('./store-put.ts'),
    path.join(dir, 'store'),
    String(SECONDS),
    ...IN_FLIGHT.map(String),
  ]);
  for (const [i, rate] of stdout.trim().split('\n').map(Number).entries()) {
    const etcd = puts?.[IN_FLIGHT[i]].etcd;
    line('put in process', [IN_FLIGHT[i], rate.toFixed(0), etcd?.toFixed(0) ?? '-', etcd ? (rate / etcd).toFixed(2) : '-']);
  }
}
