/** Log lines through pino. */
import pino from 'pino';
import type { Logger } from '../util/logger.js';

export function createLogger(level: 'silent' | 'error' | 'warn' | 'info' | 'debug', file?: string): Logger {
  return wrap(
    pino(
      { level, base: undefined, timestamp: pino.stdTimeFunctions.isoTime },
      pino.destination({ dest: file ?? 2, sync: true, append: true, mkdir: true }),
    ),
  );
}

const wrap = (p: pino.Logger): Logger => ({
  debug: (message, fields) => p.debug(fields ?? {}, message),
  info: (message, fields) => p.info(fields ?? {}, message),
  warn: (message, fields) => p.warn(fields ?? {}, message),
  error: (message, fields) => p.error(fields ?? {}, message),
  with: (fields) => wrap(p.child(fields)),
});
