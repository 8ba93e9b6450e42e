/** kill -9 under load, again and again: what was acknowledged is there, a transaction is whole, and revisions go on. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openEmbeddedStore } from '../../src/store/embedded/open.js';
import { realClock } from '../../src/util/clock.js';
import { silentLogger } from '../../src/util/logger.js';
import { realRandom } from '../../src/util/random.js';

/** More with STORE_KILLS. With STORE_FILL_MB the store holds that much from the start, and the longest restart is told. */
const KILLS = Number(process.env['STORE_KILLS'] ?? 24);
const FILL_MB = Number(process.env['STORE_FILL_MB'] ?? 0);
/** Bytes of the log beside what is in use before it is rewritten. */
const SPARE_BYTES = 64 * 1024 * 1024;
const env = { clock: realClock, random: realRandom, log: silentLogger };
let dir: string;
let program: string;

beforeAll(async () => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-crash-'));
  program = path.join(dir, 'writer.mjs');
  await build({
    entryPoints: [new URL('./store-crash-writer.ts', import.meta.url).pathname],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: program,
  });
});
afterAll(() => fs.rmSync(dir, { recursive: true, force: true }));

/** Runs the writer until it is killed; returns the lines that it printed whole. */
function runAndKill(data: string, first: number): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, data, String(first)], { stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    let killer: NodeJS.Timeout | undefined;
    child.stdout.on('data', (chunk) => {
      out += chunk;
      killer ??= setTimeout(() => child.kill('SIGKILL'), Math.random() * 150);
    });
    child.stderr.on('data', (chunk) => {
      err += chunk;
    });
    child.on('close', (_, signal) => {
      clearTimeout(killer);
      if (signal !== 'SIGKILL') reject(new Error(`the writer ended by itself: ${err}`));
      else
        resolve(
          out
            .slice(0, out.lastIndexOf('\n') + 1)
            .split('\n')
            .filter(Boolean),
        );
    });
  });
}

it(`${KILLS} kills lose nothing that was acknowledged`, async () => {
  const data = path.join(dir, 'data');
  let first = 0;
  let newest = 1;
  const acknowledged = new Map<string, { i: number; revision: number }>();
  let writes = 0;
  const restarts: number[] = [];
  if (FILL_MB) await fill(data);
  for (let kill = 0; kill < KILLS; kill++) {
    for (const line of await runAndKill(data, first)) {
      const [w, i, revision] = line.split(' ').map(Number) as [number, number, number];
      writes++;
      newest = Math.max(newest, revision);
      first = Math.max(first, i);
      if (revision > (acknowledged.get(`a${w}`)?.revision ?? 0)) acknowledged.set(`a${w}`, { i, revision });
      if (revision > (acknowledged.get(`b${i % 500}`)?.revision ?? 0)) acknowledged.set(`b${i % 500}`, { i, revision });
    }
    // Numbers of writes that were under way are not used again.
    first += 1000;
    const start = performance.now();
    const store = await openEmbeddedStore({ dir: data, env });
    restarts.push(performance.now() - start);
    expect(store.revision, `kill ${kill}`).toBeGreaterThanOrEqual(newest);
    for (const [key, { i, revision }] of acknowledged) {
      const kv = (await store.range({ key })).kvs[0];
      expect(kv?.modRevision ?? 0, `kill ${kill}: ${key}`).toBeGreaterThanOrEqual(revision);
      const written = Number.parseInt(new TextDecoder().decode(kv!.value), 10);
      if (kv!.modRevision === revision) expect(written).toBe(i);
      // Its partner in the transaction has the same revision, or was written since.
      if (!key.startsWith('a')) continue;
      const partner = (await store.range({ key: `b${written % 500}` })).kvs[0];
      expect(partner?.modRevision ?? 0, `kill ${kill}: partner of ${key}`).toBeGreaterThanOrEqual(kv!.modRevision);
    }
    // No life is long enough to rewrite a large log: one that is waited for keeps the store at its size.
    const { size, sizeInUse } = await store.status();
    if (size > SPARE_BYTES + sizeInUse) {
      await store.compact(store.revision, true);
      await store.defragment();
    }
    await store.close();
    if (FILL_MB && kill % 50 === 49)
      console.log(`${kill + 1} kills, ${writes} acknowledged writes, longest restart ${Math.round(Math.max(...restarts))} ms`);
  }
  expect(writes).toBeGreaterThan(KILLS * 10);
  if (FILL_MB) {
    restarts.sort((a, b) => a - b);
    const [median, longest] = [restarts[restarts.length >> 1], restarts.at(-1)].map((ms) => `${Math.round(ms ?? 0)} ms`);
    console.log(`${KILLS} kills, ${writes} acknowledged writes; restart of a store of ${FILL_MB} MB: median ${median}, longest ${longest}`);
  }
}, 3_600_000);

/** Values of 10 kB, sixteen in a transaction. */
async function fill(data: string): Promise<void> {
  const store = await openEmbeddedStore({ dir: data, env });
  const value = new Uint8Array(10_000).fill(118);
  for (let i = 0; i < FILL_MB * 100; i += 16) {
    const success = Array.from({ length: 16 }, (_, j) => ({ put: { key: `fill/${i + j}`, value } }));
    await store.txn({ compare: [], success, failure: [] });
  }
  await store.close();
}
