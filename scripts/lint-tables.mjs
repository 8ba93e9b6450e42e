// A plain object that is looked up by a text answers `constructor` and its like, too: tables are made by table() (util/own), or are Maps.
import fs from 'node:fs';
import path from 'node:path';
import { parseAst } from 'rolldown/parseAst';

const SRC = new URL('../src/', import.meta.url).pathname;
const files = (dir) =>
  fs.readdirSync(dir, { withFileTypes: true }).flatMap((e) => {
    const file = path.join(dir, e.name);
    if (e.isDirectory()) return files(file);
    return /\.ts$/.test(e.name) && !/\.(test|schema|d)\.ts$/.test(e.name) ? [file] : [];
  });
const WRAPPERS = new Set(['TSAsExpression', 'TSSatisfiesExpression', 'TSNonNullExpression', 'ParenthesizedExpression']);
const bare = (node) => {
  let n = node;
  while (n && WRAPPERS.has(n.type)) n = n.expression;
  return n;
};

/** Of each module: objects declared at its top, names looked into by what is not a literal, and imports. */
const modules = new Map();
for (const file of files(SRC)) {
  const found = { plain: new Set(), looked: new Set(), imports: new Map() };
  const { body } = parseAst(fs.readFileSync(file, 'utf8'), { lang: 'ts' }, file);
  for (const s of body) {
    const d = s.type === 'ExportNamedDeclaration' ? s.declaration : s;
    if (d?.type === 'VariableDeclaration')
      for (const v of d.declarations)
        if (v.id.type === 'Identifier' && bare(v.init)?.type === 'ObjectExpression') found.plain.add(v.id.name);
    if (s.type === 'ImportDeclaration' && s.source.value.startsWith('.'))
      for (const i of s.specifiers)
        if (i.type === 'ImportSpecifier')
          found.imports.set(i.local.name, [path.resolve(path.dirname(file), s.source.value.replace(/\.js$/, '.ts')), i.imported.name]);
  }
  const walk = (n) => {
    if (typeof n !== 'object' || n === null) return;
    if (Array.isArray(n)) return n.forEach(walk);
    const holder = n.type === 'MemberExpression' && n.computed && n.property.type !== 'Literal' ? n.object : undefined;
    const asked = n.type === 'BinaryExpression' && n.operator === 'in' ? n.right : holder;
    if (bare(asked)?.type === 'Identifier') found.looked.add(bare(asked).name);
    for (const key of Object.keys(n)) if (key !== 'type') walk(n[key]);
  };
  walk(body);
  modules.set(file, found);
}

const wrong = new Set();
for (const [file, { plain, looked, imports }] of modules)
  for (const name of looked) {
    const [home, own] = plain.has(name) ? [file, name] : (imports.get(name) ?? []);
    if (home && modules.get(home)?.plain.has(own)) wrong.add(`${path.relative(path.dirname(SRC), home)}: ${own}`);
  }
for (const line of [...wrong].sort())
  console.log(`${line} is looked up by what is not a literal: make it by table() of util/own.ts, or a Map`);
if (wrong.size) process.exit(1);
console.log(`${modules.size} files: every table has its own entries and nothing else`);
