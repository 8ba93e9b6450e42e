// Writes the TypeScript types of the whole API from the schema tables, into src/api/types and src/meta/types (not committed).
// They describe objects as the server gives them: what it always writes is not optional.
import fs from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

const bundle = await build({
  entryPoints: ['src/api/schemas.ts'],
  bundle: true,
  write: false,
  format: 'esm',
  platform: 'neutral',
  logLevel: 'error',
});
const { schemas } = await import(`data:text/javascript;base64,${Buffer.from(bundle.outputFiles[0].text).toString('base64')}`);

const SPECIAL = {
  Time: 'string',
  MicroTime: 'string',
  Duration: 'string',
  Quantity: 'string',
  IntOrString: 'number | string',
  RawExtension: 'unknown',
  FieldsV1: 'unknown',
  JSON: 'unknown',
  any: 'unknown',
};
const SCALAR = { string: 'string', int32: 'number', int64: 'number', bool: 'boolean', bytes: 'string', double: 'number' };
// A stored object always has these, although a client may leave them out.
const STORED = new Set(['ObjectMeta.name', 'ObjectMeta.uid', 'ObjectMeta.resourceVersion', 'ObjectMeta.creationTimestamp']);

const outline = schemas.outline();
const fileOf = (alias) => {
  if (alias === 'meta') return 'meta/types/v1.ts';
  if (alias === 'meta.version') return 'meta/types/version.ts';
  const [group, version = 'v1'] = alias.split('.');
  return `api/types/${group}/${version}.ts`;
};
const homes = new Map(outline.map((t) => [t.package, t]));

let changed = 0;
for (const table of outline) {
  const file = fileOf(table.alias);
  const imports = new Map();
  const refer = (type) => {
    const pkg = type.name.slice(0, type.name.lastIndexOf('.'));
    const name = type.name.slice(pkg.length + 1);
    if (pkg === table.package) return name;
    const alias = homes.get(pkg).alias;
    const ns = alias.replace(/\.(\w)/g, (_, c) => c.toUpperCase());
    imports.set(ns, alias);
    return `${ns}.${name}`;
  };
  const text = (v) => {
    switch (v.is) {
      case 'scalar':
        return v.enum?.closed ? v.enum.values.map((x) => `'${x}'`).join(' | ') : SCALAR[v.scalar];
      case 'special':
        if (v.special === 'JSONSchemaPropsOrArray') return 'JSONSchemaProps | JSONSchemaProps[]';
        if (v.special === 'JSONSchemaPropsOrBool') return 'JSONSchemaProps | boolean';
        if (v.special === 'JSONSchemaPropsOrStringArray') return 'JSONSchemaProps | string[]';
        return SPECIAL[v.special];
      case 'message':
        return v.message.alias ? text(v.message.alias) : refer(v.message);
      case 'list': {
        const of = text(v.of);
        return / \| /.test(of) ? `(${of})[]` : `${of}[]`;
      }
      default:
        return `Record<string, ${text(v.of)}>`;
    }
  };
  const body = [];
  for (const name of table.types) {
    const type = schemas.type(`${table.package}.${name}`);
    if (type.alias) {
      body.push(`export type ${name} = ${text(type.alias)};\n`);
      continue;
    }
    const lines = [];
    if (type.kind) lines.push(`  apiVersion: ${type.kind === 'object' && !type.everywhere ? 'string' : 'string'};`, '  kind: string;');
    for (const f of type.fields) {
      const written =
        STORED.has(`${name}.${f.name}`) ||
        (!f.pointer && (f.always || (f.value.is === 'message' && !f.value.message.alias && !f.omitZero)));
      lines.push(`  ${/^[\w$]+$/.test(f.name) ? f.name : `'${f.name}'`}${written ? '' : '?'}: ${text(f.value)};`);
    }
    body.push(`export interface ${name} {\n${lines.join('\n')}\n}\n`);
  }
  const kinds = table.types.filter((n) => schemas.type(`${table.package}.${n}`).kind === 'object');
  const head = [...imports].map(([ns, alias]) => {
    let to = path.posix.relative(path.posix.dirname(file), fileOf(alias)).replace(/\.ts$/, '.js');
    if (!to.startsWith('.')) to = `./${to}`;
    return `import type * as ${ns} from '${to}';`;
  });
  const content = `// Generated from the schema table of ${table.package}: do not edit.\n${head.join('\n')}\n\n${body.join('\n')}`;
  changed += write(path.join('src', file), content);
  table.kinds = kinds;
}

// The type of each kind, by apiVersion and kind: what makes `client.get({ apiVersion: 'v1', kind: 'Pod', … })` a Pod.
const rows = outline
  .filter((t) => t.alias !== 'meta.version' && t.alias !== 'meta')
  .flatMap((t) => {
    const ns = t.alias.replace(/\.(\w)/g, (_, c) => c.toUpperCase());
    return t.kinds.map((k) => [ns, t.alias, `  '${t.apiVersion}/${k}': ${ns}.${k};`]);
  });
const uses = new Map(rows.map(([ns, alias]) => [ns, alias]));
changed += write(
  'src/api/types/index.ts',
  `// Generated from the schema tables: do not edit.\n${[...uses].map(([ns, alias]) => `import type * as ${ns} from './${fileOf(alias).replace('api/types/', '').replace(/\.ts$/, '.js')}';`).join('\n')}\n\nexport interface BuiltInKinds {\n${rows.map((r) => r[2]).join('\n')}\n}\n\nexport type { ${[...uses.keys()].join(', ')} };\n`,
);
if (changed) console.log(`types: ${changed} files written`);

function write(file, content) {
  if (fs.existsSync(file) && fs.readFileSync(file, 'utf8') === content) return 0;
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, content);
  return 1;
}
