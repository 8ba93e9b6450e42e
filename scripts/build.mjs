// Bundles the command and the library: one file each, so that they start at once.
import fs from 'node:fs';
import { build } from 'esbuild';
import { apiDocs } from './api-docs.mjs';

fs.rmSync('dist', { recursive: true, force: true });
const common = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  outdir: 'dist',
  sourcemap: 'linked',
  logLevel: 'warning',
  // Packages that are CommonJS inside an ES module bundle need `require`.
  banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" },
};
await build({ ...common, entryPoints: { k8ts: 'src/cli/main.ts' }, splitting: true, chunkNames: 'chunks/[name]-[hash]' });
if (fs.existsSync('src/index.ts')) await build({ ...common, entryPoints: { index: 'src/index.ts' } });
// What `kubectl explain` says about types and fields.
fs.writeFileSync('dist/api-docs.json', JSON.stringify(await apiDocs()));
