import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { mayLowerOomScore, setOomScore, sparedFromOom } from './oom-score.js';

let proc: string;
const score = () => `${proc}/self/oom_score_adj`;
beforeEach(() => {
  proc = fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-oom-'));
  fs.mkdirSync(`${proc}/self`);
  fs.writeFileSync(score(), '7\n');
});
afterEach(() => fs.rmSync(proc, { recursive: true }));
/** A kernel that refuses: nothing can be written into a folder. */
const refuse = () => {
  fs.rmSync(score());
  fs.mkdirSync(score());
};

it('sets a score, and says why it could not', () => {
  expect(setOomScore('self', -999, proc)).toEqual({});
  expect(fs.readFileSync(score(), 'utf8')).toBe('-999');
  expect(setOomScore(1, -999, proc).refused).toMatch(/ENOENT/);
  refuse();
  expect(setOomScore('self', -999, proc).refused).toMatch(/EISDIR/);
});

it('tries whether it may go lower, and leaves the score as it was', () => {
  expect(mayLowerOomScore(proc)).toBe(true);
  expect(fs.readFileSync(score(), 'utf8')).toBe('7');
});

it('a refusal is one line of the log and no failure', () => {
  const lines: string[] = [];
  const log = { warn: (message: string) => lines.push(message) };
  sparedFromOom(log as never, proc);
  expect(lines).toEqual([]);
  refuse();
  sparedFromOom(log as never, proc);
  expect(lines).toEqual(['Pods that fill the memory may end this process: its oom_score_adj cannot be lowered']);
});
