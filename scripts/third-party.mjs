// The licences of the packages that ended in the bundle, as they demand it.
import fs from 'node:fs';
import path from 'node:path';

export function thirdParty(metafile) {
  const folders = new Set();
  for (const input of Object.values(metafile.outputs).flatMap((o) => Object.keys(o.inputs))) {
    const m = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (m) folders.add(m[1]);
  }
  return [...folders]
    .sort()
    .map((folder) => {
      const p = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
      const texts = fs
        .readdirSync(folder)
        .filter((f) => /^(licen[cs]e|notice|copying)/i.test(f) && fs.statSync(path.join(folder, f)).isFile());
      if (!p.license) throw new Error(`${p.name} is bundled and names no licence`);
      return [`${p.name} ${p.version} (${p.license})`, ...texts.map((f) => fs.readFileSync(path.join(folder, f), 'utf8').trim())].join(
        '\n\n',
      );
    })
    .join(`\n\n${'-'.repeat(80)}\n\n`)
    .concat('\n');
}
