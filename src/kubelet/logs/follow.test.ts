import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../util/virtual-clock.js';
import { MemoryFiles } from '../simulated/memory-files.js';
import { readLog } from './read-log.js';

const PATH = '/l/0.log';
const line = (text: string): string => `2026-01-01T00:00:01.000000000Z stdout F ${text}\n`;
const many = (word: string): string => Array.from({ length: 3000 }, (_, i) => line(`${word} ${i} ${'x'.repeat(50)}`)).join('');

async function files(text: string): Promise<MemoryFiles> {
  const f = new MemoryFiles(new VirtualClock());
  await f.mkdir('/l');
  await f.write(PATH, text);
  f.waitChange = async () => {};
  return f;
}
const rotate = async (f: MemoryFiles, next: string) => {
  await f.rename(PATH, `${PATH}.20260101-000000`);
  await f.write(PATH, next);
};

describe('following over a rotation', () => {
  it('tells the lines that came just before it', async () => {
    const f = await files(line('one'));
    let looks = 0;
    const running = async () => {
      if (++looks === 1) {
        await f.append(PATH, line('two'));
        await rotate(f, line('three'));
      }
      return looks < 4;
    };
    let out = '';
    for await (const c of readLog(f, PATH, { follow: true }, running, new AbortController().signal)) out += new TextDecoder().decode(c);
    expect(out).toBe('one\ntwo\nthree\n');
  });

  it.each([true, false])('of a log that is read slowly tells each line once (follow: %s)', async (follow) => {
    const f = await files(many('old'));
    const seen: string[] = [];
    let looks = 3;
    for await (const c of readLog(f, PATH, { follow }, async () => looks-- > 0, new AbortController().signal)) {
      seen.push(new TextDecoder().decode(c).slice(0, 3));
      if (seen.length === 700) await rotate(f, many('new'));
    }
    expect(seen.filter((w) => w === 'old')).toHaveLength(3000);
    expect(seen.filter((w) => w === 'new')).toHaveLength(follow ? 3000 : 0);
  });
});
