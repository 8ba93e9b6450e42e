/** What a client sends again and again does not pile up. */
import { expect, it } from 'vitest';
import { HISTORY_BYTES } from '../../src/apiserver/storage/history.js';
import { Cluster } from '../../src/index.js';
import { ask, doorOf } from './raw.js';

it('800 updates of an object of 900 kB are not all kept', { timeout: 240_000 }, async () => {
  const cluster = await Cluster.start({ nodes: 0, listen: true });
  try {
    const door = doorOf(cluster);
    const path = '/api/v1/namespaces/default/configmaps';
    const body = (i: number) =>
      JSON.stringify({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'big' }, data: { n: String(i), x: 'x'.repeat(900_000) } });
    expect((await ask(door, { path, body: body(0) })).code).toBe(201);
    const first = JSON.parse((await ask(door, { path: `${path}/big` })).text).metadata.resourceVersion as string;
    for (let i = 1; i <= 200; i++) expect((await ask(door, { path: `${path}/big`, method: 'PUT', body: body(i) })).code).toBe(200);
    const metrics = (await ask(door, { path: '/metrics' })).text;
    const held = Number(/k8ts_apiserver_held_bytes\{what="history"\} (\d+)/.exec(metrics)?.[1]);
    expect(held).toBeGreaterThan(HISTORY_BYTES / 2);
    expect(held).toBeLessThanOrEqual(HISTORY_BYTES);
    // A watch from before what is kept lists again.
    const late = await ask(door, { path: `${path}?watch=1&resourceVersion=${first}` });
    expect([late.code, late.text]).toEqual([410, expect.stringContaining('too old resource version')]);
    // Others' watches go on from where they were.
    const rest = await ask(door, { path: `/api/v1/namespaces?watch=1&resourceVersion=${first}&timeoutSeconds=1` });
    expect(rest.code).toBe(200);
  } finally {
    await cluster.stop();
  }
});
