// Plays the lab for a person, step by step: what each command is, and what it says. Leaves nothing behind.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { build } from 'esbuild';

fs.mkdirSync('.cache', { recursive: true });
const out = '.cache/lab.mjs';
await build({
  entryPoints: ['test/e2e/lab/play.ts'],
  bundle: true,
  platform: 'node',
  format: 'esm',
  outfile: out,
  logLevel: 'error',
  banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" },
  define: { __LAB_ROOT__: JSON.stringify(`${process.cwd()}/`) },
});
process.exit(spawnSync(process.execPath, [out], { stdio: 'inherit' }).status ?? 1);
