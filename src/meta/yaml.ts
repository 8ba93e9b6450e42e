/**
 * YAML as Kubernetes' programs read and write it: of version 1.1 (`0644` is octal, `yes` and `off` are booleans), less its dates and times,
 * with `0o17` of version 1.2. Source: https://pkg.go.dev/sigs.k8s.io/yaml
 *
 * The text may come from anyone: it is read in one pass, with limits on depth and on what aliases may add up to.
 */
import {
  defineScalarTag,
  dump,
  EVENT_ID,
  type Event,
  getScalarValue,
  NOT_RESOLVED,
  parseEvents,
  SCALAR_STYLE,
  type ScalarEvent,
  YAML11_SCHEMA,
  YAMLException,
} from 'js-yaml';
import { fromBase64, text as utf8Text } from '../util/bytes.js';
import { setOwn } from '../util/own.js';
import { DEPTH_LIMIT } from './json.js';

/** The text is no YAML, or goes beyond the limits. */
export class YamlError extends Error {}

export interface YamlDocument {
  readonly value: unknown;
  /** Keys that a mapping gives twice (`line 3: key "a" already set in map`); the last one counts. */
  readonly duplicates: readonly string[];
}

/** What all aliases of a document may add to it: characters, and these for each node. */
const ALIAS_LIMIT = 3 * 1024 * 1024;
const NODE_WEIGHT = 16;
/** More doubled keys than these are not told of. */
const DUPLICATE_LIMIT = 100;

/** Throws YamlError where the text is no YAML. Of several documents the first. */
export const parseYaml = (text: string): unknown => readYaml(text)[0]?.value ?? null;

/** Every document of a stream. Throws YamlError where one is no YAML. */
export const parseYamlDocuments = (text: string): unknown[] => readYaml(text).map((d) => d.value);

export function readYaml(source: string): YamlDocument[] {
  const text = source.charCodeAt(0) === 0xfeff ? source.slice(1) : source;
  try {
    return new Builder(text).documents(parseEvents(text, { maxDepth: DEPTH_LIMIT }));
  } catch (e) {
    if (e instanceof YAMLException) throw new YamlError(`${e.mark ? `line ${e.mark.line + 1}: ` : ''}${e.reason}`);
    throw e;
  }
}

type Json = Record<string, unknown>;

interface Anchored {
  readonly value: unknown;
  readonly weight: number;
  readonly depth: number;
}

/** A collection that is not closed yet. */
interface Frame {
  readonly value: Json | unknown[];
  readonly anchor: string;
  /** Of a mapping: the key whose value comes next. */
  key?: string;
  merging: boolean;
  weight: number;
  depth: number;
}

class Builder {
  private open: Frame[] = [];
  private anchors = new Map<string, Anchored>();
  private aliased = 0;
  private duplicates: string[] = [];
  private at = 0;
  private line = 1;
  private counted = 0;

  constructor(private readonly source: string) {}

  documents(events: readonly Event[]): YamlDocument[] {
    const out: YamlDocument[] = [];
    let root: unknown = null;
    let tags = TAGS;
    for (const event of events) {
      switch (event.type) {
        case EVENT_ID.DOCUMENT:
          root = null;
          this.anchors = new Map();
          this.duplicates = [];
          this.aliased = 0;
          tags = event.directives.some((d) => d.kind === 'tag') ? handles(event.directives) : TAGS;
          break;
        case EVENT_ID.MAPPING:
        case EVENT_ID.SEQUENCE: {
          const value = event.type === EVENT_ID.MAPPING ? {} : [];
          const anchor = this.anchorOf(event);
          this.at = event.start;
          const holder = this.open.at(-1);
          if (holder && isKeyNext(holder)) throw this.fault('a mapping or list cannot be a key');
          this.open.push({ value, anchor, merging: false, weight: NODE_WEIGHT, depth: 1 });
          break;
        }
        case EVENT_ID.SCALAR: {
          this.at = Math.max(event.valueStart, 0);
          const holder = this.open.at(-1);
          const text = getScalarValue(this.source, event);
          const done = this.scalar(event, text, tags, holder);
          if (done) break;
          const value = this.valueOf(event, text, tags);
          const weight = NODE_WEIGHT + text.length;
          const anchor = this.anchorOf(event);
          if (anchor) this.anchors.set(anchor, { value, weight, depth: 0 });
          root = this.place(value, weight, 0, root);
          break;
        }
        case EVENT_ID.ALIAS: {
          this.at = event.anchorStart;
          const name = this.source.slice(event.anchorStart, event.anchorEnd);
          const known = this.anchors.get(name);
          if (!known) {
            if (this.open.some((f) => f.anchor === name)) throw this.fault(`anchor '${name}' value contains itself`);
            throw this.fault(`unknown anchor '${name}' referenced`);
          }
          this.aliased += known.weight;
          if (this.aliased > ALIAS_LIMIT || this.open.length + known.depth > DEPTH_LIMIT)
            throw this.fault('document contains excessive aliasing');
          const { value } = known;
          root = this.place(typeof value === 'object' && value !== null ? structuredClone(value) : value, known.weight, known.depth, root);
          break;
        }
        case EVENT_ID.POP: {
          const frame = this.open.pop();
          if (!frame) {
            out.push({ value: root, duplicates: this.duplicates });
            break;
          }
          if (frame.anchor) this.anchors.set(frame.anchor, frame);
          root = this.place(frame.value, frame.weight, frame.depth, root);
        }
      }
    }
    return out;
  }

  /** Whether the scalar was a mapping's key, which is kept until its value comes. */
  private scalar(event: ScalarEvent, text: string, tags: ReadonlyMap<string, string>, holder: Frame | undefined): boolean {
    if (!holder || !isKeyNext(holder)) return false;
    holder.weight += text.length;
    if (text === '<<' && event.style === SCALAR_STYLE.PLAIN && event.tagStart < 0) {
      holder.merging = true;
      return true;
    }
    const key = keyOf(this.valueOf(event, text, tags));
    if (key === undefined) throw this.fault('null cannot be a key');
    const anchor = this.anchorOf(event);
    if (anchor) this.anchors.set(anchor, { value: key, weight: NODE_WEIGHT + text.length, depth: 0 });
    this.begin(holder, key);
    return true;
  }

  private begin(holder: Frame, key: string): void {
    if (Object.hasOwn(holder.value, key) && this.duplicates.length < DUPLICATE_LIMIT)
      this.duplicates.push(`line ${this.lineNow()}: key ${JSON.stringify(key)} already set in map`);
    holder.key = key;
  }

  /** Puts a value where it belongs; the root of the document is given back. */
  private place(value: unknown, weight: number, depth: number, root: unknown): unknown {
    const holder = this.open.at(-1);
    if (!holder) return value;
    holder.weight += weight;
    holder.depth = Math.max(holder.depth, depth + 1);
    if (Array.isArray(holder.value)) holder.value.push(value);
    else if (holder.merging) {
      this.merge(holder.value, value);
      holder.merging = false;
    } else if (holder.key === undefined) {
      // An alias as a key.
      const key = typeof value === 'object' ? undefined : keyOf(value);
      if (key === undefined) throw this.fault('a mapping or list cannot be a key');
      this.begin(holder, key);
    } else {
      setOwn(holder.value, holder.key, value);
      holder.key = undefined;
    }
    return root;
  }

  /** `<<`: of several mappings the first counts. What a merge adds was counted where it was an alias. */
  private merge(into: Json, value: unknown): void {
    const all = Array.isArray(value) ? [...value].reverse() : [value];
    for (const each of all) {
      if (typeof each !== 'object' || each === null || Array.isArray(each))
        throw this.fault('map merge requires map or sequence of maps as the value');
      for (const [key, inner] of Object.entries(each)) setOwn(into, key, inner);
    }
  }

  private valueOf(event: ScalarEvent, text: string, tags: ReadonlyMap<string, string>): unknown {
    const tag = event.tagStart < 0 ? '' : shortTag(this.source.slice(event.tagStart, event.tagEnd), tags);
    const plain = event.style === SCALAR_STYLE.PLAIN;
    if (tag === '') return plain ? this.finite(resolve(text)) : text;
    if (tag === 'binary') {
      try {
        return utf8Text(fromBase64(text.replace(/\s+/g, '')));
      } catch {
        throw this.fault('!!binary value contains invalid base64 data');
      }
    }
    const kind = RESOLVED.get(tag);
    if (!kind) return text;
    const value = this.finite(resolve(text));
    if (!kind(value)) throw this.fault(`cannot decode ${JSON.stringify(text.slice(0, 40))} as a !!${tag}`);
    return value;
  }

  private finite(value: unknown): unknown {
    if (typeof value === 'number' && !Number.isFinite(value)) throw this.fault(`unsupported value: ${value}`);
    return value;
  }

  private anchorOf(event: { readonly anchorStart: number; readonly anchorEnd: number }): string {
    return event.anchorStart < 0 ? '' : this.source.slice(event.anchorStart, event.anchorEnd);
  }

  /** Events come in the text's order: its lines are counted once. */
  private lineNow(): number {
    for (let at = this.source.indexOf('\n', this.counted); at >= 0 && at < this.at; at = this.source.indexOf('\n', this.counted)) {
      this.line++;
      this.counted = at + 1;
    }
    return this.line;
  }

  private fault(reason: string): YamlError {
    return new YamlError(`line ${this.lineNow()}: ${reason}`);
  }
}

const isKeyNext = (f: Frame): boolean => !Array.isArray(f.value) && f.key === undefined && !f.merging;

function keyOf(value: unknown): string | undefined {
  return value === null || value === undefined ? undefined : String(value);
}

const CORE = 'tag:yaml.org,2002:';
const TAGS: ReadonlyMap<string, string> = new Map([
  ['!!', CORE],
  ['!', '!'],
]);

function handles(directives: readonly { kind: string; handle?: string; prefix?: string }[]): ReadonlyMap<string, string> {
  const out = new Map(TAGS);
  for (const d of directives) if (d.kind === 'tag' && d.handle && d.prefix) out.set(d.handle, d.prefix);
  return out;
}

/** `!!int`, `!<tag:yaml.org,2002:int>` are `int`; `!` is `str`. */
function shortTag(raw: string, tags: ReadonlyMap<string, string>): string {
  if (raw === '!') return 'str';
  if (raw.startsWith('!<')) return core(raw.slice(2, -1));
  const end = raw.indexOf('!', 1);
  const handle = end < 0 ? '!' : raw.slice(0, end + 1);
  return core(`${tags.get(handle) ?? handle}${raw.slice(handle.length)}`);
}
const core = (tag: string): string => (tag.startsWith(CORE) ? tag.slice(CORE.length) : tag);

/** What a plain text must stand for where it is tagged so. Other tags change nothing. */
const RESOLVED: ReadonlyMap<string, (v: unknown) => boolean> = new Map([
  ['int', Number.isInteger],
  ['float', (v) => typeof v === 'number'],
  ['bool', (v) => typeof v === 'boolean'],
  ['null', (v) => v === null],
]);

const WORDS: ReadonlyMap<string, unknown> = new Map<string, unknown>(
  (
    [
      [true, 'y Y yes Yes YES true True TRUE on On ON'],
      [false, 'n N no No NO false False FALSE off Off OFF'],
      [null, '~ null Null NULL'],
      [Number.NaN, '.nan .NaN .NAN'],
      [Number.POSITIVE_INFINITY, '.inf .Inf .INF +.inf +.Inf +.INF'],
      [Number.NEGATIVE_INFINITY, '-.inf -.Inf -.INF'],
    ] as const
  ).flatMap(([value, words]) => words.split(' ').map((w) => [w, value] as const)),
);

/** No number is longer; a longer text is looked at no closer. */
const NUMBER_LENGTH = 400;
const DECIMAL = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const BASED = /^([-+]?)0(?:[xX]([0-9a-fA-F]+)|[oO]?([0-7]+)|[bB]([01]+))$/;

/** What a plain scalar stands for. */
function resolve(text: string): unknown {
  if (text === '') return null;
  if (WORDS.has(text)) return WORDS.get(text);
  const first = text.charCodeAt(0);
  const digit = first >= 48 && first <= 57;
  if ((!digit && first !== 43 && first !== 45 && first !== 46) || text.length > NUMBER_LENGTH) return text;
  const plain = first === 46 ? text : text.replaceAll('_', '');
  const based = BASED.exec(plain);
  if (based) {
    const [, sign, hex, octal, binary] = based;
    const n = hex !== undefined ? Number.parseInt(hex, 16) : octal !== undefined ? Number.parseInt(octal, 8) : Number.parseInt(binary!, 2);
    return sign === '-' && n !== 0 ? -n : n;
  }
  return DECIMAL.test(plain) ? Number(plain) : text;
}

/** Strings that any reader of version 1.1 would take for something else are quoted: what this reader takes for something else, too. */
const WRITE = YAML11_SCHEMA.withTags(
  defineScalarTag('tag:yaml.org,2002:looks-like', {
    implicit: true,
    resolve: (source) => (typeof resolve(source) === 'string' ? NOT_RESOLVED : source),
    identify: () => false,
  }),
);

export const stringifyYaml = (value: unknown): string =>
  dump(value, { schema: WRITE, noRefs: true, lineWidth: -1, seqNoIndent: true, skipInvalid: true });
