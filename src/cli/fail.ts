/** How a command ends badly: one line that says what is wrong and what to do, exit code 1. */
export class UserError extends Error {
  constructor(
    message: string,
    readonly code = 1,
  ) {
    super(message);
    this.name = 'UserError';
  }
}

export function describe(e: unknown): string {
  const error = e as NodeJS.ErrnoException & { port?: number; address?: string };
  if (error.code === 'EADDRINUSE')
    return `port ${error.port} on ${error.address ?? 'this machine'} is in use: choose another with --port (or --secure-port), or stop what listens there`;
  if (error.code === 'EACCES') return `${error.message}: run as root, or choose a directory and ports that you may use`;
  return error?.message ?? String(e);
}

export function fail(e: unknown): never {
  console.error(`error: ${describe(e)}`);
  if (process.env.K8TS_TRACE && e instanceof Error) console.error(e.stack);
  process.exit(e instanceof UserError ? e.code : 1);
}
