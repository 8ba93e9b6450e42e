/** hostPath: the host's own file or folder, checked for its type, made where the type says so. */

import type { HostPathVolumeSource } from '../../api/types/core/v1.js';
import { table } from '../../util/own.js';
import type { FileInfo, FileSystem } from '../host.js';

const WANTED: Readonly<Record<string, readonly [FileInfo['type'], string]>> = table({
  Directory: ['directory', 'a directory'],
  File: ['file', 'a file'],
  Socket: ['socket', 'a socket file'],
  CharDevice: ['char', 'a character device'],
  BlockDevice: ['block', 'a block device'],
});

export async function hostPath(files: FileSystem, source: HostPathVolumeSource): Promise<string> {
  const { path, type = '' } = source;
  if (!path.startsWith('/') || path.split('/').includes('..')) throw new Error(`invalid HostPath \`${path}\`: must not contain '..'`);
  if (!type) return path;
  const create = type.endsWith('OrCreate');
  const base = type.replace(/OrCreate$/, '');
  const wanted = WANTED[base];
  if (!wanted || (create && base !== 'Directory' && base !== 'File')) throw new Error(`${type} is an invalid volume type`);
  const info = await files.stat(path);
  if (!info && create) {
    if (base === 'Directory') await files.mkdir(path, 0o755);
    else await files.create(path, 0o644);
    return path;
  }
  if (info?.type !== wanted[0]) throw new Error(`hostPath type check failed: ${path} is not ${wanted[1]}`);
  return path;
}
