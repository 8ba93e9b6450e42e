/** Warnings as header values, each once and no more than clients and proxies take. Source: https://www.rfc-editor.org/rfc/rfc7234#section-5.5 */

/** All texts together, in characters; where they are more, each is cut. */
const TOTAL_LIMIT = 4096;
const ITEM_LIMIT = 256;

export function warningHeaders(warnings: readonly string[]): string[] {
  const once = [...new Set(warnings)].filter((w) => w !== '');
  let total = 0;
  for (const w of once) if ((total += length(w, TOTAL_LIMIT)) > TOTAL_LIMIT) break;
  if (total <= TOTAL_LIMIT) return once.map(header);
  const out: string[] = [];
  let written = 0;
  for (const w of once) {
    if (written >= TOTAL_LIMIT) break;
    const cut = [...w.slice(0, 2 * ITEM_LIMIT)].slice(0, ITEM_LIMIT).join('');
    written += length(cut, ITEM_LIMIT);
    out.push(header(cut));
  }
  return out;
}

/** Characters, not their UTF-16 halves; of a long text no more are counted than matter. */
function length(text: string, limit: number): number {
  let n = 0;
  for (const _ of text) if (++n > limit) break;
  return n;
}

/** Any text as a header: its UTF-8 bytes, which Node takes as Latin-1. A field's name may be in any script, and its answer must still come. */
const header = (text: string): string => `299 - ${latin1(JSON.stringify(text.replace(/\x7f/g, '?')))}`;

const utf8 = new TextEncoder();
function latin1(text: string): string {
  let out = '';
  for (const byte of utf8.encode(text)) out += String.fromCharCode(byte);
  return out;
}
