/** Debian's docker-registry on loopback with basic auth: it stands for Harbor. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { freePort } from '../ports.js';

export interface Registry {
  readonly address: string;
  readonly user: string;
  readonly password: string;
  stop(): Promise<void>;
}

export async function startRegistry(dir: string): Promise<Registry> {
  const port = await freePort();
  const user = 'jack';
  const password = 'harbor-secret';
  fs.mkdirSync(path.join(dir, 'data'), { recursive: true });
  fs.writeFileSync(path.join(dir, 'htpasswd'), execFileSync('htpasswd', ['-Bbn', user, password]));
  const config = `version: 0.1
log: { level: error }
storage: { filesystem: { rootdirectory: ${path.join(dir, 'data')} }, delete: { enabled: true } }
http: { addr: 127.0.0.1:${port} }
auth: { htpasswd: { realm: harbor, path: ${path.join(dir, 'htpasswd')} } }
`;
  fs.writeFileSync(path.join(dir, 'config.yml'), config);
  const log = fs.openSync(path.join(dir, 'registry.log'), 'w');
  const child: ChildProcess = spawn('docker-registry', ['serve', path.join(dir, 'config.yml')], { stdio: ['ignore', log, log] });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  for (let i = 0; i < 100; i++) {
    if (child.exitCode !== null)
      throw new Error(`docker-registry ended: ${fs.readFileSync(path.join(dir, 'registry.log'), 'utf8').slice(-500)}`);
    const ok = await fetch(`http://127.0.0.1:${port}/v2/`).then(
      (r) => r.status === 401,
      () => false,
    );
    if (ok) return { address: `127.0.0.1:${port}`, user, password, stop: () => (child.kill('SIGTERM'), gone) };
    await new Promise((r) => setTimeout(r, 50));
  }
  throw new Error('docker-registry did not answer in 5 s');
}
