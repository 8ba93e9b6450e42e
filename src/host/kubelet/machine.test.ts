import { expect, it } from 'vitest';
import { resolvConf } from './machine.js';

const STUB = 'nameserver 127.0.0.53\noptions edns0\n';
const REAL = 'nameserver 192.0.2.1\n';
it.each([
  ['what systemd-resolved asks, not its stub', { '/etc/resolv.conf': STUB, '/run/systemd/resolve/resolv.conf': REAL }, REAL],
  ['a stub where nothing else is known', { '/etc/resolv.conf': STUB }, STUB],
  ['the file as it is where a Pod can use it', { '/etc/resolv.conf': REAL, '/run/systemd/resolve/resolv.conf': STUB }, REAL],
])('gives Pods %s', async (_, files: Record<string, string>, wanted) => {
  expect(await resolvConf(async (path) => files[path] ?? '')).toBe(wanted);
});
