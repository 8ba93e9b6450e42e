import { expect, it } from 'vitest';
import { parseReference } from './image-reference.js';

const DIGEST = `sha256:${'a'.repeat(64)}`;
it.each([
  ['busybox', { name: 'busybox' }],
  ['busybox:1.36', { name: 'busybox', tag: '1.36' }],
  ['localhost:5000/a/b', { name: 'localhost:5000/a/b' }],
  ['localhost:5000/a/b:t', { name: 'localhost:5000/a/b', tag: 't' }],
  [`Reg.example.com/a__b/c.d@${DIGEST}`, { name: 'Reg.example.com/a__b/c.d', digest: DIGEST }],
  [`[::1]:5000/a:t@${DIGEST}`, { name: '[::1]:5000/a', tag: 't', digest: DIGEST }],
  ['a--b', { name: 'a--b' }],
  ['', undefined],
  ['Busybox', undefined],
  ['a:', undefined],
  ['a/B', undefined],
  ['a___b', undefined],
  ['a..b', undefined],
  ['-a/b', undefined],
  ['a-/b', undefined],
  ['a b', undefined],
  ['host:x/a', undefined],
  ['a@sha256:abc', undefined],
  [`${'a'.repeat(256)}`, undefined],
  [`${'a-'.repeat(100_000)}!`, undefined],
  [`a:${'b'.repeat(100_000)}`, undefined],
])('%.60s', (text, reference) => {
  if (reference) expect(parseReference(text)).toMatchObject(reference);
  else expect(parseReference(text)).toBeUndefined();
});
