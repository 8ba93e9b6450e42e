/** Reading JSON from outside: bounded in depth, so that no later walk over the value can run out of stack. */

/** Objects and lists within each other. The original's limit is 10,000; its stack grows, ours does not. No real object comes near. */
export const DEPTH_LIMIT = 500;

/** Whether a value that was made, not read, nests no deeper than the limit. */
export function isShallow(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length; depth++) {
    if (depth > DEPTH_LIMIT) return false;
    const next: unknown[] = [];
    for (const v of level)
      if (typeof v === 'object' && v !== null) for (const inner of Object.values(v)) if (typeof inner === 'object') next.push(inner);
    level = next;
  }
  return true;
}

/** Throws a SyntaxError. */
export function parseJson(text: string): unknown {
  // What nests deeper than the limit has at least as many characters.
  if (text.length > DEPTH_LIMIT) checkDepth(text);
  return JSON.parse(text);
}

const QUOTE = 34;
const BACKSLASH = 92;

function checkDepth(text: string): void {
  // Few texts have so many brackets at all: counting them costs no second look at every character.
  if (!hasMore(text, '{', '[', DEPTH_LIMIT)) return;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case QUOTE:
        for (i++; i < text.length && text.charCodeAt(i) !== QUOTE; i++) if (text.charCodeAt(i) === BACKSLASH) i++;
        break;
      case 123: // {
      case 91: // [
        if (++depth > DEPTH_LIMIT) throw new SyntaxError('exceeded max depth');
        break;
      case 125: // }
      case 93: // ]
        depth--;
    }
  }
}

function hasMore(text: string, a: string, b: string, limit: number): boolean {
  let left = limit;
  for (const c of [a, b]) for (let at = text.indexOf(c); at >= 0; at = text.indexOf(c, at + 1)) if (--left < 0) return true;
  return false;
}
