import { expect, it } from 'vitest';
import { utf8 } from '../../util/bytes.js';
import { ResourceCache } from './cache.js';
import { Entry } from './entry.js';

it('tells of an object that left the selector as it last matched, under the revision of the change', () => {
  const cache = new ResourceCache('/registry/configmaps/', 0);
  const put = (a: string, revision: number) =>
    cache.apply('put', new Entry('/registry/configmaps/n/m', 'n', 'm', revision, utf8(`{"metadata":{"name":"m","labels":{"a":"${a}"}}}`)));
  put('1', 1);
  const seen: unknown[] = [];
  cache.watch({ namespace: '', matches: (o) => o.metadata.labels?.a === '1' }, 1, 1).listen(
    (i) => {
      if (i.type !== 'BOOKMARK') seen.push([i.type, i.entry.object.metadata.labels?.a, i.entry.object.metadata.resourceVersion]);
      return true;
    },
    () => undefined,
  );
  put('2', 2);
  expect(seen).toEqual([['DELETED', '1', '2']]);
});
