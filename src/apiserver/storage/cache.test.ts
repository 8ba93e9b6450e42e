import { describe, expect, it } from 'vitest';
import type { AnyObject } from '../../meta/object.js';
import { ResourceCache } from './cache.js';
import { Entry, serialize } from './entry.js';
import { HistoryBudget } from './history.js';

const entry = (name: string, revision: number, app = 'web', namespace = 'ns') => {
  const object = { kind: 'Pod', apiVersion: 'v1', metadata: { name, namespace, labels: { app } } } as unknown as AnyObject;
  return new Entry(`/registry/pods/${namespace}/${name}`, namespace, name, revision, serialize(object));
};
const cache = () => new ResourceCache('/registry/pods/', 1);
const web = (o: AnyObject) => o.metadata.labels?.app === 'web';
const follow = (c: ResourceCache, since?: number, namespace = '', filter?: typeof web) => {
  const got: string[] = [];
  c.watch({ namespace, matches: filter }, since, 0).listen(
    (i) => {
      got.push(i.type === 'BOOKMARK' ? i.type : `${i.type} ${i.entry.name} ${i.revision}`);
      return true;
    },
    () => got.push('END'),
  );
  return got;
};

const held = (e: Entry) => (e as unknown as { parsed?: object }).parsed !== undefined;

describe('ResourceCache', () => {
  it('what a selector begins and ends to choose is ADDED and DELETED', () => {
    const c = cache();
    const got = follow(c, 1, '', web);
    c.apply('put', entry('a', 2, 'db'));
    c.apply('put', entry('a', 3, 'web'));
    c.apply('put', entry('a', 4, 'web'));
    c.apply('put', entry('a', 5, 'db'));
    c.apply('delete', entry('a', 6, 'db'));
    c.apply('put', entry('b', 7, 'web'));
    c.apply('delete', entry('b', 8, 'web'));
    const want = ['ADDED a 3', 'MODIFIED a 4', 'DELETED a 5', 'ADDED b 7', 'DELETED b 8'];
    expect(got).toEqual(want);
    // The same from the history.
    expect(follow(c, 1, '', web)).toEqual(want);
    expect(follow(c, 4, '', web)).toEqual(want.slice(2));
  });

  it('present objects first, in order, of one namespace', () => {
    const c = cache();
    for (const [n, ns] of [
      ['b', 'ns'],
      ['a', 'ns'],
      ['c', 'nsx'],
    ] as const)
      c.apply('put', entry(n, 2, 'web', ns));
    expect(follow(c, undefined, 'ns')).toEqual(['ADDED a 2', 'ADDED b 2']);
    expect(c.list('').map((e) => e.name)).toEqual(['a', 'b', 'c']);
  });

  it('a start before the changes that are kept is expired', () => {
    const c = new ResourceCache('/registry/pods/', 1, new HistoryBudget(() => 0, 100 * 600));
    for (let i = 2; i <= 1000; i++) c.apply('put', entry('a', i));
    expect(() => follow(c, 1)).toThrow(/^too old resource version: 1 /);
    const oldest = Array.from({ length: 1000 }, (_, i) => i).find((i) => {
      try {
        follow(c, i);
        return true;
      } catch {
        return false;
      }
    })!;
    expect(oldest).toBeGreaterThan(900);
    expect(oldest).toBeLessThan(930);
    expect(follow(c, oldest)).toHaveLength(1000 - oldest);
  });

  it('what was changed lets go of all but its bytes, and is read again from them', () => {
    const c = cache();
    const first = entry('a', 2, 'db');
    c.apply('put', first);
    const object = first.object;
    expect(first.object).toBe(object);
    c.apply('put', entry('a', 3, 'web'));
    expect(held(first)).toBe(false);
    // Whoever holds it still has the same one.
    expect(first.object).toBe(object);
    expect(follow(c, 1, '', web)).toEqual(['ADDED a 3']);
  });

  it('an object that nobody looks at is not kept beside its bytes; one that is looked at, a while', () => {
    const c = cache();
    const [quiet, seen] = ['a', 'b'].map((name, i) => {
      const e = entry(name, i + 2);
      return new Entry(e.key, e.namespace, e.name, e.revision, serialize(e.object), e.object);
    }) as [Entry, Entry];
    c.apply('put', quiet);
    follow(c, 2, '', web);
    c.apply('put', seen);
    expect([quiet, seen].map(held)).toEqual([false, true]);
    c.forgetUnused();
    expect(seen.object.metadata.name).toBe('b');
    c.forgetUnused();
    expect(held(seen)).toBe(true);
    c.forgetUnused();
    expect(held(seen)).toBe(false);
  });

  it('closing ends every watch', () => {
    const c = cache();
    const got = follow(c, 1);
    c.closeWatches();
    c.apply('put', entry('a', 2));
    expect(got).toEqual(['END']);
    expect(c.watcherCount).toBe(0);
  });
});

it('an entry is served under its revision, from the stored bytes', () => {
  expect(JSON.parse(new TextDecoder().decode(entry('a', 9).bytes)).metadata.resourceVersion).toBe('9');
  expect(entry('a', 9).object.metadata.resourceVersion).toBe('9');
});
