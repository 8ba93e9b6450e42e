/** Runs etcdctl, and writes down what it said with what is a server's own blanked. */
import { spawn } from 'node:child_process';

export interface Result {
  code: number;
  out: string;
  err: string;
}

const PATIENCE_MS = 20_000;

/** stdin is `input`. */
export const etcdctl = (endpoint: string, args: readonly string[], input = ''): Promise<Result> =>
  runEtcdctl(['--endpoints', endpoint, '--dial-timeout=3s', ...args], input);

const start = (args: readonly string[]) => spawn('etcdctl', args, { env: { ...process.env, ETCDCTL_API: '3' } });

export function runEtcdctl(args: readonly string[], input = ''): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = start(args);
    let out = '';
    let err = '';
    child.stdout.on('data', (c) => (out += c));
    child.stderr.on('data', (c) => (err += c));
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code: code ?? -1, out, err });
    });
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

/** Ids, ports, sizes, times, terms. */
export const blank = (text: string): string =>
  text
    .replace(/"(cluster_id|member_id|memberID|raft_term|leader|raftIndex|raftAppliedIndex|raftTerm|dbSize|dbSizeInUse|ID)":\d+/g, '"$1":_')
    .replace(/"dbSizeQuota":\d+,?/g, '')
    .replace(/"version":"[\d.]+"/g, '"version":_')
    .replace(/"(ClusterID|MemberID|RaftTerm|Leader|RaftIndex|RaftAppliedIndex|DBSize|ID)" : \d+/g, '"$1" : _')
    .replace(/memberID:\d+/g, 'memberID:_')
    .replace(/member ID:\d+/g, 'member ID:_')
    .replace(/(127\.0\.0\.1|localhost):\d+/g, 'HOST')
    .replace(/took = [\d.]+[mµ]?s/g, 'took = _')
    // `%x`: one id in 16 has a digit less, one in 256 two.
    .replace(/\b[0-9a-f]{12,16}\b/g, 'ID')
    .replace(/\bMember\s+ID removed/g, 'Member ID removed')
    .replace(/remaining\(\d+s\)/g, 'remaining(_)')
    // etcd walks a map of Go: each time in another order.
    .replace(/attached keys\(\[(.*)\]\)/g, (_, keys: string) => `attached keys([${keys.split(' ').sort().join(' ')}])`)
    // A snapshot's hash, its keys beside the revisions, and its size: how a database is laid out is a server's own.
    .replace(/^[0-9a-f]{1,8}, (\d+), \d+, [\d.]+ [kM]B$/gm, 'HASH, $1, KEYS, SIZE')
    .replace(/^(Snapshot saved at ).*\//gm, '$1')
    .replace(/^\{"level".*\n/gm, '');

/** A table's cells without their widths, and without what a server measures. */
export const blankTable = (text: string): string =>
  blank(text)
    .replace(/^\+[-+]+\+\n/gm, '')
    .replace(/ *\| */g, ' | ')
    .replace(/^ \| /gm, '| ')
    .replace(/ \| $/gm, ' |')
    .replace(/\| [\d.]+ [kM]?B \|/g, '| SIZE |')
    .replace(/\| (true|false) \| (true|false) \| \d+ \| \d+ \| \d+ \|/g, '| $1 | $2 | TERM | INDEX | INDEX |');

export interface Step {
  /** `$LEASE`: the id that a lease was granted with last. `$DIR`: a folder of the transcript's own. */
  readonly args: readonly string[];
  readonly input?: string;
  /** The command goes on by itself; these are run beside it, and it is ended when it has printed so many lines. */
  readonly beside?: { readonly lines: number; readonly steps: readonly Step[] };
}

/** Until what goes on by itself has begun; nothing that it prints says so. */
const BEGIN_MS = 500;

/** Starts a command that goes on, lets `act` run once it has begun, and ends it when it has printed so many lines. */
export async function during(endpoint: string, args: readonly string[], lines: number, act: () => Promise<void>): Promise<string> {
  const child = start(['--endpoints', endpoint, ...args]);
  let out = '';
  const closed = new Promise<void>((resolve) => child.on('close', () => resolve()));
  const have = new Promise<void>((resolve) =>
    child.stdout.on('data', (c) => {
      out += c;
      if (out.split('\n').length > lines) resolve();
    }),
  );
  await new Promise((r) => setTimeout(r, BEGIN_MS));
  await act();
  await Promise.race([have, closed, new Promise((r) => setTimeout(r, PATIENCE_MS))]);
  child.kill('SIGINT');
  await closed;
  return out;
}

/** The steps one after another, as a text to keep. `dir`: for the files that they write. */
export async function transcript(endpoint: string, steps: readonly Step[], dir: string, known = { lease: '' }): Promise<string> {
  let text = '';
  for (const { args, input, beside } of steps) {
    const wipe = args.includes('table') ? blankTable : blank;
    const real = args.map((a) => a.replace('$LEASE', known.lease).replace('$DIR', dir));
    text += `$ etcdctl ${args.map((a) => (/^[\w./=:,$-]+$/.test(a) ? a : JSON.stringify(a))).join(' ')}\n`;
    if (input !== undefined) text += input.replace(/^/gm, '< ').replace(/\n< $/, '\n');
    if (beside) {
      let others = '';
      const out = await during(endpoint, real, beside.lines, async () => {
        others = await transcript(endpoint, beside.steps, dir, known);
      });
      text += `${wipe(out)}beside it:\n${others.replace(/^(?=.)/gm, '  ')}\n`;
      continue;
    }
    const { code, out, err } = await (real.includes('--data-dir') ? runEtcdctl(real) : etcdctl(endpoint, real, input));
    known.lease = /^lease ([0-9a-f]+) granted/.exec(out)?.[1] ?? known.lease;
    text += wipe(out);
    if (err !== '') text += wipe(err).replace(/^(?=.)/gm, '! ');
    if (code !== 0) text += `exit ${code}\n`;
    text += '\n';
  }
  return text;
}
