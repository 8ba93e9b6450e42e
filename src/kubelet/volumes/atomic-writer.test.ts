import { expect, it } from 'vitest';
import { VirtualClock } from '../../util/virtual-clock.js';
import { MemoryFiles } from '../simulated/memory-files.js';
import { writeAtomically } from './atomic-writer.js';

it('a write that ended after its switch is finished by the next', async () => {
  const files = new MemoryFiles(new VirtualClock());
  await files.mkdir('/v');
  const payload = new Map([['key', { data: new TextEncoder().encode('x'), mode: 0o644 }]]);
  const symlink = files.symlink.bind(files);
  files.symlink = async (target, path) => (path === '/v/key' ? Promise.reject(new Error('killed')) : symlink(target, path));
  await expect(writeAtomically(files, '/v', payload, 0)).rejects.toThrow('killed');
  files.symlink = symlink;
  expect(await writeAtomically(files, '/v', payload, 1000)).toBe(false);
  expect(await files.list('/v')).toContain('key');
});
