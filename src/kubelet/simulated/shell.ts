/**
 * A very small shell for simulated busybox-like images: sequences (`;`, `&&`, `||`) of echo, cat, sleep, true, false, exit, date, hostname, env,
 * printenv, pwd, touch, test -e, the likes of mkdir and cp (which do nothing), and one `while` or `until` loop after another. What it does not know it says so, as a shell does, with exit code 127.
 */
import { table } from '../../util/own.js';
import type { SimulatedContainer } from './behaviour.js';

export interface ShellIo {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly stdin: string;
}

const NOT_FOUND = 127;
const STOPPED = 143;
/** A loop without a sleep would never let others run. */
const LOOP_PAUSE_MS = 10;

class Exit extends Error {
  constructor(readonly code: number) {
    super(`exit ${code}`);
  }
}

/** Runs an argument list as a container's main program or an exec would. */
export async function runCommand(argv: readonly string[], c: SimulatedContainer, io: ShellIo): Promise<number> {
  const name = argv[0]?.split('/').pop() ?? '';
  try {
    if (/^(ba|a)?sh$/.test(name)) {
      const at = argv.findIndex((a) => /^-\w*c$/.test(a));
      return await script(at < 0 ? io.stdin : (argv[at + 1] ?? ''), c, io);
    }
    return await simple(name === 'busybox' ? argv.slice(1) : argv, c, io);
  } catch (e) {
    if (e instanceof Exit) return e.code;
    throw e;
  }
}

async function script(text: string, c: SimulatedContainer, io: ShellIo): Promise<number> {
  const loop = findLoop(text);
  if (!loop) return sequence(text, c, io);
  const before = await sequence(loop.before, c, io);
  if (c.stopped.aborted) return before;
  while (!c.stopped.aborted) {
    const begun = c.clock.now();
    if (((await sequence(loop.condition, c, io)) === 0) === loop.until) return loop.after.trim() ? script(loop.after, c, io) : 0;
    await script(loop.body, c, io);
    if (c.clock.now() === begun) await c.sleep(LOOP_PAUSE_MS);
  }
  return STOPPED;
}

interface Loop {
  readonly before: string;
  readonly until: boolean;
  readonly condition: string;
  readonly body: string;
  readonly after: string;
}

/** The first `while` or `until` of a script, up to its last `done`. */
function findLoop(text: string): Loop | undefined {
  const word = (w: string, from: number, last = false): number => {
    const found = (i: number) =>
      (i === 0 || WORD_END.has(text[i - 1]!)) && (i + w.length >= text.length || WORD_END.has(text[i + w.length]!));
    for (
      let i = last ? text.lastIndexOf(w) : text.indexOf(w, from);
      i >= from;
      i = last ? text.lastIndexOf(w, i - 1) : text.indexOf(w, i + 1)
    ) {
      if (found(i)) return i;
      if (last && i === 0) break;
    }
    return -1;
  };
  const starts = ['while', 'until'].map((w) => word(w, 0)).filter((i) => i >= 0);
  if (!starts.length) return undefined;
  const at = Math.min(...starts);
  const body = word('do', at);
  const end = word('done', at, true);
  if (body < 0 || end < body) return undefined;
  return {
    before: text.slice(0, at),
    until: text.startsWith('until', at),
    condition: text.slice(at + 'while'.length, body),
    body: text.slice(body + 2, end),
    after: text.slice(end + 4),
  };
}

const WORD_END = new Set([' ', '\t', '\n', ';']);

async function sequence(text: string, c: SimulatedContainer, io: ShellIo): Promise<number> {
  let code = 0;
  for (const part of split(text)) {
    if ((part.when === '&&' && code !== 0) || (part.when === '||' && code === 0)) continue;
    const words = parseWords(part.text, c.env);
    if (words.length) code = await redirected(words, c, io);
    if (c.stopped.aborted) return STOPPED;
  }
  return code;
}

interface Part {
  readonly when: ';' | '&&' | '||';
  readonly text: string;
}

/** Cuts at separators that stand outside of quotes. */
function split(text: string): Part[] {
  const parts: Part[] = [];
  let when: Part['when'] = ';';
  let quote = '';
  let current = '';
  const push = (next: Part['when']) => {
    if (current.trim()) parts.push({ when, text: current.trim() });
    current = '';
    when = next;
  };
  for (let i = 0; i < text.length; i++) {
    const ch = text[i]!;
    const two = text.slice(i, i + 2);
    if (quote) {
      if (ch === quote) quote = '';
      current += ch;
    } else if (ch === '"' || ch === "'") {
      quote = ch;
      current += ch;
    } else if (two === '&&' || two === '||') {
      push(two);
      i++;
    } else if (ch === ';' || ch === '\n') {
      push(';');
    } else {
      current += ch;
    }
  }
  push(';');
  return parts;
}

/** Words with quotes taken off and variables filled in, but not inside single quotes. */
function parseWords(text: string, env: ReadonlyMap<string, string>): string[] {
  const fill = (s: string) => s.replace(/\$\{(\w+)\}|\$(\w+)/g, (_, a?: string, b?: string) => env.get(a ?? b ?? '') ?? '');
  const words: string[] = [];
  for (const m of text.matchAll(/(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\])+/g)) {
    words.push(
      m[0].replace(
        /'([^']*)'|"((?:\\.|[^"\\])*)"|([^'"]+)/g,
        (_, single?: string, double?: string, bare?: string) => single ?? fill((double ?? bare ?? '').replace(/\\(.)/g, '$1')),
      ),
    );
  }
  return words;
}

async function redirected(words: string[], c: SimulatedContainer, io: ShellIo): Promise<number> {
  const at = words.findIndex((w) => w === '>' || w === '>>' || w === '1>&2' || w === '>&2');
  if (at < 0) return simple(words, c, io);
  const target = words[at + 1];
  if (words[at]!.endsWith('&2')) return simple(words.slice(0, at), c, { ...io, out: io.err });
  let text = '';
  const code = await simple(words.slice(0, at), c, {
    ...io,
    out: (t) => {
      text += t;
    },
  });
  if (!target) return 2;
  const before =
    words[at] === '>>'
      ? await c.readFile(target).then(
          (b) => new TextDecoder().decode(b),
          () => '',
        )
      : '';
  await c.writeFile(target, before + text);
  return code;
}

async function simple(argv: readonly string[], c: SimulatedContainer, io: ShellIo): Promise<number> {
  const [command = '', ...args] = argv;
  const applet = APPLETS[command.split('/').pop() ?? ''];
  if (applet) return applet(args, c, io);
  io.err(`sh: ${command}: not found\n`);
  return NOT_FOUND;
}

const UNITS: Readonly<Record<string, number>> = table({ s: 1, m: 60, h: 3600, d: 86_400 });

type Applet = (args: readonly string[], c: SimulatedContainer, io: ShellIo) => number | Promise<number>;

async function cat(args: readonly string[], c: SimulatedContainer, io: ShellIo): Promise<number> {
  if (!args.length) io.out(io.stdin);
  let code = 0;
  for (const path of args) {
    try {
      io.out(new TextDecoder().decode(await c.readFile(path)));
    } catch {
      io.err(`cat: can't open '${path}': No such file or directory\n`);
      code = 1;
    }
  }
  return code;
}

async function sleepFor(args: readonly string[], c: SimulatedContainer): Promise<number> {
  let ms = 0;
  for (const a of args) {
    const m = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(a);
    if (!m) ms = a === 'infinity' ? Number.MAX_SAFE_INTEGER : ms;
    else ms += Number(m[1]) * (UNITS[m[2] || 's'] ?? 1) * 1000;
  }
  await c.sleep(ms);
  return c.stopped.aborted ? STOPPED : 0;
}

const forever: Applet = async (_args, c) => {
  await c.sleep(Number.MAX_SAFE_INTEGER);
  return STOPPED;
};

const APPLETS: Readonly<Record<string, Applet>> = table({
  echo: (args, _c, io) => {
    const bare = args[0] === '-n';
    io.out(`${(bare ? args.slice(1) : args).join(' ')}${bare ? '' : '\n'}`);
    return 0;
  },
  cat,
  sleep: sleepFor,
  pause: forever,
  tail: (args, c, io) =>
    args.includes('-f')
      ? forever(args, c, io)
      : cat(
          args.filter((a) => !a.startsWith('-')),
          c,
          io,
        ),
  true: () => 0,
  // Nothing of a simulated container is there to be changed, and nobody is waited for.
  ...Object.fromEntries(
    ['mkdir', 'cp', 'mv', 'rm', 'ln', 'chmod', 'chown', 'chgrp', 'sync', 'set', 'sysctl', 'nslookup', 'nc'].map((n) => [n, () => 0]),
  ),
  touch: async (args, c) => {
    for (const path of args.filter((a) => !a.startsWith('-'))) await c.writeFile(path, '');
    return 0;
  },
  ':': () => 0,
  false: () => 1,
  exit: (args) => {
    throw new Exit(Number(args[0] ?? 0));
  },
  date: (_args, c, io) => {
    io.out(`${new Date(c.clock.now()).toUTCString()}\n`);
    return 0;
  },
  hostname: (_args, c, io) => {
    io.out(`${c.hostname}\n`);
    return 0;
  },
  env: (_args, c, io) => {
    for (const [k, v] of c.env) io.out(`${k}=${v}\n`);
    return 0;
  },
  printenv: (args, c, io) => {
    const value = c.env.get(args[0] ?? '');
    if (value !== undefined) io.out(`${value}\n`);
    return value === undefined ? 1 : 0;
  },
  pwd: (_args, _c, io) => {
    io.out('/\n');
    return 0;
  },
  '[': async (args) => (args[0] === '1' && args[1] === ']' ? 0 : 1),
  test: async (args, c) => {
    const path = args[0] === '-e' || args[0] === '-f' ? args[1] : undefined;
    return path !== undefined &&
      (await c.readFile(path).then(
        () => true,
        () => false,
      ))
      ? 0
      : 1;
  },
  wget: async (args, c, io) => {
    const url = args.find((a) => !a.startsWith('-') && a.includes('.'))?.replace(/^http:\/\//, '') ?? '';
    const m = /^([^/:]+)(?::(\d+))?(\/.*)?$/.exec(url);
    if (!m) return 1;
    const answer = await c.fetch(m[1]!, Number(m[2] ?? 80), { method: 'GET', path: m[3] ?? '/' }).catch((e: Error) => e);
    if (answer instanceof Error) {
      io.err(`wget: ${answer.message}\n`);
      return 1;
    }
    io.out(typeof answer.body === 'string' ? answer.body : new TextDecoder().decode(answer.body ?? new Uint8Array(0)));
    return (answer.status ?? 200) < 400 ? 0 : 1;
  },
});
