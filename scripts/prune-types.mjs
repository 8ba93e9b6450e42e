// Keeps of dist/types what `import 'k8ts'` reaches, and fails where a declaration needs a package that is not installed with this one.
import fs from 'node:fs';
import path from 'node:path';

export function pruneTypes(dir) {
  const kept = new Set();
  const visit = (file) => {
    if (kept.has(file)) return;
    kept.add(file);
    const imports = /^(?:import|export) .*\bfrom ['"]([^'"]+)['"];$|^import ['"]([^'"]+)['"];$|\bimport\(['"]([^'"]+)['"]\)/gm;
    for (const [, from, bare, inline] of fs.readFileSync(file, 'utf8').matchAll(imports)) {
      const name = from ?? bare ?? inline;
      if (name.startsWith('node:')) continue;
      if (!name.startsWith('.')) throw new Error(`${file}: the published types need ${name}`);
      visit(path.join(path.dirname(file), name.replace(/\.js$/, '.d.ts')));
    }
  };
  visit(path.join(dir, 'index.d.ts'));
  for (const e of fs.readdirSync(dir, { recursive: true, withFileTypes: true }))
    if (e.isFile() && !kept.has(path.join(e.parentPath, e.name))) fs.rmSync(path.join(e.parentPath, e.name));
  for (const e of fs.readdirSync(dir, { recursive: true, withFileTypes: true }).reverse())
    if (e.isDirectory()) {
      const d = path.join(e.parentPath, e.name);
      if (fs.readdirSync(d).length === 0) fs.rmdirSync(d);
    }
}
