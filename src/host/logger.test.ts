import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createLogger, LogFile } from './logger.js';

let dir: string;
beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-logger-'));
});
afterEach(() => fs.rmSync(dir, { recursive: true, force: true }));

it('what others wrote takes no more than its place in a line', () => {
  const file = path.join(dir, 'a.log');
  const log = createLogger('info', file);
  log.info('container not started', { error: '\0'.repeat(15_000_000), pod: 'a' });
  log.with({ component: 'x'.repeat(100_000) }).warn('w'.repeat(100_000));
  const [first, second] = fs.readFileSync(file, 'utf8').trim().split('\n');
  expect(first!.length).toBeLessThan(30_000);
  expect(JSON.parse(first!)).toMatchObject({ pod: 'a', error: expect.stringMatching(/… \(14995904 more\)$/) });
  expect(second!.length).toBeLessThan(10_000);
});

it('a full file is moved aside, and the one before it goes', () => {
  const file = path.join(dir, 'b.log');
  const out = new LogFile(file, 100);
  for (let i = 0; i < 100; i++) out.write(`${i} ${'x'.repeat(20)}\n`);
  expect(fs.readdirSync(dir).sort()).toEqual(['b.log', 'b.log.1']);
  expect(fs.statSync(`${file}.1`).size).toBeLessThan(200);
  expect(fs.readFileSync(file, 'utf8')).toContain('99 x');
});
