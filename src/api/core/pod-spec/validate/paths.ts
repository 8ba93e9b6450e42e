/** Paths inside volumes and containers, and the modes of files. */

import { invalid } from '../../../../meta/field-error.js';
import type { Errors } from '../../../check.js';

/** No `..` between slashes. */
export const noBacksteps = (target: string, path: string): Errors =>
  target.split('/').includes('..') ? [invalid(path, target, "must not contain '..'")] : [];

/** Relative, and never above where it starts. */
export const descending = (target: string, path: string): Errors => [
  ...(target.startsWith('/') ? [invalid(path, target, 'must be a relative path')] : []),
  ...noBacksteps(target, path),
];

/** As `descending`; names that start with two dots are kept for the volume plugin. */
export const localPath = (target: string, path: string): Errors => [
  ...descending(target, path),
  ...(target.startsWith('..') && target !== '..' && !target.startsWith('../') ? [invalid(path, target, "must not start with '..'")] : []),
];

const MODE_MAX = 0o777;
export const fileMode = (mode: number | undefined, path: string): Errors =>
  mode !== undefined && mode !== null && (mode > MODE_MAX || mode < 0)
    ? [invalid(path, mode, 'must be a number between 0 and 0777 (octal), both inclusive')]
    : [];
