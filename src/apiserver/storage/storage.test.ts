/** The storage over a store that others write to as well: its caches may be old, and changes may be missed. */
import { expect, it } from 'vitest';
import { resourceOf } from '../../api/table.js';
import type { AnyObject } from '../../meta/object.js';
import { openMemoryStore } from '../../store/memory.js';
import { CompactedError, type RangeRequest, type Store, type WatchSink } from '../../store/store.js';
import { silentLogger } from '../../util/logger.js';
import { seededRandom } from '../../util/random.js';
import { VirtualClock } from '../../util/virtual-clock.js';
import { EVERYTHING } from './selection.js';
import { Storage } from './storage.js';

const definition = resourceOf('', 'v1', 'configmaps')!;
const what = (name: string) => ({ what: { definition, namespace: 'ns', name } });
const make = (name: string, n: string) =>
  ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'ns' }, data: { n } }) as unknown as AnyObject;
const data = (o: AnyObject | undefined) => (o as unknown as { data: { n: string } } | undefined)?.data.n;

/** Two storages on one store. The second one's watch can be held, and ended. */
async function two() {
  const clock = new VirtualClock();
  const env = { clock, random: seededRandom(1), log: silentLogger };
  const store = openMemoryStore({ env });
  let held = false;
  let sink: WatchSink | undefined;
  let cancel: () => void;
  const shared: Store = {
    get revision() {
      return store.revision;
    },
    latest: async () => store.revision,
    range: (r) => store.range(r),
    txn: (r) => store.txn(r),
    watch: (r, s) => {
      sink = s;
      const handle = store.watch(r, { ...s, events: (e, revision) => held || s.events(e, revision) });
      cancel = () => handle.cancel();
      return handle;
    },
  } as Store;
  const a = new Storage(store, env);
  const b = new Storage(shared, env);
  for (const s of [a, b]) {
    s.cache(definition);
    await s.start();
  }
  return {
    a,
    b,
    clock,
    store,
    hold: (on: boolean) => (held = on),
    breakWatch: () => {
      held = false;
      const broken = sink!;
      cancel();
      broken.end(new CompactedError(store.revision));
    },
  };
}

const create = (s: Storage, name: string, n: string) =>
  s.write(what(name), (current) => {
    if (current) throw new Error(`${name} exists`);
    return { put: make(name, n) };
  });
const set = (s: Storage, name: string, n: string) =>
  s.write(what(name), (current) => {
    if (!current) throw new Error(`${name} is missing`);
    return data(current.object) === n ? { keep: true } : { put: make(name, n) };
  });
const remove = (s: Storage, name: string) => s.write(what(name), () => ({ remove: true }));

it('decides on the newest state where its own is old: refusals, no change, and what is there', async () => {
  const { a, b, store, hold } = await two();
  await create(a, 'x', '1');
  hold(true);
  await create(a, 'y', '1');
  await set(a, 'x', '2');
  // Unknown to b's cache, but there.
  expect(data((await set(b, 'y', '2')).entry.object)).toBe('2');
  // No change by b's cache, but one.
  expect(await set(b, 'x', '1')).toMatchObject({ changed: true });
  expect(data((await set(b, 'x', '1')).entry.object)).toBe('1');
  await remove(a, 'x');
  // There by b's cache, but gone.
  expect(await create(b, 'x', '3')).toMatchObject({ changed: true });
  await expect(create(b, 'x', '4')).rejects.toThrow('x exists');
  await expect(set(b, 'z', '1')).rejects.toThrow('z is missing');
  b.stop();
  a.stop();
  await store.close();
});

it('reads all again when changes were missed, tells its watchers the difference, and lets no watch begin before', async () => {
  const { a, b, store, hold, breakWatch } = await two();
  for (const name of ['kept', 'changed', 'removed']) await create(a, name, '1');
  const cache = b.cache(definition);
  const before = b.revision;
  const told: string[] = [];
  cache.watch(EVERYTHING, before, 0).listen(
    (i) => {
      if (i.type !== 'BOOKMARK') told.push(`${i.type} ${i.entry.name}`);
      return true;
    },
    () => told.push('END'),
  );
  hold(true);
  await set(a, 'changed', '2');
  await remove(a, 'removed');
  await create(a, 'came', '1');
  await create(a, 'came and went', '1');
  await remove(a, 'came and went');
  breakWatch();
  expect(b.failure).toBeInstanceOf(CompactedError);
  await b.fresh();
  expect(b.failure).toBeUndefined();
  expect(told).toEqual(['MODIFIED changed', 'ADDED came', 'DELETED removed']);
  expect(b.list(definition, 'ns').map((e) => e.name)).toEqual(['came', 'changed', 'kept']);
  expect(() => cache.watch(EVERYTHING, before, 0)).toThrow('too old resource version');
  await create(a, 'later', '1');
  expect(told.at(-1)).toBe('ADDED later');
  b.stop();
  a.stop();
  await store.close();
});

it('reads a store elsewhere in pages, as of one revision', async () => {
  const { a, b, store } = await two();
  const count = 2500;
  for (let i = 0; i < count; i++) await create(a, `c${i}`, '1');
  const env = { clock: new VirtualClock(), random: seededRandom(1), log: silentLogger };
  let pages = 0;
  const paged = {
    latest: async () => store.revision,
    watch: store.watch.bind(store),
    async range(r: RangeRequest) {
      pages++;
      const page = await store.range(r);
      // Between two pages: what is read is still the state of the first.
      if (pages < 3) await create(a, `late${pages}`, '1');
      return page;
    },
  } as unknown as Store;
  const c = new Storage(paged, env);
  c.cache(definition);
  await c.start();
  expect(pages).toBe(3);
  await c.fresh();
  expect(c.list(definition, 'ns').map((e) => e.key)).toEqual(a.list(definition, 'ns').map((e) => e.key));
  expect(c.list(definition, 'ns')).toHaveLength(count + 2);
  for (const s of [a, b, c]) s.stop();
  await store.close();
});

it('keeps up with a store elsewhere while others write what it does not watch', async () => {
  const { a, b, clock, store } = await two();
  await store.txn({ compare: [], success: [{ put: { key: 'elsewhere', value: new Uint8Array(0) } }], failure: [] });
  expect(b.revision).toBe(store.revision - 1);
  await clock.advance(60_000);
  expect(b.revision).toBe(store.revision);
  for (const s of [a, b]) s.stop();
  await store.close();
});

it('keeps of keys that are no resource of its own what is there, not each change', async () => {
  const { a, store } = await two();
  const key = '/registry/ranges/servicenodeports';
  for (let i = 0; i < 50; i++) await store.txn({ compare: [], success: [{ put: { key, value: new Uint8Array([i]) } }], failure: [] });
  const kept = () => [...(a as unknown as { unclaimed: Map<string, Map<string, unknown>> }).unclaimed.values()].map((m) => m.size);
  expect(kept()).toEqual([1]);
  await store.txn({ compare: [], success: [{ delete: { key } }], failure: [] });
  expect(kept()).toEqual([0]);
});
