/** /version, /healthz, /livez, /readyz and the root path. Source: https://kubernetes.io/docs/reference/using-api/health-checks/ */
import { utf8 } from '../util/bytes.js';
import type { Answer } from './answer.js';
import type { NonResourceHandler } from './non-resource.js';

export const ENDPOINTS = ['healthz', 'livez', 'readyz'] as const;
export type Endpoint = (typeof ENDPOINTS)[number];

export const asks = (endpoint: Endpoint, c: Pick<HealthCheck, 'of'>): boolean => !c.of || c.of.includes(endpoint);

export interface HealthCheck {
  readonly name: string;
  /** Throws, or rejects, with what is wrong. */
  check(): void | Promise<void>;
  /** The endpoints that ask it; absent: all. Not being ready is no reason to be restarted, for one. */
  readonly of?: readonly Endpoint[];
}

/** The version whose behaviour k8ts has. */
export const KUBERNETES_VERSION = { major: '1', minor: '36', gitVersion: 'v1.36.2+k8ts' } as const;

export const versionInfo = (buildDate: string): object => ({
  ...KUBERNETES_VERSION,
  emulationMajor: '1',
  emulationMinor: '36',
  minCompatibilityMajor: '1',
  minCompatibilityMinor: '35',
  gitCommit: '0000000000000000000000000000000000000000',
  gitTreeState: 'clean',
  buildDate,
  goVersion: 'none',
  compiler: 'typescript',
  platform: 'linux/amd64',
});

const plain = (status: number, text: string): Answer => ({
  is: 'bytes',
  status,
  contentType: 'text/plain; charset=utf-8',
  bytes: utf8(text),
  headers: { 'X-Content-Type-Options': 'nosniff', 'Cache-Control': 'no-cache, private' },
});

/** These two are for people: always indented. */
const indented = (value: object): Answer => ({
  is: 'bytes',
  status: 200,
  contentType: 'application/json',
  bytes: utf8(JSON.stringify(value, null, 2)),
});

export function health(checks: readonly HealthCheck[]): NonResourceHandler {
  return async (request) => {
    const match = /^\/(healthz|livez|readyz)(?:\/(.+?))?\/?$/.exec(request.path);
    if (!match) return undefined;
    const [, kind, only] = match as unknown as [string, Endpoint, string?];
    const mine = checks.filter((c) => asks(kind, c));
    if (only) {
      const one = mine.find((c) => c.name === only);
      if (!one) return plain(404, '404 page not found\n');
      const failed = await run(one);
      return failed ? plain(500, `internal server error: ${failed}\n`) : plain(200, 'ok');
    }
    const excluded = new Set(request.query.getAll('exclude'));
    const lines: string[] = [];
    let bad = 0;
    // All at once: each may wait for something that does not answer.
    const outcomes = new Map(await Promise.all(mine.filter((c) => !excluded.has(c.name)).map(async (c) => [c, await run(c)] as const)));
    for (const c of mine) {
      if (excluded.has(c.name)) {
        lines.push(`[+]${c.name} excluded: ok`);
        excluded.delete(c.name);
        continue;
      }
      const failed = outcomes.get(c);
      if (failed) bad++;
      lines.push(failed ? `[-]${c.name} failed: reason withheld` : `[+]${c.name} ok`);
    }
    if (excluded.size)
      lines.push(`warn: some health checks cannot be excluded: no matches for ${[...excluded].map((e) => JSON.stringify(e)).join(', ')}`);
    if (bad) return plain(500, `${lines.join('\n')}\n${kind} check failed\n`);
    return request.query.has('verbose') ? plain(200, `${lines.join('\n')}\n${kind} check passed\n`) : plain(200, 'ok');
  };
}

async function run(c: HealthCheck): Promise<string | undefined> {
  try {
    await c.check();
    return undefined;
  } catch (e) {
    return (e as Error).message;
  }
}

export const version =
  (buildDate: string): NonResourceHandler =>
  (request) =>
    request.path === '/version' || request.path === '/version/' ? indented(versionInfo(buildDate)) : undefined;

/** `/` lists the paths there are. */
export const rootPaths =
  (paths: () => readonly string[]): NonResourceHandler =>
  (request) =>
    request.path === '/' && request.method === 'GET' ? indented({ paths: [...paths()].sort() }) : undefined;
