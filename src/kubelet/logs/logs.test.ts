import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../util/virtual-clock.js';
import type { ContainerRuntime } from '../runtime.js';
import { MemoryFiles } from '../simulated/memory-files.js';
import { LineSplitter, parseLine } from './line.js';
import { type LogOptions, readLog } from './read-log.js';
import { plan, rotateLogs } from './rotate.js';
import { tailOffset, tailText } from './tail.js';

const PATH = '/l/0.log';
const at = (s: number): string => `2026-01-01T00:00:${String(s).padStart(2, '0')}.000000000Z`;
const line = (s: number, text: string, stream = 'stdout', tag = 'F'): string => `${at(s)} ${stream} ${tag} ${text}\n`;
const never = (): AbortSignal => new AbortController().signal;

async function files(text: string): Promise<MemoryFiles> {
  const f = new MemoryFiles(new VirtualClock());
  await f.mkdir('/l');
  await f.write(PATH, text);
  return f;
}

async function read(f: MemoryFiles, options: LogOptions, running = async () => false, signal = never()): Promise<string> {
  let out = '';
  for await (const chunk of readLog(f, PATH, options, running, signal)) out += new TextDecoder().decode(chunk);
  return out;
}

describe('lines', () => {
  it.each([
    [line(1, 'a b').trimEnd(), { stream: 'stdout', partial: false, timestamp: at(1) }],
    [`${at(1)} stderr P x`, { stream: 'stderr', partial: true }],
    [`${at(1)} stdout F`, { partial: false }],
  ])('%s', (text, want) => {
    expect(parseLine(new TextEncoder().encode(text))).toMatchObject(want);
  });
  it('of a megabyte come whole in pieces of one byte, and what waits is not copied or searched for each', { timeout: 30_000 }, () => {
    const lines = new LineSplitter();
    const one = Uint8Array.of(120);
    for (let n = 0; n < 1 << 20; n++) if (lines.push(one).length) throw new Error(`a line after ${n} bytes`);
    expect(lines.unfinished.length).toBe(1 << 20);
    expect(lines.push(new TextEncoder().encode('\ny\n\nz')).map((l) => l.length)).toEqual([1 << 20, 1, 0]);
    expect(lines.unfinished).toEqual(Uint8Array.of(122));
  });
  it.each(['', 'x', 'a b', `${at(1)} stdin F x`])('%j is none', (text) => {
    expect(parseLine(new TextEncoder().encode(text))).toBeUndefined();
  });
});

describe('reading', () => {
  const text = line(1, 'one') + line(2, 'two', 'stderr') + line(3, 'three') + line(4, 'half', 'stdout', 'P') + line(5, '-line');
  it.each<[LogOptions, string]>([
    [{}, 'one\ntwo\nthree\nhalf-line\n'],
    [{ tailLines: 0 }, ''],
    [{ tailLines: 3 }, 'three\nhalf-line\n'],
    [{ tailLines: 100 }, 'one\ntwo\nthree\nhalf-line\n'],
    [{ since: Date.parse('2026-01-01T00:00:03Z') }, 'three\nhalf-line\n'],
    [{ limitBytes: 6 }, 'one\ntw'],
    [{ stream: 'stderr' }, 'two\n'],
    [{ timestamps: true, tailLines: 3 }, `${at(3)} three\n${at(4)} half-line\n`],
  ])('%j', async (options, out) => {
    expect(await read(await files(text), options)).toBe(out);
  });

  it('of a log that is not there fails', async () => {
    await expect(read(new MemoryFiles(new VirtualClock()), {})).rejects.toThrow('no such file or directory');
  });

  it('follows what comes, over a rotation, until the container has ended', async () => {
    const f = await files(line(1, 'one'));
    let running = true;
    let steps = 0;
    const grow = async () => {
      steps++;
      if (steps === 1) await f.append(PATH, line(2, 'two'));
      else if (steps === 2) {
        await f.rename(PATH, `${PATH}.old`);
        await f.write(PATH, line(3, 'three'));
      } else if (steps === 3) {
        running = false;
        await f.append(PATH, line(4, 'last words'));
      }
      return running;
    };
    f.waitChange = async () => {};
    expect(await read(f, { follow: true }, grow)).toBe('one\ntwo\nthree\nlast words\n');
  });

  it('stops following when the client goes, and when the log is removed with its container', async () => {
    const f = await files(line(1, 'one'));
    const gone = new AbortController();
    f.waitChange = async () => gone.abort();
    expect(await read(f, { follow: true }, async () => true, gone.signal)).toBe('one\n');
    const g = await files(line(1, 'one'));
    expect(
      await read(g, { follow: true }, async () => {
        await g.remove(PATH);
        return false;
      }),
    ).toBe('one\n');
  });
});

describe('tails', () => {
  it('are found over blocks', async () => {
    const many = Array.from({ length: 5000 }, (_, i) => line(i % 60, `line ${i} ${'x'.repeat(i % 50)}`)).join('');
    const f = await files(many);
    for (const n of [1, 10, 2000, 4999, 5000, 6000]) {
      const from = await tailOffset(f, PATH, many.length, n);
      expect(many.slice(from).split('\n').length - 1).toBe(Math.min(n, 5000));
    }
  });
  it.each([
    [1, false, ['line 9']],
    [3, false, ['line 7', 'line 8', 'line 9']],
    [100, false, Array.from({ length: 10 }, (_, i) => `line ${i}`)],
  ])('of %i lines are so many while the container writes', async (tailLines, follow, right) => {
    const f = await files(Array.from({ length: 10 }, (_, i) => line(i, `line ${i}`)).join(''));
    const { readRange } = f;
    // More is written between the look for the tail's begin and the reading of it.
    f.readRange = async (path, offset, length) => {
      const was = await readRange.call(f, path, offset, length);
      if (offset + was.length >= 10) await f.append(PATH, line(50, 'late') + line(51, 'later'));
      return was;
    };
    let out = '';
    for await (const chunk of readLog(f, PATH, { tailLines, follow }, async () => false, new AbortController().signal))
      out += new TextDecoder().decode(chunk);
    const lines = out.trim().split('\n');
    expect(lines).toEqual(tailLines < 10 ? right : expect.arrayContaining(right));
    expect(lines.length).toBeLessThanOrEqual(tailLines);
  });
  it('are cut to bytes', async () => {
    expect(await tailText(await files(line(1, 'abc') + line(2, 'def')), PATH, 2, 6)).toBe('c\ndef\n'.slice(0));
  });
});

describe('rotation', () => {
  it.each([
    [['0.log.20260101-1', '0.log.20260101-2.gz', '0.log.20260101-3'], 5, [], ['0.log.20260101-1', '0.log.20260101-3']],
    [['0.log.1.gz', '0.log.2.gz', '0.log.3.gz', '0.log.4'], 5, ['0.log.1.gz'], ['0.log.4']],
    [['0.log.1.gz.tmp', '0.log.2'], 5, ['0.log.1.gz.tmp'], ['0.log.2']],
  ])('plans %j', (names, max, remove, pack) => {
    expect(plan(names, max)).toEqual({ remove, pack });
  });

  it('moves a large log aside and has the runtime open a new one', async () => {
    const f = await files('x'.repeat(2000));
    const reopened: string[] = [];
    const runtime = {
      listContainers: async () => [
        { id: 'a', state: 'running' },
        { id: 'b', state: 'exited' },
      ],
      containerStatus: async () => ({ logPath: PATH }),
      reopenLog: async (id: string) => {
        reopened.push(id);
        await f.write(PATH, '');
      },
    } as unknown as ContainerRuntime;
    const clock = new VirtualClock();
    await rotateLogs(f, runtime, clock, { maxBytes: 5000, maxFiles: 3 });
    expect(reopened).toEqual([]);
    for (let i = 0; i < 4; i++) {
      await f.write(PATH, 'x'.repeat(6000));
      await rotateLogs(f, runtime, clock, { maxBytes: 5000, maxFiles: 3 });
      await clock.advance('1m');
    }
    expect(reopened).toEqual(['a', 'a', 'a', 'a']);
    expect(await f.list('/l')).toEqual(['0.log', '0.log.20260101-000200.gz', '0.log.20260101-000300']);
  });

  it('puts a log back that the runtime did not open anew', async () => {
    const f = await files('x'.repeat(2000));
    const runtime = {
      listContainers: async () => [{ id: 'a', state: 'running' }],
      containerStatus: async () => ({ logPath: PATH }),
      reopenLog: async () => {
        throw new Error('no');
      },
    } as unknown as ContainerRuntime;
    await expect(rotateLogs(f, runtime, new VirtualClock(), { maxBytes: 100, maxFiles: 3 })).rejects.toThrow('no');
    expect(await f.list('/l')).toEqual(['0.log']);
  });
});
