/** Short names for what a template says, as in `web-6d4cf56db6`: digits of a 32-bit hash in letters that make no words. */
const LETTERS = 'bcdfghjklmnpqrstvwxz2456789';

/** Keys in order, nothing undefined: equal objects have equal texts. */
export function canonical(v: unknown): string {
  if (Array.isArray(v)) return `[${v.map(canonical).join()}]`;
  if (typeof v !== 'object' || v === null) return JSON.stringify(v) ?? 'null';
  const o = v as Record<string, unknown>;
  return `{${Object.keys(o)
    .filter((k) => o[k] !== undefined)
    .sort()
    .map((k) => `${k}:${canonical(o[k])}`)
    .join()}}`;
}

/** FNV-1a over UTF-16 units. `collisions` gives another hash for the same template, where two templates met. */
export function templateHash(template: unknown, collisions = 0): string {
  let h = 0x811c9dc5;
  const text = canonical(template) + (collisions ? `#${collisions}` : '');
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return [...String(h)].map((c) => LETTERS[c.charCodeAt(0) % LETTERS.length]).join('');
}
