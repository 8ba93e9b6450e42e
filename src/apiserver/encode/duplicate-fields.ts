/** Finds fields that a JSON text gives twice: `JSON.parse` keeps the last and says nothing. One pass, no objects made. */
const QUOTE = 34;
const BACKSLASH = 92;

/** More than this many are not reported. */
const LIMIT = 100;
/** How many parts of paths are looked at to find the text's order; beyond, the order is given up. */
const WORK_LIMIT = 1_000_000;

/** Paths of doubled fields as Kubernetes words them (`data.a`, `spec.containers[0].name`). The text must be valid JSON. */
export function duplicateFields(json: string): string[] {
  const found: string[] = [];
  eachField(json, (path, again) => {
    if (again && found.length < LIMIT) found.push(path());
  });
  return found;
}

/** Of what a strict reader refuses, in the order of the text: doubled fields, and `unknown` ones by their paths. */
export function inDocumentOrder(json: string, unknown: ReadonlySet<string>): { readonly path: string; readonly again: boolean }[] {
  const found: { path: string; again: boolean }[] = [];
  let work = 0;
  eachField(json, (path, again, depth) => {
    if (found.length >= 2 * LIMIT || (work += depth) > WORK_LIMIT) return;
    const at = path();
    if (again || unknown.has(at)) found.push({ path: at, again });
  });
  return found;
}

/** `again`: the object has had such a field already. */
function eachField(json: string, visit: (path: () => string, again: boolean, depth: number) => void): void {
  // One frame per open object or list: its keys (objects) or the position (lists), and the key being read.
  const frames: { keys?: Set<string>; index: number; key: string }[] = [];
  let expectKey = false;
  for (let i = 0; i < json.length; i++) {
    const c = json.charCodeAt(i);
    if (c === QUOTE) {
      const start = i + 1;
      for (i++; json.charCodeAt(i) !== QUOTE; i++) if (json.charCodeAt(i) === BACKSLASH) i++;
      if (!expectKey) continue;
      const frame = frames[frames.length - 1]!;
      const raw = json.slice(start, i);
      const key = raw.includes('\\') ? (JSON.parse(`"${raw}"`) as string) : raw;
      frame.key = key;
      visit(() => pathOf(frames), frame.keys!.has(key), frames.length);
      frame.keys!.add(key);
      expectKey = false;
    } else if (c === 123 /* { */) {
      frames.push({ keys: new Set(), index: 0, key: '' });
      expectKey = true;
    } else if (c === 91 /* [ */) {
      frames.push({ index: 0, key: '' });
      expectKey = false;
    } else if (c === 125 || c === 93 /* } ] */) {
      frames.pop();
      expectKey = false;
    } else if (c === 44 /* , */) {
      const frame = frames[frames.length - 1];
      if (frame?.keys) expectKey = true;
      else if (frame) frame.index++;
    }
  }
}

function pathOf(frames: readonly { keys?: Set<string>; index: number; key: string }[]): string {
  let path = '';
  for (const f of frames) path += f.keys ? `${path ? '.' : ''}${f.key}` : `[${f.index}]`;
  return path;
}
