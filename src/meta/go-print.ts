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

/** How a verb of Go writes each kind of value. */
interface Style {
  readonly list: readonly [open: string, between: string, close: string];
  readonly map: readonly [open: string, between: string, close: string];
  key(name: string): string;
  scalar(value: unknown): string;
}

function print(value: unknown, style: Style): string {
  const t = new Text();
  const all = <T>([open, between, close]: Style['list'], items: readonly T[], one: (item: T) => void): void => {
    t.put(open);
    for (let i = 0; i < items.length && !t.full; i++) {
      if (i) t.put(between);
      one(items[i]!);
    }
    t.put(close);
  };
  const write = (v: unknown): void => {
    if (Array.isArray(v)) all(style.list, v, write);
    else if (isObject(v))
      all(style.map, Object.keys(v).sort(), (k) => {
        t.put(`${style.key(k)}:`);
        write(v[k]);
      });
    else t.put(style.scalar(v));
  };
  write(value);
  return t.done();
}

/** `map[a:1 b:[x y]]`: `%v`, and `%+v`, which is the same for maps. */
export const plain = (value: unknown): string =>
  print(value, {
    list: ['[', ' ', ']'],
    map: ['map[', ' ', ']'],
    key: (k) => k,
    scalar: (v) => (v === null || v === undefined ? '<nil>' : String(v)),
  });

/** `map[string]interface {}{"a":1}`: `%#v`. */
export const syntax = (value: unknown): string =>
  print(value, {
    list: ['[]interface {}{', ', ', '}'],
    map: ['map[string]interface {}{', ', ', '}'],
    key: (k) => JSON.stringify(k),
    scalar: (v) => (v === null || v === undefined ? 'interface {}(nil)' : JSON.stringify(v)),
  });

/** The Go type of what was decoded from JSON: `%T`. */
export function typeName(value: unknown): string {
  if (Array.isArray(value)) return '[]interface {}';
  if (isObject(value)) return 'map[string]interface {}';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return typeof value === 'boolean' ? 'bool' : typeof value === 'string' ? 'string' : '<nil>';
}
