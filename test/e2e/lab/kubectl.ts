/** Runs kubectl: the one on the PATH, or Debian's 1.20 beside it. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';

export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export class Kubectl {
  constructor(
    readonly binary: string,
    readonly kubeconfig: string,
  ) {}

  /** Whatever it answers. */
  try(args: string | readonly string[], input?: string): Said {
    const list = typeof args === 'string' ? args.split(/\s+/) : args;
    const r = spawnSync(this.binary, list, {
      encoding: 'utf8',
      input,
      env: { ...process.env, KUBECONFIG: this.kubeconfig, HOME: '/nonexistent' },
      timeout: 120_000,
      maxBuffer: 64 << 20,
    });
    if (r.error) throw r.error;
    return { code: r.status ?? -1, out: r.stdout, err: r.stderr };
  }

  /** Its standard output; throws what it said where it failed. */
  run(args: string | readonly string[], input?: string): string {
    const said = this.try(args, input);
    if (said.code !== 0)
      throw new Error(`kubectl ${typeof args === 'string' ? args : args.join(' ')} [${said.code}]\n${said.err}${said.out}`);
    return said.out;
  }
}

/** Where Debian's kubernetes-client lies when another package brings a newer kubectl: `.cache/kubectl-1.20`. */
export const OLD_KUBECTL = new URL('../../../.cache/kubernetes-client/usr/bin/kubectl', import.meta.url).pathname;

export const onPath = (name: string): string | undefined =>
  (process.env.PATH ?? '')
    .split(':')
    .map((d) => `${d}/${name}`)
    .find((f) => fs.existsSync(f));
