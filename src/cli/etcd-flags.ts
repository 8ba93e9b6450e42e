/** The flags that say where the data is kept, of `kube-apiserver` and `up`. Names and defaults are the original's. */
import fs from 'node:fs';
import type { Command } from 'commander';
import type { RemoteEtcd } from '../cluster/remote-etcd.js';
import { parseDuration } from '../meta/duration.js';
import { checkEndpoint } from '../store/remote/member.js';
import { UserError } from './fail.js';

export interface EtcdFlags {
  etcdServers?: string;
  etcdCafile?: string;
  etcdCertfile?: string;
  etcdKeyfile?: string;
  etcdPrefix: string;
  etcdCompactionInterval: string;
  fromSnapshot?: string;
}

/** Where the data is, judged. */
export interface StoreChoice {
  /** undefined: in the data directory. */
  readonly etcd: RemoteEtcd | undefined;
  /** The data directory's own store is compacted as an etcd is. */
  readonly compactionIntervalMs: number;
  /** What the data directory begins with. */
  readonly fromSnapshot: string | undefined;
}

const PREFIX = '/registry';

export const etcdOptions = (command: Command): Command =>
  command
    .option('--etcd-servers <urls>', 'keep the data in this etcd: members of one cluster, with commas between (default: in --data-dir)')
    .option('--etcd-cafile <file>', 'CA that signed the certificates of the etcd servers')
    .option('--etcd-certfile <file>', 'client certificate for etcd')
    .option('--etcd-keyfile <file>', 'its key')
    .option('--etcd-prefix <path>', 'where in etcd the data is', PREFIX)
    .option('--etcd-compaction-interval <duration>', 'how often old revisions are forgotten; 0: never', '5m')
    .option('--from-snapshot <file>', 'begin with the data of this etcd snapshot; --data-dir must hold no store yet');

/** Throws a UserError for what cannot be. */
export function storeOf(f: EtcdFlags): StoreChoice {
  const etcd = etcdOf(f);
  if (f.fromSnapshot && etcd)
    throw new UserError('--from-snapshot fills --data-dir: restore into the etcd itself where --etcd-servers is given');
  return { etcd, compactionIntervalMs: compactionInterval(f), fromSnapshot: f.fromSnapshot };
}

function etcdOf(f: EtcdFlags): RemoteEtcd | undefined {
  if (f.etcdPrefix !== PREFIX) throw new UserError(`--etcd-prefix ${f.etcdPrefix} is not built yet: use ${PREFIX}`);
  if (f.etcdServers === undefined) {
    for (const [flag, value] of Object.entries({ cafile: f.etcdCafile, certfile: f.etcdCertfile, keyfile: f.etcdKeyfile }))
      if (value) throw new UserError(`--etcd-${flag} needs --etcd-servers`);
    return undefined;
  }
  const endpoints = f.etcdServers.split(',').filter(Boolean);
  if (endpoints.length === 0) throw new UserError('--etcd-servers: write at least one URL, like http://127.0.0.1:2379');
  for (const e of endpoints) urlOf(e);
  if (!f.etcdCertfile !== !f.etcdKeyfile) throw new UserError('--etcd-certfile and --etcd-keyfile go together: give both or neither');
  const tls = {
    ...(f.etcdCafile ? { ca: pem('cafile', f.etcdCafile) } : {}),
    ...(f.etcdCertfile ? { certificate: pem('certfile', f.etcdCertfile), key: pem('keyfile', f.etcdKeyfile!) } : {}),
  };
  return { endpoints, tls };
}

function urlOf(endpoint: string): URL {
  try {
    return checkEndpoint(endpoint);
  } catch (e) {
    throw new UserError(`--etcd-servers: ${(e as Error).message}`);
  }
}

function pem(flag: string, file: string): string {
  let text: string;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch (e) {
    throw new UserError(`--etcd-${flag} ${file}: ${(e as Error).message}`);
  }
  if (!text.includes('-----BEGIN ')) throw new UserError(`--etcd-${flag} ${file}: not a PEM file`);
  return text;
}

function compactionInterval({ etcdCompactionInterval: text }: EtcdFlags): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms < 0) throw new UserError(`--etcd-compaction-interval ${text}: not a duration (write it like 5m0s; 0: never)`);
  return ms;
}
