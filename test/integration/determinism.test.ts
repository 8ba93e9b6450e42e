/** The same seed gives the same cluster: every object and every event of it, with tokens, in memory and with its data on disk. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { Cluster } from '../../src/cluster/cluster.js';

const NODES = 30;
const PODS = 150;

const deployment = (name: string, replicas: number) => ({
  apiVersion: 'apps/v1' as const,
  kind: 'Deployment' as const,
  metadata: { name, namespace: 'default' },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'c', image: 'web' }] } },
  },
});

/** What a cluster holds in the end, as text. */
async function story(seed: number, dataDir?: string): Promise<string> {
  const cluster = await Cluster.start({ nodes: NODES, clock: 'virtual', seed, dataDir });
  try {
    const { client } = cluster;
    for (let i = 0; i < 3; i++) await client.create(deployment(`web-${i}`, PODS / 3) as never);
    await cluster.clock.advance!('30s');
    await client.delete({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'default', name: 'web-1' });
    await cluster.clock.advance!('60s');
    const kinds = [
      ['v1', 'Pod'],
      ['v1', 'Node'],
      ['v1', 'Event'],
      ['v1', 'ServiceAccount'],
      ['v1', 'ConfigMap'],
      ['apps/v1', 'ReplicaSet'],
      ['apps/v1', 'Deployment'],
      ['coordination.k8s.io/v1', 'Lease'],
    ] as const;
    const lists = [];
    for (const [apiVersion, kind] of kinds) lists.push((await client.list({ apiVersion, kind } as never)).items);
    expect(lists[0]!.filter((p) => (p as { status?: { phase?: string } }).status?.phase === 'Running')).toHaveLength((PODS / 3) * 2);
    return JSON.stringify(lists, null, 1);
  } finally {
    await cluster.stop();
  }
}

/** The first lines that differ, rather than megabytes. */
function difference(a: string, b: string): string | undefined {
  if (a === b) return undefined;
  const [x, y] = [a.split('\n'), b.split('\n')];
  const at = x.findIndex((line, i) => line !== y[i]);
  return `line ${at}:\n${x.slice(at - 3, at + 2).join('\n')}\n---\n${y.slice(at - 3, at + 2).join('\n')}`;
}

it('four runs of one seed are alike, two of them on disk; another seed gives another cluster', async () => {
  const dirs = [1, 2].map(() => fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-seed-')));
  try {
    const first = await story(1);
    expect(difference(first, await story(1))).toBeUndefined();
    const onDisk = await story(1, path.join(dirs[0]!, 'data'));
    expect(difference(onDisk, await story(1, path.join(dirs[1]!, 'data')))).toBeUndefined();
    expect(first === (await story(2))).toBe(false);
  } finally {
    for (const dir of dirs) fs.rmSync(dir, { recursive: true, force: true });
  }
});
