/** Log lines through pino: each bounded, since parts of them are what others wrote; in a file that is moved aside when it is full. */
import fs from 'node:fs';
import path from 'node:path';
import pino from 'pino';
import type { Logger } from '../util/logger.js';

/** A longer text ends here. */
const FIELD_LIMIT = 4096;
/** The file and the one before it are kept. */
const FILE_LIMIT = 32 * 1024 * 1024;

export function createLogger(level: 'silent' | 'error' | 'warn' | 'info' | 'debug', file?: string): Logger {
  const out = file === undefined ? pino.destination({ dest: 2, sync: true }) : new LogFile(file);
  return wrap(pino({ level, base: undefined, timestamp: pino.stdTimeFunctions.isoTime }, out));
}

/** A file that is written at once, line by line; full, it becomes `<name>.1` in place of the last one of that name. */
export class LogFile {
  private fd: number;
  private size: number;

  constructor(
    private readonly name: string,
    private readonly limit = FILE_LIMIT,
  ) {
    fs.mkdirSync(path.dirname(name), { recursive: true });
    this.fd = fs.openSync(name, 'a', 0o640);
    this.size = fs.fstatSync(this.fd).size;
  }

  write(line: string): void {
    if (this.size > this.limit) this.rotate();
    try {
      this.size += fs.writeSync(this.fd, line);
    } catch {
      // A full disk must not end the process: the line is lost.
    }
  }

  private rotate(): void {
    fs.closeSync(this.fd);
    fs.renameSync(this.name, `${this.name}.1`);
    this.fd = fs.openSync(this.name, 'a', 0o640);
    this.size = 0;
  }
}

const cut = (s: string): string => (s.length > FIELD_LIMIT ? `${s.slice(0, FIELD_LIMIT)}… (${s.length - FIELD_LIMIT} more)` : s);

function bounded(fields: Record<string, unknown> | undefined): Record<string, unknown> {
  if (!fields) return {};
  const out: Record<string, unknown> = {};
  for (const [k, v] of Object.entries(fields)) out[k] = typeof v === 'string' ? cut(v) : v;
  return out;
}

const wrap = (p: pino.Logger): Logger => ({
  debug: (message, fields) => p.debug(bounded(fields), cut(message)),
  info: (message, fields) => p.info(bounded(fields), cut(message)),
  warn: (message, fields) => p.warn(bounded(fields), cut(message)),
  error: (message, fields) => p.error(bounded(fields), cut(message)),
  with: (fields) => wrap(p.child(bounded(fields))),
});
