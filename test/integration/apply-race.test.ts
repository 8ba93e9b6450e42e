/** Several appliers at once of an object that is not there yet, on a store that takes its time: one makes it, the others join in. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { Cluster } from '../../src/index.js';

it('all come through', async () => {
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-apply-'));
  const cluster = await Cluster.start({ nodes: 0, dataDir });
  try {
    const map = (data: Record<string, string>) =>
      ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm', namespace: 'default' }, data }) as const;
    const managers = ['a', 'b', 'c', 'd'];
    await Promise.all(managers.map((m) => cluster.client.apply(map({ [m]: '1' }), { fieldManager: m })));
    const made = await cluster.client.get({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'm' });
    expect(Object.keys(made.data ?? {}).sort()).toEqual(managers);
  } finally {
    await cluster.stop();
    fs.rmSync(dataDir, { recursive: true });
  }
});
