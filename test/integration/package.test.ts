/** What `npm pack` makes, in an empty project: it brings no other package, its types hold, and it runs. `make build` comes before. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const built = fs.existsSync(path.join(root, 'dist/index.js'));
const SOURCE = `import { type api, Cluster, kinds, VirtualClock } from 'k8ts';
const c = await Cluster.start({ nodes: 2, clock: 'virtual', seed: 1 });
if (!(c.clock instanceof VirtualClock)) throw new Error('no virtual clock');
const labels = { app: 'web' };
await c.client.create({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'default' },
  spec: { replicas: 3, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'nginx' }] } } },
});
await c.clock.advance('30s');
const pods: readonly api.core.Pod[] = (await c.client.list({ ...kinds.PODS, namespace: 'default' })).items;
console.log(pods.map((p) => p.status?.phase).join(' '));
// @ts-expect-error the type of a built-in kind is known
pods[0]?.status?.nothing;
await c.stop();
`;

describe.skipIf(!built)(`the package${built ? '' : ' (left out: dist is not built)'}`, () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-package-'));
  const run = (command: string, args: string[], cwd = dir) => {
    try {
      return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    } catch (e) {
      const { stdout, stderr } = e as { stdout: string; stderr: string };
      throw new Error(`${command} ${args.join(' ')}\n${stdout}${stderr}`);
    }
  };
  let packed: { filename: string; size: number; files: { path: string }[] };
  beforeAll(() => {
    [packed] = JSON.parse(run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', dir], root));
    fs.writeFileSync(path.join(dir, 'package.json'), '{ "private": true, "type": "module" }');
    run('npm', ['install', '--offline', '--no-audit', '--no-fund', `./${packed.filename}`]);
    fs.writeFileSync(path.join(dir, 'main.ts'), SOURCE);
  });
  afterAll(() => fs.rmSync(dir, { recursive: true, force: true }));

  it('is small, and brings no other package', () => {
    expect(packed.size).toBeLessThan(3_000_000);
    expect(packed.files.filter((f) => f.path.endsWith('.map'))).toEqual([]);
    expect(packed.files.map((f) => f.path)).toContain('dist/THIRD-PARTY.txt');
    expect(fs.readdirSync(path.join(dir, 'node_modules')).filter((n) => !n.startsWith('.'))).toEqual(['k8ts']);
  });

  it.each([
    ['node16', 'node16'],
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ])('type-checks: module %s, resolution %s', (module, resolution) => {
    const flags = ['--strict', '--noEmit', '--skipLibCheck', 'false', '--target', 'es2022', '--types', 'node'];
    const roots = ['--typeRoots', path.join(root, 'node_modules/@types'), '--module', module, '--moduleResolution', resolution];
    run(process.execPath, [path.join(root, 'node_modules/typescript/bin/tsc'), ...flags, ...roots, 'main.ts']);
  });

  it('runs', () => {
    const lines = SOURCE.split('\n').filter((l) => !l.includes('@ts-expect-error'));
    const js = lines.join('\n').replace('type api, ', '').replace(': readonly api.core.Pod[]', '');
    fs.writeFileSync(path.join(dir, 'main.js'), js);
    expect(run(process.execPath, ['main.js']).trim()).toBe('Running Running Running');
    expect(run('npx', ['--offline', 'k8ts', '--help'])).toContain('Usage: k8ts');
  });
});
