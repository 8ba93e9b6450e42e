/** The end of a file, found by reading backwards. */
import type { FileSystem } from '../host.js';
import { LineSplitter, parseLine } from './line.js';

const BLOCK = 64 * 1024;
const NEWLINE = 0x0a;

/** Where the last `lines` lines begin. A last line without an end counts. */
export async function tailOffset(files: FileSystem, path: string, size: number, lines: number): Promise<number> {
  if (lines <= 0) return size;
  let found = 0;
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - BLOCK);
    const block = await files.readRange(path, start, end - start);
    for (let i = block.length - 1; i >= 0; i--) {
      if (block[i] === NEWLINE && start + i !== size - 1 && ++found === lines) return start + i + 1;
    }
    end = start;
  }
  return 0;
}

/** The text of the last lines of a log, at most `maxBytes` of it. */
export async function tailText(files: FileSystem, path: string, lines: number, maxBytes: number): Promise<string> {
  const size = (await files.stat(path))?.size ?? 0;
  const from = await tailOffset(files, path, size, lines);
  const splitter = new LineSplitter();
  const parts = splitter.push(await files.readRange(path, from, size - from)).flatMap((l) => {
    const line = parseLine(l);
    return line ? [new TextDecoder().decode(line.content) + (line.partial ? '' : '\n')] : [];
  });
  return parts.join('').slice(-maxBytes);
}
