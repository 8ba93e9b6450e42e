/** Every regular expression of the sources takes a time in proportion to the text, whatever the text is; and none comes from a user. */
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { parseAst } from 'rolldown/parseAst';
import { beforeAll, expect, it } from 'vitest';

process.env.RECHECK_BACKEND = 'pure';
const { checkSync } = createRequire(import.meta.url)('recheck') as typeof import('recheck');

/** Those that are right although the check says otherwise, or does not come to an end: why. */
const KNOWN: Readonly<Record<string, string>> = {
  ',(?![^<]*>)': 'over our own schema, once at the start',
};
/** `new RegExp` of what is not a constant of ours. */
const MADE: Readonly<Record<string, string>> = {
  'src/meta/names.ts': 'of the constants above it, checked here',
  'src/meta/schema/parse.ts': 'over our own schema, once at the start',
  'src/api/check.ts': 'of a constant, checked here',
  'src/api/core/pod-spec/validate/security.ts': 'of a constant, checked here',
};

const SRC = path.resolve(import.meta.dirname, '../../src');
const found = new Map<string, string[]>();
const made = new Map<string, number>();

const sources = (dir: string): string[] =>
  fs.readdirSync(dir, { withFileTypes: true }).flatMap((e) => {
    const file = path.join(dir, e.name);
    if (e.isDirectory()) return sources(file);
    return /\.ts$/.test(e.name) && !/\.(test|d)\.ts$/.test(e.name) ? [file] : [];
  });

interface Node {
  readonly type?: string;
  readonly [key: string]: unknown;
}

beforeAll(async () => {
  for (const file of sources(SRC)) {
    const name = path.relative(path.dirname(SRC), file);
    const text = fs.readFileSync(file, 'utf8');
    const walk = (n: unknown): void => {
      if (typeof n !== 'object' || n === null) return;
      if (Array.isArray(n)) return n.forEach(walk);
      const node = n as Node;
      const regex = node.regex as { pattern: string; flags: string } | undefined;
      if (node.type === 'Literal' && regex) add(regex.pattern, regex.flags, name);
      if (node.type === 'NewExpression' && (node.callee as Node).name === 'RegExp') made.set(name, (made.get(name) ?? 0) + 1);
      for (const key of Object.keys(node)) walk(node[key]);
    };
    walk(parseAst(text, { lang: 'ts' }, file).body);
  }
  // What modules put together when they are loaded.
  const Plain = RegExp;
  globalThis.RegExp = new Proxy(Plain, {
    construct(target, args: [string | RegExp, string?]) {
      const made = new target(...args);
      if (typeof args[0] === 'string') add(made.source, made.flags, 'made');
      return made;
    },
  });
  try {
    for (const file of Object.keys(MADE)) await import(path.resolve(path.dirname(SRC), file));
  } finally {
    globalThis.RegExp = Plain;
  }
});

function add(pattern: string, flags: string, at: string): void {
  const key = `${pattern}/${flags}`;
  found.set(key, [...(found.get(key) ?? []), at]);
}

it('no regular expression is made of a text that is not ours', () => {
  expect([...made.keys()].sort()).toEqual(Object.keys(MADE).sort());
});

it('each is linear', { timeout: 300_000 }, () => {
  expect(found.size).toBeGreaterThan(150);
  const wrong: string[] = [];
  for (const [key, at] of found) {
    const cut = key.lastIndexOf('/');
    const pattern = key.slice(0, cut);
    if (Object.hasOwn(KNOWN, pattern)) continue;
    const { status } = checkSync(pattern, key.slice(cut + 1).replace('d', ''), { checker: 'automaton', timeout: 20_000 });
    if (status !== 'safe') wrong.push(`/${key} ${status} at ${[...new Set(at)].join(', ')}`);
  }
  expect(wrong).toEqual([]);
});
