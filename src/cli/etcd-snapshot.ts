/** `k8ts etcd snapshot`: save, status, restore; flags and output as etcdctl's and etcdutl's. */
import { type Command, Option } from 'commander';
import { type SnapshotStatus, snapshotStatus } from '../etcd/snapshot/status.js';
import { createLogger } from '../host/logger.js';
import { realClock } from '../util/clock.js';
import { realRandom } from '../util/random.js';
import { fail, UserError } from './fail.js';
import { SnapshotFile } from './snapshot-file.js';
import { restoreSnapshot } from './snapshot-restore.js';
import { saveSnapshot } from './snapshot-save.js';

type Form = 'simple' | 'table' | 'json' | 'fields';

interface SaveFlags {
  endpoints: string;
  cacert?: string;
  cert?: string;
  key?: string;
  insecureSkipTlsVerify?: boolean;
}

/** Hangs the commands under `etcd`, whose own flags then stand before the word `snapshot`. */
export function snapshotCommand(etcd: Command): void {
  // Else a flag that both have, such as --data-dir, would be taken by `etcd` wherever it stands.
  etcd.parent?.enablePositionalOptions();
  etcd.enablePositionalOptions();
  const snapshot = etcd.command('snapshot').description('Save, look at and restore snapshots of an etcd');
  snapshot
    .command('save <file>')
    .description('Save a snapshot of a running etcd')
    .option('--endpoints <url>', 'the one etcd to ask', '127.0.0.1:2379')
    .option('--cacert <file>', 'CA of the server certificate')
    .option('--cert <file>', 'client certificate')
    .option('--key <file>', 'its key')
    .option('--insecure-skip-tls-verify', 'do not check the server certificate')
    .action((file: string, f: SaveFlags) => save(file, f).catch(fail));
  snapshot
    .command('status <file>')
    .description('Check a snapshot and say what is in it')
    .addOption(new Option('-w, --write-out <form>', 'form of the output').choices(['simple', 'table', 'json', 'fields']).default('simple'))
    .action((file: string, f: { writeOut: Form }) => status(file, f.writeOut).catch(fail));
  snapshot
    .command('restore <file>')
    .description('Make a data directory for `k8ts etcd` out of a snapshot')
    .option('--data-dir <dir>', 'directory to make; it must be absent or empty', 'default.etcd')
    .option('--skip-hash-check', 'take a file without its hash: one copied out of a data directory')
    .action((file: string, f: { dataDir: string; skipHashCheck?: boolean }) => restore(file, f).catch(fail));
}

async function save(file: string, f: SaveFlags): Promise<void> {
  const endpoints = f.endpoints.split(',');
  if (endpoints.length > 1)
    throw new UserError(
      `snapshot must be requested to one selected node, not multiple [${endpoints.join(' ')}]: name one with --endpoints`,
    );
  const { cacert: caFile, cert: certFile, key: keyFile, insecureSkipTlsVerify } = f;
  const version = await saveSnapshot({ endpoint: endpoints[0]!, file, caFile, certFile, keyFile, insecureSkipTlsVerify });
  console.log(`Snapshot saved at ${file}`);
  if (version !== '') console.log(`Server version ${version}`);
}

async function status(file: string, form: Form): Promise<void> {
  console.log(printStatus(await SnapshotFile.with(file, (snapshot) => snapshotStatus(snapshot.database())), form));
}

async function restore(file: string, f: { dataDir: string; skipHashCheck?: boolean }): Promise<void> {
  const env = { clock: realClock, random: realRandom, log: createLogger('warn') };
  const { revision, keys } = await restoreSnapshot({ file, dir: f.dataDir, skipHashCheck: f.skipHashCheck, env });
  console.log(`restored ${keys} keys of revision ${revision} into ${f.dataDir}`);
}

export function printStatus(s: SnapshotStatus, form: Form): string {
  if (form === 'json') return JSON.stringify(s);
  if (form === 'fields')
    return `"Hash" : ${s.hash}\n"Revision" : ${s.revision}\n"Keys" : ${s.totalKey}\n"Size" : ${s.totalSize}\n"Version" : ${s.version}`;
  const row = [s.hash.toString(16), String(s.revision), String(s.totalKey), humanBytes(s.totalSize), s.version];
  return form === 'table' ? table(['HASH', 'REVISION', 'TOTAL KEYS', 'TOTAL SIZE', 'VERSION'], row) : row.join(', ');
}

function table(head: readonly string[], row: readonly string[]): string {
  const widths = head.map((h, i) => Math.max(h.length, row[i]!.length));
  const line = `+${widths.map((w) => '-'.repeat(w + 2)).join('+')}+`;
  const centred = head.map((h, i) => h.padStart(h.length + Math.floor((widths[i]! - h.length) / 2)).padEnd(widths[i]!));
  const cells = (texts: readonly string[]) => `| ${texts.join(' | ')} |`;
  return [line, cells(centred), line, cells(row.map((t, i) => t.padStart(widths[i]!))), line].join('\n');
}

/** In powers of a thousand, with two digits at least. */
export function humanBytes(n: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  if (n < 10) return `${n} B`;
  const power = Math.min(Math.floor(Math.log10(n) / 3), units.length - 1);
  const value = Math.floor((n / 1000 ** power) * 10 + 0.5) / 10;
  return `${value < 10 ? value.toFixed(1) : roundHalfEven(value)} ${units[power]}`;
}

/** As Go prints a float without decimals. */
function roundHalfEven(n: number): number {
  const floor = Math.floor(n);
  return n - floor === 0.5 ? floor + (floor % 2) : Math.round(n);
}
