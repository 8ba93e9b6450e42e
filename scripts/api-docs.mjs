// Takes the documentation of the API's types and fields out of the type declarations of @kubernetes/client-node and kubernetes-types,
// for `kubectl explain`.
// What comes out is not committed: { "<OpenAPI name>": text, "<OpenAPI name>.<field>": text }.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { build } from 'esbuild';

const models = path.join(path.dirname(createRequire(import.meta.url).resolve('@kubernetes/client-node')), 'gen', 'models');

/** Two types of one name in different groups have the group before the version there. */
function fileOf(name) {
  const [, group, version, type] = /([^.]+)\.([^.]+)\.([^.]+)$/.exec(name);
  if (name.endsWith('pkg.version.Info')) return 'VersionInfo';
  const v = version[0].toUpperCase() + version.slice(1);
  const g = group[0].toUpperCase() + group.slice(1);
  return [`${g}${v}${type}`, `${v}${type}`].find((f) => fs.existsSync(path.join(models, `${f}.d.ts`)));
}

const clean = (comment) =>
  comment
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, ''))
    .join('\n')
    .replace(/\\(['"`\\])/g, '$1')
    .trim();

/** The class's own text, and the texts of its properties by their JSON names. */
function readModel(file) {
  const text = fs.readFileSync(path.join(models, `${file}.d.ts`), 'utf8');
  const jsonNames = new Map(
    [...fs.readFileSync(path.join(models, `${file}.js`), 'utf8').matchAll(/"name": "([^"]+)",\s*"baseName": "([^"]+)"/g)].map((m) => [
      m[1],
      m[2],
    ]),
  );
  const own = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*export declare class/.exec(text);
  const fields = {};
  for (const m of text.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*'([^']+)'\??:/g)) fields[jsonNames.get(m[2]) ?? m[2]] = clean(m[1]);
  return { own: own ? clean(own[1]) : '', fields, names: new Set(jsonNames.values()) };
}

/**
 * client-node drops the texts of fields whose type has a class of its own. kubernetes-types has them, of an older version: what a field is
 * for has not changed where the field was there.
 */
const older = path.dirname(createRequire(import.meta.url).resolve('kubernetes-types/package.json'));
const olderFiles = new Map();
function olderFields(name) {
  const [, group, version, type] = /([^.]+)\.([^.]+)\.([^.]+)$/.exec(name);
  const file = path.join(older, group, `${version}.d.ts`);
  if (!olderFiles.has(file)) olderFiles.set(file, fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '');
  const block = new RegExp(`export interface ${type} \\{\\n([\\s\\S]*?)\\n\\}`).exec(olderFiles.get(file))?.[1] ?? '';
  const fields = {};
  for (const m of block.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*"?([\w$-]+)"?\??:/g)) fields[m[2]] = clean(m[1]);
  return fields;
}

export async function apiDocs() {
  const bundle = await build({
    entryPoints: ['src/api/schemas.ts'],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    logLevel: 'error',
  });
  const { schemas } = await import(`data:text/javascript;base64,${Buffer.from(bundle.outputFiles[0].text).toString('base64')}`);
  const docs = {};
  const special = new Map();
  for (const name of schemas.names()) {
    const type = schemas.type(name);
    const file = fileOf(name);
    if (!file) continue;
    const model = readModel(file);
    // A class of that name that has none of the fields is another type.
    if (type.fields.length && !type.fields.some((f) => model.names.has(f.name))) continue;
    if (model.own) docs[name] = model.own;
    for (const f of type.fields) {
      const text = model.fields[f.name];
      if (!text) continue;
      docs[`${name}.${f.name}`] = text;
      if (f.value.is === 'special')
        special.set(f.value.special, [...(special.get(f.value.special) ?? []), { key: `${name}.${f.name}`, text }]);
    }
    if (name.endsWith('.meta.v1.Status'))
      for (const f of ['apiVersion', 'kind']) if (model.fields[f]) docs[`${name}.${f}`] = model.fields[f];
  }
  // Where a type has no class of its own (IntOrString, Quantity), each field carries the type's text: it belongs to the type.
  for (const uses of special.values()) {
    const times = new Map();
    for (const { text } of uses) times.set(text, (times.get(text) ?? 0) + 1);
    for (const { key, text } of uses) if (times.get(text) > 1 && times.get(text) > uses.length / 2) delete docs[key];
  }
  for (const name of schemas.names()) {
    const fields = olderFields(name);
    for (const f of schemas.type(name).fields) if (fields[f.name]) docs[`${name}.${f.name}`] ??= fields[f.name];
  }
  return docs;
}

if (process.argv[1] === new URL(import.meta.url).pathname) console.log(JSON.stringify(await apiDocs()));
