import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeAtomically } from '../../kubelet/volumes/atomic-writer.js';
import { here, Moved, openInside, openRoot, using, walk } from './beneath.js';
import { DiskFiles } from './files.js';

let dir: string;
let own: string;
let files: DiskFiles;
const descriptors = () => fs.readdirSync('/proc/self/fd').length;
beforeEach(() => {
  dir = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-beneath-')));
  own = `${dir}/own`;
  fs.mkdirSync(own);
  fs.mkdirSync(`${dir}/host`);
  fs.writeFileSync(`${dir}/host/file`, 'of the host', { mode: 0o600 });
  files = new DiskFiles([own]);
});
afterEach(() => execFileSync('rm', ['-rf', dir]));

describe('sub-paths of a volume', () => {
  it.each<[string, string, (v: string) => void, string | RegExp]>([
    ['a folder', 'a/b', (v) => fs.mkdirSync(`${v}/a/b`, { recursive: true }), 'a/b'],
    ['folders that are missing', 'a/b', () => {}, 'a/b'],
    ['a file', 'f', (v) => fs.writeFileSync(`${v}/f`, ''), 'f'],
    [
      'links inside',
      'link',
      (v) => {
        fs.mkdirSync(`${v}/..1`);
        fs.writeFileSync(`${v}/..1/file`, '');
        fs.symlinkSync('..1', `${v}/..data`);
        fs.symlinkSync('..data/file', `${v}/link`);
      },
      '..1/file',
    ],
    [
      'a link up and down again',
      'a/l',
      (v) => {
        fs.mkdirSync(`${v}/a`);
        fs.mkdirSync(`${v}/b`);
        fs.symlinkSync('../b', `${v}/a/l`);
      },
      'b',
    ],
    ['a link to the host', 'l', (v) => fs.symlinkSync('/etc', `${v}/l`), /leads out of the volume/],
    ['a link upwards', 'l', (v) => fs.symlinkSync('../host', `${v}/l`), /leads out of the volume/],
    ['a link to the root', 'l', (v) => fs.symlinkSync('/', `${v}/l`), /leads out of the volume/],
    ['a link to itself', 'l', (v) => fs.symlinkSync('l', `${v}/l`), /too many links/],
    ['a file as a folder', 'f/x', (v) => fs.writeFileSync(`${v}/f`, ''), /ENOTDIR/],
    ['more folders than may be held', 'a/'.repeat(1000), () => {}, /has more than 256 folders/],
  ])('%s', async (_, subPath, prepare, right) => {
    prepare(own);
    const before = descriptors();
    const result = using(openInside(own, subPath), (h) => fs.promises.readlink(here(h)));
    if (typeof right === 'string') expect(await result).toBe(`${own}/${right}`);
    else await expect(result).rejects.toThrow(right);
    expect(descriptors()).toBe(before);
  });
});

describe("the kubelet's own folders", () => {
  const bytes = (s: string) => new TextEncoder().encode(s);
  /** `own/l` leads to the host's folder, `own/f` to its file. */
  const planted: [string, (f: DiskFiles, o: string) => Promise<unknown>][] = [
    ['read through a folder', (f, o) => f.read(`${o}/l/file`)],
    ['read a link', (f, o) => f.read(`${o}/f`)],
    ['read a part of a link', (f, o) => f.readRange(`${o}/f`, 0, 10)],
    ['write through a folder', (f, o) => f.write(`${o}/l/file`, 'x')],
    ['write a link', (f, o) => f.write(`${o}/f`, 'x')],
    ['append to a link', (f, o) => f.append(`${o}/f`, 'x')],
    ['create over a link', (f, o) => f.create(`${o}/f`, 0o644)],
    ['make a folder', (f, o) => f.mkdir(`${o}/l/new`)],
    ['chmod a link', (f, o) => f.chmod(`${o}/f`, 0o666)],
    ['chmod through a folder', (f, o) => f.chmod(`${o}/l/file`, 0o666)],
    ['chown through a folder', (f, o) => f.chown(`${o}/l/file`, 1, 1)],
    ['rename out', (f, o) => f.rename(`${o}/plain`, `${o}/l/plain`)],
    ['rename in', (f, o) => f.rename(`${o}/l/file`, `${o}/stolen`)],
    ['link in a folder', (f, o) => f.symlink('x', `${o}/l/x`)],
    ['list a link', (f, o) => f.list(`${o}/l`)],
    ['pack a link', (f, o) => f.gzip(`${o}/f`, `${o}/f.gz`)],
    ['pack over a link', (f, o) => f.gzip(`${o}/plain`, `${o}/f`)],
    ['remove through a folder', (f, o) => f.remove(`${o}/l/file`)],
    ['stat through a folder', (f, o) => f.stat(`${o}/l/file`)],
  ];
  it.each(planted)('refuse to %s that leads to the host', async (_, act) => {
    fs.symlinkSync('../host', `${own}/l`);
    fs.symlinkSync('../host/file', `${own}/f`);
    fs.writeFileSync(`${own}/plain`, 'plain');
    const before = descriptors();
    const result = await act(files, own).catch((e: Error) => e);
    if (result !== undefined) expect(result).toBeInstanceOf(Error);
    expect(fs.readdirSync(`${dir}/host`)).toEqual(['file']);
    expect(fs.readFileSync(`${dir}/host/file`, 'utf8')).toBe('of the host');
    const { mode, uid } = fs.statSync(`${dir}/host/file`);
    expect([mode & 0o777, uid]).toEqual([0o600, process.getuid?.()]);
    expect(descriptors()).toBe(before);
  });

  it('do what they are for', async () => {
    await files.mkdir(`${own}/a/b`, 0o751);
    await files.write(`${own}/a/b/f`, 'one', 0o640);
    await files.append(`${own}/a/b/f`, bytes('two'));
    await files.symlink('f', `${own}/a/b/l`);
    expect(new TextDecoder().decode(await files.readRange(`${own}/a/b/f`, 2, 3))).toBe('etw');
    expect((await files.stat(`${own}/a/b`))?.mode).toBe(0o751);
    expect((await files.stat(`${own}/a/b/f`))?.mode).toBe(0o640);
    expect((await files.stat(`${own}/a/b/l`))?.type).toBe('symlink');
    expect(await files.list(`${own}/a/b`)).toEqual(['f', 'l']);
    await files.rename(`${own}/a/b/f`, `${own}/a/g`);
    expect(await files.list(`${own}/a`)).toEqual(['b', 'g']);
    await files.gzip(`${own}/a/g`, `${own}/a/g.gz`);
    expect(execFileSync('zcat', [`${own}/a/g.gz`]).toString()).toBe('onetwo');
    await files.remove(`${own}/a`);
    expect(await files.stat(`${own}/a`)).toBeUndefined();
    await expect(files.read(`${own}/none`)).rejects.toThrow(`open ${own}/none: no such file or directory`);
    await expect(files.mkdir(`${own}/a/../../x`)).rejects.toThrow('".." is not taken');
  });

  it('do not wait for a FIFO', async () => {
    execFileSync('mkfifo', [`${own}/fifo`]);
    await expect(files.read(`${own}/fifo`)).rejects.toThrow('not an ordinary file');
    await expect(files.write(`${own}/fifo`, 'x')).rejects.toThrow();
  });

  it('are measured and removed however deep, whatever the names', async () => {
    const NAME = 'd'.repeat(200);
    const DEPTH = 300; // 60,000 bytes of path
    const dig = `for (let i = 0; i < ${DEPTH}; i++) { fs.mkdirSync('${NAME}'); process.chdir('${NAME}'); } fs.writeFileSync('file', 'x');`;
    execFileSync(process.execPath, ['-e', dig], { cwd: own });
    fs.mkdirSync(`${own}/${NAME}/wide`);
    for (let i = 0; i < 500; i++)
      fs.writeFileSync(Buffer.concat([Buffer.from(`${own}/${NAME}/wide/`), Buffer.from([0xff, 0xfe]), Buffer.from(`${i}`)]), '');
    fs.mkdirSync(Buffer.concat([Buffer.from(`${own}/${NAME}/`), Buffer.from([0xc3, 0x28])]));
    fs.symlinkSync('../../host', `${own}/${NAME}/out`);
    const before = descriptors();
    const { inodes } = await files.usage(`${own}/${NAME}`);
    expect(inodes).toBe(DEPTH + 1 + 1 + 500 + 1 + 1);
    await files.remove(`${own}/${NAME}`);
    expect(fs.readdirSync(own)).toEqual([]);
    expect(fs.readdirSync(`${dir}/host`)).toEqual(['file']);
    expect(descriptors()).toBe(before);
  });
});

describe('folders that are moved while they are walked', () => {
  const prepare = () => {
    fs.mkdirSync(`${own}/v/a/b/c`, { recursive: true });
    fs.mkdirSync(`${own}/elsewhere`);
    fs.writeFileSync(`${own}/v/a/b/c/file`, 'x');
  };
  it('end the walk where they lead: nothing outside is visited', async () => {
    prepare();
    const before = descriptors();
    const entered: string[] = [];
    const work = using(openRoot(`${own}/v`), (root) =>
      walk(root, {
        async enter(h) {
          entered.push(fs.readlinkSync(here(h)));
          if (entered.length === 4) fs.renameSync(`${own}/v/a/b`, `${own}/elsewhere/b`);
        },
        entry: async () => {},
      }),
    );
    await expect(work).rejects.toThrow(Moved);
    expect(entered).toEqual([`${own}/v`, `${own}/v/a`, `${own}/v/a/b`, `${own}/v/a/b/c`]);
    expect(descriptors()).toBe(before);
  });
});

describe('fsGroup', () => {
  const gid = process.getgid!();
  const mode = (at: string) => (fs.lstatSync(at).mode & 0o7777).toString(8);
  const put = (payload: Record<string, number>, group?: number) =>
    writeAtomically(
      files,
      `${own}/v`,
      new Map(Object.entries(payload).map(([k, mode]) => [k, { data: Buffer.from(k), mode }])),
      0,
      group === undefined ? {} : { gid: group },
    );

  it.each<[string, number, string, string]>([
    ['0644', 0o644, '644', '644'],
    ['0600', 0o600, '640', '600'],
    ['0400', 0o400, '440', '400'],
    ['0000', 0o000, '440', '0'],
    ['0755', 0o755, '755', '755'],
    ['0222', 0o222, '662', '222'],
  ])('lets the group read, not write, a file of mode %s', async (_, given, right, without) => {
    fs.mkdirSync(`${own}/v`);
    await put({ 'a/b/file': given }, gid);
    expect(mode(`${own}/v/..data/a/b/file`)).toBe(right);
    await files.remove(`${own}/v`);
    fs.mkdirSync(`${own}/v`);
    await put({ 'a/b/file': given });
    expect(mode(`${own}/v/..data/a/b/file`)).toBe(without);
  });
  it('has the group enter every folder, and hand itself on', async () => {
    fs.mkdirSync(`${own}/v`, { mode: 0o700 });
    await put({ 'a/b/file': 0o600 }, gid);
    const real = fs.realpathSync(`${own}/v/..data`);
    expect([`${own}/v`, real, `${real}/a`, `${real}/a/b`].map(mode)).toEqual(['2750', '2755', '2755', '2755']);
  });
  it.skipIf(process.getuid?.() !== 0)('owns all of a payload (left out unless root)', async () => {
    fs.mkdirSync(`${own}/v`);
    await put({ 'a/b/file': 0o600 }, 2000);
    const real = fs.realpathSync(`${own}/v/..data`);
    expect([`${own}/v`, real, `${real}/a`, `${real}/a/b`, `${real}/a/b/file`].map((f) => fs.lstatSync(f).gid)).toEqual([
      2000, 2000, 2000, 2000, 2000,
    ]);
  });
  it('owns all of a volume and follows no link in it', async () => {
    fs.mkdirSync(`${own}/v/a`, { recursive: true, mode: 0o700 });
    fs.writeFileSync(`${own}/v/a/file`, '', { mode: 0o600 });
    fs.symlinkSync('../../../host/file', `${own}/v/a/l`);
    fs.symlinkSync('../../host', `${own}/v/folder`);
    await files.giveToGroup(`${own}/v`, gid);
    expect([`${own}/v`, `${own}/v/a`, `${own}/v/a/file`].map(mode)).toEqual(['2770', '2770', '660']);
    expect(mode(`${dir}/host/file`)).toBe('600');
  });
});
