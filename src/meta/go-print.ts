/** How Go's `%v` and `%#v` show what was decoded from JSON: parts of messages that clients know by heart. Bounded in length. */

/** Longer texts end here with `...`: a message is no place for a whole body. */
const LIMIT = 1000;

const isObject = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v);

/** Writes parts until the limit is reached, and looks at nothing beyond it. */
class Text {
  private out = '';
  get full(): boolean {
    return this.out.length > LIMIT;
  }
  put(s: string): void {
    if (!this.full) this.out += s;
  }
  done(): string {
    return this.full ? `${this.out.slice(0, LIMIT)}...` : this.out;
  }
}

/** `map[a:1 b:[x y]]`: `%v`, and `%+v`, which is the same for maps. */
export function plain(value: unknown): string {
  const t = new Text();
  const write = (v: unknown): void => {
    if (t.full) return;
    if (Array.isArray(v)) {
      t.put('[');
      for (let i = 0; i < v.length && !t.full; i++) {
        if (i) t.put(' ');
        write(v[i]);
      }
      return t.put(']');
    }
    if (isObject(v)) {
      t.put('map[');
      let first = true;
      for (const k of Object.keys(v).sort()) {
        if (t.full) break;
        t.put(`${first ? '' : ' '}${k}:`);
        first = false;
        write(v[k]);
      }
      return t.put(']');
    }
    t.put(v === null || v === undefined ? '<nil>' : String(v));
  };
  write(value);
  return t.done();
}

/** `map[string]interface {}{"a":1}`: `%#v`. */
export function syntax(value: unknown): string {
  const t = new Text();
  const write = (v: unknown): void => {
    if (t.full) return;
    if (Array.isArray(v)) {
      t.put('[]interface {}{');
      for (let i = 0; i < v.length && !t.full; i++) {
        if (i) t.put(', ');
        write(v[i]);
      }
      return t.put('}');
    }
    if (isObject(v)) {
      t.put('map[string]interface {}{');
      let first = true;
      for (const k of Object.keys(v).sort()) {
        if (t.full) break;
        t.put(`${first ? '' : ', '}${JSON.stringify(k)}:`);
        first = false;
        write(v[k]);
      }
      return t.put('}');
    }
    t.put(v === null || v === undefined ? 'interface {}(nil)' : JSON.stringify(v));
  };
  write(value);
  return t.done();
}

/** The Go type of what was decoded from JSON: `%T`. */
export function typeName(value: unknown): string {
  if (Array.isArray(value)) return '[]interface {}';
  if (isObject(value)) return 'map[string]interface {}';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return typeof value === 'boolean' ? 'bool' : typeof value === 'string' ? 'string' : '<nil>';
}
