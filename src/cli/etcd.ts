/** `k8ts etcd`: the store alone, for etcd's clients. Flags and environment names are etcd's. Source: https://etcd.io/docs/latest/op-guide/configuration/ */
import type { Command } from 'commander';
import { startEtcd } from '../etcd/listen/start.js';
import { createLogger } from '../host/logger.js';
import { realClock } from '../util/clock.js';
import { realRandom } from '../util/random.js';
import { snapshotCommand } from './etcd-snapshot.js';
import { fail } from './fail.js';
import { untilStopped } from './process.js';

export function etcdCommand(program: Command): void {
  const etcd = program
    .command('etcd')
    .description('Run the store alone, for etcd clients')
    .option('--name <name>', 'name of this member', 'default')
    .option('--data-dir <dir>', 'where the data is', 'default.etcd')
    .option('--listen-client-urls <urls>', 'where clients reach it', 'http://localhost:2379')
    .option('--advertise-client-urls <urls>', 'where clients are told to reach it')
    .option('--cert-file <file>', 'server certificate, for https URLs')
    .option('--key-file <file>', 'its key')
    .option('--trusted-ca-file <file>', 'CA of client certificates')
    .option('--client-cert-auth', 'refuse clients without a certificate')
    .action((f: Record<string, string | undefined>) => runEtcd(f).catch(fail));
  snapshotCommand(etcd);
}

async function runEtcd(f: Record<string, string | undefined>): Promise<void> {
  const env = { clock: realClock, random: realRandom, log: createLogger('info').with({ component: 'etcd' }) };
  const tls =
    f.certFile && f.keyFile
      ? { certFile: f.certFile, keyFile: f.keyFile, trustedCaFile: f.trustedCaFile, clientCertAuth: f.clientCertAuth !== undefined }
      : undefined;
  const etcd = await startEtcd({
    env,
    dataDir: f.dataDir!,
    listen: f.listenClientUrls!.split(','),
    name: f.name,
    ...(f.advertiseClientUrls ? { advertiseClientUrls: f.advertiseClientUrls.split(',') } : {}),
    ...(tls ? { tls } : {}),
  });
  await untilStopped(() => etcd.stop());
}
