// The rules of the house that no other tool checks:
//  - a room imports only from rooms above it (ROOMS below is ARCHITECTURE.md's list);
//  - node: modules only where the machine is;
//  - time and randomness are handed in: outside util, host and cli nothing calls Date.now, setTimeout, Math.random and the like.
import fs from 'node:fs';
import path from 'node:path';

const ROOMS = {
  util: [],
  meta: ['util'],
  api: ['util', 'meta'],
  store: ['util', 'meta'],
  etcd: ['util', 'meta', 'store'],
  apiserver: ['util', 'meta', 'api', 'store'],
  client: ['util', 'meta', 'api'],
  controllers: ['util', 'meta', 'api', 'client'],
  scheduler: ['util', 'meta', 'api', 'client'],
  kubelet: ['util', 'meta', 'api', 'client'],
  proxy: ['util', 'meta', 'api', 'client'],
  network: ['util', 'meta', 'api', 'client'],
  // The machine: it implements interfaces that the components declare.
  host: ['util', 'meta', 'api', 'client', 'store', 'etcd', 'apiserver', 'kubelet', 'proxy', 'network'],
};
ROOMS.cluster = Object.keys(ROOMS);
ROOMS.cli = Object.keys(ROOMS);
const NODE_ALLOWED = /^src\/(host|cli|cluster)\/|^src\/(apiserver|etcd)\/listen\/|^src\/store\/embedded\/file-/;
const BANNED = /\b(Date\.now|setTimeout|setInterval|setImmediate|Math\.random|performance\.now|process\.env)\b|new Date\(\)/;
const TIME_EXEMPT = /^src\/(util|host|cli|cluster)\//;

const files = (dir) =>
  fs.readdirSync(dir, { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? files(path.join(dir, e.name)) : [path.join(dir, e.name)]));
const all = files('src').filter((f) => f.endsWith('.ts') && !f.endsWith('.test.ts') && !f.includes('/testing/'));
const problems = [];
let imports = 0;
for (const file of all) {
  const text = fs.readFileSync(file, 'utf8');
  const room = file.split('/')[1];
  for (const m of text.matchAll(
    /(?:^|\n)\s*(?:import|export)\b[^;'"]*?from\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)|(?:^|\n)import\s+['"]([^'"]+)['"]/g,
  )) {
    const target = m[1] ?? m[2] ?? m[3];
    imports++;
    if (target.startsWith('node:')) {
      if (!NODE_ALLOWED.test(file) && !(room === 'util' && file.endsWith('.d.ts')))
        problems.push(`${file}: imports ${target}; the machine is reached through interfaces that src/host implements`);
    } else if (target.startsWith('.')) {
      const to = path.normalize(path.join(path.dirname(file), target)).split('/');
      const other = to[1];
      if (to[0] !== 'src') problems.push(`${file}: imports ${target}, outside src`);
      else if (ROOMS[room] && to.length > 2 && other !== room && !ROOMS[room].includes(other))
        problems.push(`${file}: src/${room} may not import src/${other} (only: ${ROOMS[room].join(', ') || 'nothing'})`);
    }
  }
  if (TIME_EXEMPT.test(file)) continue;
  for (const [i, line] of text.split('\n').entries()) {
    const code = line.replace(/\/\/.*|^\s*\*.*|\/\*.*?\*\//g, '');
    if (BANNED.test(code)) problems.push(`${file}:${i + 1}: time and randomness are handed in (clock, random): ${line.trim()}`);
  }
}
if (imports < 500) problems.push(`only ${imports} imports were seen: this check does not work any more`);
for (const p of problems) console.error(p);
if (problems.length) process.exit(1);
console.log(`${all.length} files, ${imports} imports: every room keeps to its place`);
