/** What a command in a container wrote, as far as anyone is told of it: a container may write as much as it likes. */
import type { ExecResult } from './runtime.js';

/** In bytes, of both streams together. */
export const MAX_OUTPUT = 10 * 1024;

export function outputOf({ stdout, stderr }: Pick<ExecResult, 'stdout' | 'stderr'>): string {
  const decoder = new TextDecoder();
  const out = decoder.decode(stdout.subarray(0, MAX_OUTPUT));
  return out + decoder.decode(stderr.subarray(0, Math.max(MAX_OUTPUT - stdout.length, 0)));
}

/** A command line as messages show it. */
export function commandText(words: readonly string[]): string {
  let text = '';
  for (const word of words) {
    text += text ? ` ${word}` : word;
    if (text.length > 1024) return `${text.slice(0, 1024)}...`;
  }
  return text;
}
