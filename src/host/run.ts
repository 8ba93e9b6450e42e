/** Runs a program to its end. */
import { spawn } from 'node:child_process';

export class CommandError extends Error {
  constructor(
    readonly command: string,
    readonly exitCode: number | null,
    readonly stderr: string,
  ) {
    super(`${command}: ${stderr.trim() || `exit code ${exitCode}`}`);
    this.name = 'CommandError';
  }
}

/** Output kept of a command; the rest is dropped. */
const OUTPUT_LIMIT = 16 * 1024 * 1024;

/** Throws CommandError when the program fails or is not there. */
export function run(
  command: string,
  args: readonly string[],
  o: { input?: string; env?: Record<string, string> } = {},
): Promise<{ stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...o.env } });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let size = 0;
    const keep = (to: Buffer[]) => (b: Buffer) => {
      size += b.length;
      if (size < OUTPUT_LIMIT) to.push(b);
    };
    child.stdout.on('data', keep(out));
    child.stderr.on('data', keep(err));
    child.on('error', (e: NodeJS.ErrnoException) =>
      reject(new CommandError(command, null, e.code === 'ENOENT' ? 'command not found' : e.message)),
    );
    child.on('close', (code) => {
      const stderr = Buffer.concat(err).toString();
      if (code === 0) resolve({ stdout: Buffer.concat(out).toString(), stderr });
      else reject(new CommandError(command, code, stderr));
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(o.input);
  });
}
