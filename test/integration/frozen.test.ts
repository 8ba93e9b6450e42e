import { expect, it } from 'vitest';
import { Cluster } from '../../src/cluster/cluster.js';

const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', namespace: 'default' }, data: { a: '1' } } as const;

it.each([true, false])('what clients read is frozen in tests, all of it: %s', async (frozenReads) => {
  const c = await Cluster.start({ nodes: 0, clock: 'virtual', ...(frozenReads ? {} : { frozenReads }) });
  try {
    await c.client.create(configMap);
    const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'c' } as const;
    const read = [
      await c.client.get(ref),
      (await c.client.list(ref)).items[0]!,
      await c.client.as({ userAgent: 'x' }).get(ref),
      (await c.identities.scheduler().list({ apiVersion: 'v1', kind: 'Node' })).metadata,
    ];
    const abort = new AbortController();
    for await (const e of c.client.watch(ref, { signal: abort.signal })) {
      read.push(e.object);
      break;
    }
    expect(read.map((o) => Object.isFrozen(o))).toEqual(read.map(() => frozenReads));
    expect(Object.isFrozen((read[0] as { data: object }).data)).toBe(frozenReads);
    if (frozenReads) expect(() => ((read[0] as { data: Record<string, string> }).data.a = '2')).toThrow(TypeError);
  } finally {
    await c.stop();
  }
});
