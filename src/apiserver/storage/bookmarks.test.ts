import { expect, it } from 'vitest';
import { VirtualClock } from '../../util/virtual-clock.js';
import { Bookmarks } from './bookmarks.js';
import { ResourceWatch } from './watch.js';

it('each watch hears once a minute how far it is, with few timers for many, and none is left when they end', async () => {
  const clock = new VirtualClock();
  let revision = 1;
  const bookmarks = new Bookmarks(clock, () => revision);
  const heard: number[][] = [];
  const watches: ResourceWatch[] = [];
  const begin = () => {
    const got: number[] = [];
    const watch = new ResourceWatch(() => {});
    watch.listen(
      (i) => {
        got.push(i.revision);
        return true;
      },
      () => {},
    );
    bookmarks.add(watch);
    watches.push(watch);
    heard.push(got);
  };
  for (let i = 0; i < 1000; i++) begin();
  await clock.advance('30s');
  begin();
  expect(clock.pending).toBe(2);
  await clock.advance('31s');
  expect([heard[0], heard[999], heard[1000]]).toEqual([[1], [1], []]);
  revision = 9;
  for (const w of watches.slice(0, 999)) w.close();
  await clock.advance('60s');
  expect([heard[0], heard[999], heard[1000]]).toEqual([[1], [1, 9], [9]]);
  for (const w of watches) w.close();
  expect(clock.pending).toBe(0);
});
