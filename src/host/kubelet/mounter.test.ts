import { expect, it } from 'vitest';
import { mountOf } from './mounter.js';

const INFO = `21 1 8:1 / / rw,relatime - ext4 /dev/sda rw
22 21 0:5 / /var/lib rw shared:7 - tmpfs tmpfs rw
23 22 0:6 / /var/lib/a\\040b rw,nosuid master:1 - tmpfs tmpfs rw
24 22 0:7 / /var/lib/twice rw shared:9 - tmpfs tmpfs rw
25 24 0:8 / /var/lib/twice rw - tmpfs tmpfs rw
`;

it.each([
  ['/home', '/', false],
  ['/var/lib', '/var/lib', true],
  ['/var/lib/x', '/var/lib', true],
  ['/var/library', '/', false],
  ['/var/lib/a b/c', '/var/lib/a b', false],
  ['/var/lib/twice', '/var/lib/twice', false],
])('%s lies on %s, shared: %s', (path, point, shared) => expect(mountOf(INFO, path)).toEqual({ point, shared }));
