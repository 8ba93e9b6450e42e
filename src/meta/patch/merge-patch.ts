/** JSON Merge Patch. Source: https://www.rfc-editor.org/rfc/rfc7386 */
import { getOwn, setOwn } from '../../util/own.js';

const isObject = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v);

/** The object after the patch; neither argument is changed. */
export function mergePatch(current: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const next: Record<string, unknown> = isObject(current) ? { ...current } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete next[key];
    else setOwn(next, key, mergePatch(getOwn(next, key), value));
  }
  return next;
}
