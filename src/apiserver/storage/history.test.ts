import { expect, it } from 'vitest';
import { Entry } from './entry.js';
import { History, HistoryBudget } from './history.js';

const change = (revision: number, size: number) => ({
  event: { type: 'MODIFIED' as const, revision, entry: new Entry('k', '', 'k', revision, new Uint8Array(size)) },
});
const fill = (h: History, n: number, size: number, from = 1) => {
  for (let i = 0; i < n; i++) h.push(change(from + i, size));
};
const MB = 1024 * 1024;

it('holds no more bytes than it may, however large the changes', () => {
  const budget = new HistoryBudget(() => 0, 16 * MB);
  const h = new History(budget, 0);
  fill(h, 800, 900_000);
  expect(budget.bytes).toBeLessThanOrEqual(16 * MB);
  expect(h.length).toBeGreaterThan(14);
  expect([...h.after(h.start)]).toHaveLength(h.length);
  expect([...h.after(799)].map((c) => c.event.revision)).toEqual([800]);
});

it('who takes most gives up first: a busy resource does not end the watches of the others', () => {
  const budget = new HistoryBudget(() => 0, 16 * MB);
  const [busy, quiet] = [new History(budget, 0), new History(budget, 0)];
  fill(quiet, 1000, 100);
  fill(busy, 1000, 100_000);
  expect([quiet.length, quiet.start]).toEqual([1000, 0]);
  expect(busy.length).toBeLessThan(170);
});

it('what is old goes, all but the newest hundred', () => {
  let now = 0;
  const budget = new HistoryBudget(() => now);
  const h = new History(budget, 0);
  fill(h, 1000, 10);
  now = 200_000;
  fill(h, 50, 10, 1001);
  now = 301_000;
  budget.forgetOld();
  expect([h.length, h.start]).toEqual([100, 950]);
  now = 900_000;
  budget.forgetOld();
  expect([h.length, [...h.after(0)].length]).toEqual([100, 100]);
  h.clear(2000);
  expect([h.length, h.start, budget.bytes]).toEqual([0, 2000, 0]);
});
