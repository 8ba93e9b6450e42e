import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { connect } from './kubeconfig.js';

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-kubeconfig-'));
afterAll(() => fs.rmSync(dir, { recursive: true, force: true }));

const WITH = 'current-context: c\ncontexts: [{name: c, context: {cluster: k}}]\nclusters: [{name: k, cluster: {server: S}}]';

it.each([
  ['', 'it holds no object'],
  ['[]', 'it holds no object'],
  ['x', 'it holds no object'],
  ['contexts: x', 'contexts is no list of objects'],
  ['clusters: [null]', 'clusters is no list of objects'],
  ['users: {a: b}', 'users is no list of objects'],
  ['a: [', '--kubeconfig'],
  [WITH.replace('S', 'x y'), 'the server "x y" of the cluster is no URL'],
  [WITH.replace('S', 'https://a, certificate-authority: /none'), 'certificate-authority: ENOENT'],
  ['contexts: []', 'current-context "" leads to no cluster'],
])('refuses %j in words of its own', (text, words) => {
  const file = path.join(dir, 'config');
  fs.writeFileSync(file, text);
  expect(() => connect(file, 'test')).toThrow(words);
  expect(() => connect(file, 'test')).toThrow(file);
});
