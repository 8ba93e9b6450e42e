import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { connect } from './kubeconfig.js';

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-kubeconfig-'));
afterAll(() => fs.rmSync(dir, { recursive: true, force: true }));

it.each([
  ['', 'it holds no object'],
  ['[]', 'it holds no object'],
  ['x', 'it holds no object'],
  ['contexts: x', 'contexts is no list of objects'],
  ['clusters: [null]', 'clusters is no list of objects'],
  ['users: {a: b}', 'users is no list of objects'],
  ['a: [', '--kubeconfig'],
  ['contexts: []', 'current-context "" leads to no cluster'],
])('refuses %j in words of its own', (text, words) => {
  const file = path.join(dir, 'config');
  fs.writeFileSync(file, text);
  expect(() => connect(file, 'test')).toThrow(words);
  expect(() => connect(file, 'test')).toThrow(file);
});
