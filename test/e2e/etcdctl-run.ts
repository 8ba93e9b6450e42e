/** Runs etcdctl, and writes down what it said with what is a server's own blanked. */
import { spawn } from 'node:child_process';

export interface Result {
  code: number;
  out: string;
  err: string;
}

const PATIENCE_MS = 20_000;

/** stdin is `input`. */
export function etcdctl(endpoint: string, args: readonly string[], input = ''): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = spawn('etcdctl', ['--endpoints', endpoint, '--dial-timeout=3s', ...args], { env: { ...process.env, ETCDCTL_API: '3' } });
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
    .replace(/"(ClusterID|MemberID|RaftTerm|Leader|RaftIndex|RaftAppliedIndex|DBSize|ID)" : \d+/g, '"$1" : _')
    .replace(/memberID:\d+/g, 'memberID:_')
    .replace(/member ID:\d+/g, 'member ID:_')
    .replace(/(127\.0\.0\.1|localhost):\d+/g, 'HOST')
    .replace(/took = [\d.]+[mµ]?s/g, 'took = _')
    .replace(/\b[0-9a-f]{14,16}\b/g, 'ID')
    .replace(/\bMember\s+ID removed/g, 'Member ID removed')
    .replace(/remaining\(\d+s\)/g, 'remaining(_)')
    .replace(/^\{"level".*\n/gm, '');

/** A table's cells without their widths, and without what a server measures. */
export const blankTable = (text: string): string =>
  blank(text)
    .replace(/^\+[-+]+\+\n/gm, '')
    .replace(/ +\| +/g, ' | ')
    .replace(/\| [\d.]+ [kM]?B \|/g, '| SIZE |')
    .replace(/\| (true|false) \| (true|false) \| \d+ \| \d+ \| \d+ \|/g, '| $1 | $2 | TERM | INDEX | INDEX |');

export interface Step {
  readonly args: readonly string[];
  readonly input?: string;
}

/** The steps one after another, as a text to keep. */
export async function transcript(endpoint: string, steps: readonly Step[]): Promise<string> {
  let text = '';
  for (const { args, input } of steps) {
    const { code, out, err } = await etcdctl(endpoint, args, input);
    const wipe = args.includes('table') ? blankTable : blank;
    text += `$ etcdctl ${args.map((a) => (/^[\w./=:,-]+$/.test(a) ? a : JSON.stringify(a))).join(' ')}\n`;
    if (input !== undefined) text += input.replace(/^/gm, '< ').replace(/\n< $/, '\n');
    text += wipe(out);
    if (err !== '') text += wipe(err).replace(/^(?=.)/gm, '! ');
    if (code !== 0) text += `exit ${code}\n`;
    text += '\n';
  }
  return text;
}
