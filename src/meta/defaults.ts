/**
 * Fills absent fields with the values that stand in the schema (`default(…)` and `fill(…)`), anywhere inside an object, and rounds amounts of
 * resources up to thousandths. Defaults that depend on other fields stand in the resource's own file.
 */
import { formatQuantity, milliValue, quantityFromMilli, quantityOf } from './quantity.js';
import type { FieldSchema, TypeSchema, ValueSchema } from './schema/schema.js';

type Json = Record<string, unknown>;
type Filler = (value: unknown) => void;

const fillers = new WeakMap<TypeSchema, Filler>();

/** Mutates. */
export function fillDefaults(type: TypeSchema, object: object): void {
  fillerOf(type)(object);
}

function fillerOf(type: TypeSchema): Filler {
  let filler = fillers.get(type);
  if (!filler) fillers.set(type, (filler = messageFiller(type)));
  return filler;
}

interface Own {
  readonly name: string;
  readonly text: string;
  readonly pointer: boolean;
}

function messageFiller(type: TypeSchema): Filler {
  const own: Own[] = [];
  const inner: { name: string; fill: Filler }[] = [];
  for (const f of type.fields) {
    const value = f.default ?? f.fill;
    if (value !== undefined && !(!f.pointer && isZero(value))) own.push({ name: f.name, text: JSON.stringify(value), pointer: f.pointer });
    const fill = valueFiller(f);
    if (fill) inner.push({ name: f.name, fill });
  }
  return (object) => {
    const o = object as Json;
    for (const { name, text, pointer } of own)
      if (pointer ? o[name] === undefined || o[name] === null : isZero(o[name])) o[name] = JSON.parse(text);
    for (const { name, fill } of inner) {
      const v = o[name];
      if (v !== undefined && v !== null) fill(v);
    }
  };
}

const isZero = (v: unknown): boolean =>
  v === undefined || v === null || v === '' || v === 0 || v === false || (Array.isArray(v) && v.length === 0);

/** Undefined where nothing inside the field has a default. */
function valueFiller(f: FieldSchema): Filler | undefined {
  if (f.value.is === 'map' && f.value.of.is === 'special' && f.value.of.special === 'Quantity') return roundUp;
  return forValue(f.value);
}

function forValue(value: ValueSchema): Filler | undefined {
  if (value.is === 'list' || value.is === 'map') {
    const each = forValue(value.of);
    if (!each) return undefined;
    if (value.is === 'list') {
      return (v) => {
        for (const e of v as unknown[]) each(e);
      };
    }
    return (v) => {
      for (const key in v as Json) each((v as Json)[key]);
    };
  }
  if (value.is !== 'message' || value.message.alias || !hasDefaults(value.message)) return undefined;
  const { message } = value;
  return (v) => fillerOf(message)(v);
}

const known = new WeakMap<TypeSchema, boolean>();

function hasDefaults(type: TypeSchema, within = new Set<TypeSchema>()): boolean {
  const before = known.get(type);
  if (before !== undefined) return before;
  if (within.has(type)) return false;
  within.add(type);
  const found = type.fields.some((f) => {
    if (f.default !== undefined || f.fill !== undefined) return true;
    let v = f.value;
    while (v.is === 'list' || v.is === 'map') v = v.of;
    if (v.is === 'special') return v.special === 'Quantity' && f.value.is === 'map';
    return v.is === 'message' && !v.message.alias && hasDefaults(v.message, within);
  });
  within.delete(type);
  if (within.size === 0 || found) known.set(type, found);
  return found;
}

/** Lists of resources are kept to the thousandth. */
function roundUp(map: unknown): void {
  for (const key in map as Json) {
    const text = (map as Record<string, string>)[key]!;
    const last = text.charCodeAt(text.length - 1);
    if (last === 110 /* n */ || last === 117 /* u */)
      (map as Json)[key] = formatQuantity(quantityFromMilli(milliValue(text), quantityOf(text).format));
  }
}
