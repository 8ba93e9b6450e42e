import { expect, it } from 'vitest';
import { utf8 } from '../../util/bytes.js';
import { ResourceCache } from './cache.js';
import { Entry } from './entry.js';
import { WATCH_QUEUE_LIMIT } from './watch.js';

it('a watch of more objects than a slow watcher may be behind begins with all of them', () => {
  const cache = new ResourceCache('/registry/configmaps/', 0);
  const count = WATCH_QUEUE_LIMIT + 5;
  const entry = (i: number) => new Entry(`/registry/configmaps/a/${i}`, 'a', `${i}`, i + 1, utf8(`{"metadata":{"name":"${i}"}}`));
  for (let i = 0; i < count; i++) cache.load(entry(i));
  const watch = cache.watch('', undefined, undefined, count, true);
  let added = 0;
  let bookmarks = 0;
  watch.listen(
    (items) => {
      for (const i of items) i.type === 'BOOKMARK' ? bookmarks++ : added++;
    },
    () => undefined,
  );
  expect([added, bookmarks, watch.isClosed]).toEqual([count, 1, false]);
  watch.close();
  expect(cache.watcherCount).toBe(0);
});

it('one that nobody reads is closed all the same', () => {
  const cache = new ResourceCache('/registry/configmaps/', 0);
  const watch = cache.watch('', undefined, undefined, 0);
  for (let i = 0; i <= WATCH_QUEUE_LIMIT; i++)
    cache.apply('put', new Entry('/registry/configmaps/a/b', 'a', 'b', i + 1, utf8('{"metadata":{"name":"b"}}')));
  expect([watch.isClosed, cache.watcherCount]).toEqual([true, 0]);
});
