/** Runs a tool of the machine to its end. Rejects with what it wrote to standard error. */
import { execFile } from 'node:child_process';

const MAX_OUTPUT = 16 * 1024 * 1024;

export function run(command: string, args: readonly string[], input?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(command, args, { maxBuffer: MAX_OUTPUT }, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return reject(new Error(`${command} is not installed`));
      reject(new Error(`${command} ${args.join(' ')}: ${stderr.trim() || error.message}`));
    });
    if (input !== undefined) child.stdin?.end(input);
  });
}
