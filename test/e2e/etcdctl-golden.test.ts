/**
 * The real etcdctl asks k8ts, from the first put to users, roles and members; the answers are those of a real etcd, kept in
 * golden/etcdctl. `ETCD=/path/to/etcd UPDATE_GOLDEN=1` writes them anew from that etcd (`scripts/golden-etcdctl.mjs`).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEtcd } from '../../src/etcd/listen/start.js';
import { realClock } from '../../src/util/clock.js';
import { silentLogger } from '../../src/util/logger.js';
import { realRandom } from '../../src/util/random.js';
import { etcdctl, transcript } from './etcdctl-run.js';
import { stories } from './etcdctl-stories.js';
import { freePort } from './ports.js';
import { leftOut, missing } from './programs.js';

const env = { clock: realClock, random: realRandom, log: silentLogger };
const GOLDEN = path.join(import.meta.dirname, 'golden', 'etcdctl');
const REAL = process.env['UPDATE_GOLDEN'] ? (process.env['ETCD'] ?? 'etcd') : undefined;

/** Runs `use` with the URL of a real etcd of its own. */
async function withReal<T>(dir: string, use: (url: string) => Promise<T>): Promise<T> {
  const [client, peer] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${client}`;
  const peerUrl = `http://127.0.0.1:${peer}`;
  const child: ChildProcess = spawn(
    REAL!,
    ['--data-dir', dir, '--listen-client-urls', url, '--advertise-client-urls', url, '--listen-peer-urls', peerUrl].concat([
      '--initial-advertise-peer-urls',
      peerUrl,
      '--initial-cluster',
      `default=${peerUrl}`,
    ]),
    { stdio: 'ignore' },
  );
  try {
    for (let i = 0; i < 50; i++) if ((await etcdctl(url, ['endpoint', 'health'])).code === 0) break;
    return await use(url);
  } finally {
    const gone = new Promise((resolve) => child.on('close', resolve));
    child.kill();
    await gone;
  }
}

async function withOurs<T>(dataDir: string, use: (url: string) => Promise<T>): Promise<T> {
  const ours = await startEtcd({ dataDir, listen: ['http://127.0.0.1:0'], env });
  try {
    return await use(ours.server.urls[0]!);
  } finally {
    await ours.stop();
  }
}

const why = leftOut(missing('etcdctl'));

describe.skipIf(why !== '')(`etcdctl gets from k8ts what a real etcd says${why}`, () => {
  let dir: string;
  beforeAll(() => {
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-etcdctl-'));
  });
  afterAll(() => fs.rmSync(dir, { recursive: true, force: true }));

  for (const story of stories) {
    it(story.name, async () => {
      const golden = path.join(GOLDEN, `${story.name}.txt`);
      const play = (whose: string) => (url: string) => transcript(url, story.steps, fs.mkdtempSync(`${dir}/${whose}-`));
      if (REAL) fs.writeFileSync(golden, await withReal(`${dir}/real-${story.name}`, play('real')));
      const ours = await withOurs(`${dir}/${story.name}`, play('ours'));
      expect(ours).toBe(fs.readFileSync(golden, 'utf8'));
    });
  }
});
