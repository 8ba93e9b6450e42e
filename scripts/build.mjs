// Bundles the command and the library over chunks that they share, and writes the types of the library and the licences of what is bundled.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { build } from 'esbuild';
import { apiDocs } from './api-docs.mjs';
import { pruneTypes } from './prune-types.mjs';
import { thirdParty } from './third-party.mjs';

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
const { metafile } = await build({
  ...common,
  entryPoints: { k8ts: 'src/cli/main.ts', index: 'src/index.ts' },
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  metafile: true,
});
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.types.json'], { stdio: 'inherit' });
pruneTypes('dist/types');
fs.writeFileSync('dist/THIRD-PARTY.txt', thirdParty(metafile));
// What `kubectl explain` says about types and fields.
fs.writeFileSync('dist/api-docs.json', JSON.stringify(await apiDocs()));
