/**
 * Every reader of text from outside, fed with what it should read, bent: it gives a value or its own error, in a bounded time. Seeded: FUZZ_SEED
 * repeats a run, FUZZ_SECONDS says how long (`make fuzz`: an hour).
 */
import { expect, it } from 'vitest';
import { schemas } from '../../src/api/schemas.js';
import { HpackDecoder } from '../../src/etcd/http2/hpack.js';
import { CronError, parseCron } from '../../src/meta/cron.js';
import { decode } from '../../src/meta/decode.js';
import { parseDuration } from '../../src/meta/duration.js';
import { StatusError } from '../../src/meta/errors.js';
import { fieldSelectorText, parseFieldSelector } from '../../src/meta/fields.js';
import { parseReference } from '../../src/meta/image-reference.js';
import { canonicalIp } from '../../src/meta/ip.js';
import { parseJson } from '../../src/meta/json.js';
import { parseSelector } from '../../src/meta/labels.js';
import { jsonPatch } from '../../src/meta/patch/json-patch.js';
import { mergePatch } from '../../src/meta/patch/merge-patch.js';
import { strategicMergePatch } from '../../src/meta/patch/strategic.js';
import { decodeEnvelope, encodeEnvelope } from '../../src/meta/protobuf/envelope.js';
import { canonicalQuantity, QuantityError } from '../../src/meta/quantity.js';
import { normalizeTime, TimeError } from '../../src/meta/time.js';
import { parseYaml, stringifyYaml, YamlError } from '../../src/meta/yaml.js';
import { seededRandom } from '../../src/util/random.js';
import { matchGlob } from '../../src/util/text.js';
import { REQUESTS } from './requests.js';
import { type Target, WIRE } from './wire.js';

const SECONDS = Number(process.env.FUZZ_SECONDS ?? 20);
const SEED = Number(process.env.FUZZ_SEED ?? 1);
/** No input here is longer than some kilobytes. */
const SLOWEST_MS = 2000;

const pod = schemas.kind('v1', 'Pod')!;
const POD =
  '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","labels":{"x":"y"},"creationTimestamp":"2026-01-01T00:00:00Z"},"spec":{"containers":[{"name":"c","image":"i:1","resources":{"limits":{"cpu":"1500m"}},"ports":[{"containerPort":80}]}],"tolerations":[{"key":"k"}]}}';
const object = JSON.parse(POD) as Record<string, unknown>;
const latin1 = (b: Uint8Array): string => Buffer.from(b).toString('latin1');
const same = (a: unknown, b: unknown): void => {
  if (JSON.stringify(a) !== JSON.stringify(b)) throw new RangeError(`does not come back: ${JSON.stringify(a)} and ${JSON.stringify(b)}`);
};

const TARGETS: readonly Target[] = [
  { name: 'JSON', corpus: [POD, '[1,{"__proto__":[]}]', '"\\u00e9"', '1e999'], run: parseJson, own: [SyntaxError] },
  {
    name: 'YAML',
    corpus: [
      'a: &x {b: [1, 2]}\nc: *x\nd: {<<: *x}\n',
      'a: |+\n  x\n\n  y\n? z\n: !!str 1\n',
      "- 'a''b'\n- \"\\x41\\n\"\n- 0o17\n- ~\n",
      `---\n${POD}\n...\n`,
    ],
    run: (t) => {
      const value = parseYaml(t);
      same(parseYaml(stringifyYaml(value)), value);
    },
    own: [YamlError],
  },
  {
    name: 'quantity',
    corpus: ['100m', '1.5Gi', '-2e3', '.5', '1E2'],
    run: (t) => same(canonicalQuantity(canonicalQuantity(t)), canonicalQuantity(t)),
    own: [QuantityError],
  },
  { name: 'duration', corpus: ['1h30m', '-1.5s', '2µs'], run: parseDuration },
  { name: 'time', corpus: ['2026-01-01T00:00:00Z', '2026-02-28T23:59:59.123456+14:00'], run: (t) => normalizeTime(t, 6), own: [TimeError] },
  {
    name: 'labels',
    corpus: ['a=b,c in (d,e),!f,g!=h', 'x notin (),y>1'],
    run: (t) => same(parseSelector(parseSelector(t).toString()).toString(), parseSelector(t).toString()),
    own: [StatusError],
  },
  {
    name: 'fields',
    corpus: ['metadata.name=a,b!=c\\,d', 'a==\\\\'],
    run: (t) => same(parseFieldSelector(fieldSelectorText(parseFieldSelector(t))), parseFieldSelector(t)),
    own: [StatusError],
  },
  { name: 'cron', corpus: ['*/5 1-3 * jan mon', 'TZ=UTC @daily', '@every 1h'], run: parseCron, own: [CronError] },
  { name: 'image', corpus: ['a.b:5000/c/d:t', `x@sha256:${'a'.repeat(64)}`], run: parseReference },
  { name: 'address', corpus: ['10.0.0.1', '::ffff:1.2.3.4', 'fe80::1%1'], run: canonicalIp },
  { name: 'glob', corpus: ['*a*[b-d]?\\*', '[^a]x'], run: (t) => matchGlob(t, 'abcabcabc/x*') },
  { name: 'Pod', corpus: [POD], run: (t) => decode(pod, parseJson(t), 'Strict'), own: [SyntaxError, StatusError] },
  {
    name: 'JSON patch',
    corpus: [
      '[{"op":"copy","from":"/spec","path":"/x"},{"op":"move","from":"/x/containers/0","path":"/spec/containers/-"},{"op":"test","path":"/kind","value":"Pod"}]',
    ],
    run: (t) => jsonPatch(object, parseJson(t)),
    own: [SyntaxError, StatusError],
  },
  {
    name: 'merge patch',
    corpus: ['{"spec":{"containers":null,"__proto__":{"a":1}}}'],
    run: (t) => mergePatch(object, parseJson(t)),
    own: [SyntaxError],
  },
  {
    name: 'strategic patch',
    corpus: [
      '{"spec":{"containers":[{"name":"c","$patch":"delete"},{"name":"d"}],"$setElementOrder/containers":[{"name":"d"}],"$retainKeys":["containers"]}}',
    ],
    run: (t) => {
      const patch = parseJson(t);
      if (typeof patch === 'object' && patch !== null && !Array.isArray(patch))
        strategicMergePatch(object, patch as Record<string, unknown>, pod);
    },
    own: [SyntaxError, StatusError],
  },
  {
    name: 'protobuf',
    corpus: [latin1(encodeEnvelope(schemas, decode(pod, object, 'Ignore').object)!)],
    // The reader's errors are plain ones with a message; what must not come are those of the language.
    run: (t) => decodeEnvelope(schemas, Buffer.from(t, 'latin1')),
    own: [Error],
  },
  {
    name: 'HPACK',
    corpus: ['\x82\x86\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff', '\x40\x0acustom-key\x0dcustom-header'],
    run: (t) => new HpackDecoder().decode(Buffer.from(t, 'latin1')),
    own: [Error],
  },
  ...WIRE,
  ...REQUESTS,
];

const ODD = [
  '\0',
  '\ud800',
  '__proto__',
  '{',
  '[',
  '"',
  '\\',
  ': ',
  '- ',
  '\n',
  '&a ',
  '*a',
  '9'.repeat(50),
  '-',
  '%',
  '\x7f',
  '\u2028',
  'é',
  ',',
  '/',
  '!!int ',
];

it.each(TARGETS)('$name', { timeout: (SECONDS / TARGETS.length) * 1000 * 4 + 30_000 }, async ({ name, corpus, run, own = [] }) => {
  const random = seededRandom(SEED);
  const pick = (n: number): number => Math.floor(random.float() * n);
  const bend = (text: string): string => {
    let t = text;
    for (let n = 1 + pick(4); n > 0; n--) {
      const at = pick(t.length + 1);
      const other = corpus[pick(corpus.length)]!;
      switch (pick(6)) {
        case 0:
          t = t.slice(0, at) + t.slice(at + 1 + pick(8));
          break;
        case 1:
          t = t.slice(0, at) + ODD[pick(ODD.length)]! + t.slice(at);
          break;
        case 2:
          t = t.slice(0, at) + String.fromCharCode(pick(256)) + t.slice(at + 1);
          break;
        case 3:
          t = t.slice(0, at) + other.slice(pick(other.length)) + t.slice(at);
          break;
        case 4:
          t = t.slice(0, at) + t.slice(at, at + 8).repeat(1 + pick(200)) + t.slice(at);
          break;
        default:
          t = t.slice(0, at);
      }
    }
    return t.slice(0, 8192);
  };
  const until = performance.now() + (SECONDS * 1000) / TARGETS.length;
  let pool = [...corpus];
  let runs = 0;
  for (; performance.now() < until; runs++) {
    const text = runs < corpus.length ? corpus[runs]! : bend(pool[pick(pool.length)]!);
    const started = performance.now();
    try {
      const done = run(text);
      if (done instanceof Promise) await done;
      if (runs % 8 === 0) pool = [...corpus, ...pool.slice(-30), text];
    } catch (e) {
      const language = e instanceof RangeError || e instanceof TypeError || e instanceof ReferenceError;
      if (language || !own.some((c) => e instanceof c)) throw new Error(`${name}, ${JSON.stringify(text)}: ${(e as Error).stack}`);
    }
    if (performance.now() - started > SLOWEST_MS)
      throw new Error(`${name} took ${performance.now() - started} ms for ${JSON.stringify(text)}`);
  }
  expect(runs).toBeGreaterThan(corpus.length);
});
