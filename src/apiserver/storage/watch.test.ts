import { describe, expect, it } from 'vitest';
import { utf8 } from '../../util/bytes.js';
import { ResourceCache } from './cache.js';
import { Entry } from './entry.js';
import { EVERYTHING } from './selection.js';
import { WATCH_QUEUE_BYTES, WATCH_QUEUE_LIMIT } from './watch.js';

it('a watch of more objects than a slow watcher may be behind begins with all of them', () => {
  const cache = new ResourceCache('/registry/configmaps/', 0);
  const count = WATCH_QUEUE_LIMIT + 5;
  const entry = (i: number) => new Entry(`/registry/configmaps/a/${i}`, 'a', `${i}`, i + 1, utf8(`{"metadata":{"name":"${i}"}}`));
  for (let i = 0; i < count; i++) cache.load(entry(i));
  const watch = cache.watch(EVERYTHING, undefined, count, true);
  let added = 0;
  let bookmarks = 0;
  watch.listen(
    (i) => {
      if (i.type === 'BOOKMARK') bookmarks++;
      else added++;
      return true;
    },
    () => undefined,
  );
  expect([added, bookmarks, watch.isClosed]).toEqual([count, 1, false]);
  watch.close();
  expect(cache.watcherCount).toBe(0);
});

it('one that nobody reads is closed all the same', () => {
  const cache = new ResourceCache('/registry/configmaps/', 0);
  const watch = cache.watch(EVERYTHING, undefined, 0);
  for (let i = 0; i <= WATCH_QUEUE_LIMIT; i++)
    cache.apply('put', new Entry('/registry/configmaps/a/b', 'a', 'b', i + 1, utf8('{"metadata":{"name":"b"}}')));
  expect([watch.isClosed, cache.watcherCount]).toEqual([true, 0]);
});

describe('one whose client is slow', () => {
  const put = (cache: ResourceCache, revision: number, size = 10) =>
    cache.apply('put', new Entry('/registry/configmaps/a/b', 'a', 'b', revision, utf8(`{"metadata":{"name":"${'x'.repeat(size)}"}}`)));
  const slow = (room: number) => {
    const cache = new ResourceCache('/registry/configmaps/', 0);
    const watch = cache.watch(EVERYTHING, 0, 0);
    const got: number[] = [];
    let left = room;
    watch.listen(
      (i) => {
        got.push(i.revision);
        return --left > 0;
      },
      () => got.push(-1),
    );
    return {
      cache,
      watch,
      got,
      resume(more: number) {
        left = more;
        watch.resume();
      },
    };
  };

  it('takes what it can, the rest in its order later', () => {
    const { cache, got, resume } = slow(2);
    for (let i = 1; i <= 5; i++) put(cache, i);
    expect(got).toEqual([1, 2]);
    resume(2);
    expect(got).toEqual([1, 2, 3, 4]);
    put(cache, 6);
    resume(9);
    put(cache, 7);
    expect(got).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('is not behind by what it has taken, though something always waits', () => {
    const { cache, watch, got, resume } = slow(1);
    for (let i = 1; i <= WATCH_QUEUE_LIMIT * 2; i++) {
      put(cache, i);
      if (i > 5) resume(1);
    }
    expect([watch.isClosed, got.length]).toEqual([false, WATCH_QUEUE_LIMIT * 2 - 4]);
  });

  it('is closed once more bytes wait for it than may', () => {
    const { cache, watch, got } = slow(1);
    const size = WATCH_QUEUE_BYTES / 8;
    for (let i = 1; i <= 8; i++) put(cache, i, size);
    expect(watch.isClosed).toBe(false);
    put(cache, 9, size);
    put(cache, 10, size);
    expect([watch.isClosed, got]).toEqual([true, [1, -1]]);
  });
});
