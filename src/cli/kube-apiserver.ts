/** `k8ts kube-apiserver`: the API server alone. Without --etcd-servers it keeps an embedded store in --data-dir and makes every file that is missing. */
import fs from 'node:fs';
import { type Command, Option } from 'commander';
import { BUILT, NOT_BUILT } from '../apiserver/admission/default-chain.js';
import { staticTokens } from '../apiserver/authenticate/static-tokens.js';
import { startApiServer } from '../cluster/api-server.js';
import { primaryAddress } from '../host/address.js';
import { createLogger } from '../host/logger.js';
import { realClock } from '../util/clock.js';
import { goBool } from '../util/go-bool.js';
import { realRandom } from '../util/random.js';
import { loadDocs } from './docs.js';
import { type EtcdFlags, etcdOptions, storeOf } from './etcd-flags.js';
import { fail, UserError } from './fail.js';
import { type FileFlags, filesOf, moreFlags, warnings } from './kube-apiserver-flags.js';
import { untilStopped } from './process.js';
import { restoreForStart } from './snapshot-restore.js';

interface Flags extends EtcdFlags, FileFlags {
  dataDir: string;
  bindAddress: string;
  advertiseAddress?: string;
  securePort: string;
  serviceClusterIpRange: string;
  serviceNodePortRange: string;
  authorizationMode: string;
  anonymousAuth: string;
  runtimeConfig?: string;
  tokenAuthFile?: string;
  allowPrivileged: string;
  enableAdmissionPlugins?: string;
  admissionControl?: string;
  disableAdmissionPlugins?: string;
  clusterDomain: string;
  v: string;
}

export function kubeApiServer(program: Command): void {
  moreFlags(etcdOptions(program.command('kube-apiserver').description('Run the API server alone')))
    .option('--data-dir <dir>', 'where the store, certificates and kubeconfig are kept', './k8ts-data')
    .option('--bind-address <ip>', 'address to listen on', '0.0.0.0')
    .option('--advertise-address <ip>', 'address members of the cluster reach this server at')
    .option('--secure-port <port>', 'HTTPS port; 0: any free one', '6443')
    .option('--service-cluster-ip-range <cidrs>', 'range of Service addresses', '10.96.0.0/16')
    .option('--service-node-port-range <range>', 'range of node ports', '30000-32767')
    .option('--authorization-mode <modes>', 'Node, RBAC, AlwaysAllow, AlwaysDeny', 'Node,RBAC')
    .option('--anonymous-auth <bool>', 'whether requests without credentials are let in as system:anonymous', 'true')
    .option('--runtime-config <versions>', 'API versions to turn on or off, as api/beta=true,apps/v1=false')
    .option('--token-auth-file <file>', 'tokens as token,user,uid,"groups" lines')
    .option('--allow-privileged <bool>', 'whether containers may be privileged', 'true')
    .option('--enable-admission-plugins <names>', 'plugins to use beside the default chain')
    .addOption(new Option('--admission-control <names>', 'the same, by its old name').hideHelp())
    .option('--disable-admission-plugins <names>', 'plugins of the default chain to leave out')
    .option('--cluster-domain <domain>', 'DNS domain of the cluster', 'cluster.local')
    .option('--v <level>', 'log level: 0 errors, 2 information, 4 everything', '1')
    .action((flags: Flags) => run(flags).catch(fail));
}

async function run(f: Flags): Promise<void> {
  const { etcd, compactionIntervalMs, fromSnapshot } = storeOf(f);
  const log = createLogger(Number(f.v) >= 4 ? 'debug' : Number(f.v) >= 2 ? 'info' : 'warn');
  for (const line of [...warnings(f as unknown as Record<string, unknown>), ...pluginWarnings(f)]) console.error(`warning: ${line}`);
  const env = { clock: realClock, random: realRandom, log };
  const options = {
    env,
    dataDir: f.dataDir,
    etcd,
    compactionIntervalMs,
    bindAddress: f.bindAddress,
    advertiseAddress: f.advertiseAddress ?? primaryAddress(),
    port: port(f.securePort),
    serviceCidrs: f.serviceClusterIpRange.split(','),
    nodePortRange: f.serviceNodePortRange,
    clusterDomain: f.clusterDomain,
    authorizationModes: f.authorizationMode.split(','),
    anonymous: bool('--anonymous-auth', f.anonymousAuth),
    runtimeConfig: runtimeConfig(f.runtimeConfig),
    staticTokens: f.tokenAuthFile ? staticTokens(fs.readFileSync(f.tokenAuthFile, 'utf8')) : undefined,
    allowPrivileged: bool('--allow-privileged', f.allowPrivileged),
    ...filesOf(f),
    disabledAdmission: f.disableAdmissionPlugins?.split(',').filter(Boolean),
    docs: loadDocs,
  };
  if (fromSnapshot) await restoreForStart(fromSnapshot, f.dataDir, env);
  const api = await startApiServer(options);
  console.log(`kube-apiserver is ready at ${api.url}`);
  console.log(`  export KUBECONFIG=${api.kubeconfig}`);
  await untilStopped(() => api.stop());
}

/** Plugins that are asked for: known, and either built (and on) or said not to be. */
function pluginWarnings(f: Flags): string[] {
  const wanted = [f.enableAdmissionPlugins, f.admissionControl].flatMap((t) => (t ?? '').split(',').filter(Boolean));
  const unknown = wanted.find((name) => !BUILT.includes(name) && !NOT_BUILT.includes(name));
  if (unknown !== undefined) throw new UserError(`admission-control plugin ${JSON.stringify(unknown)} is unknown`);
  return wanted.filter((name) => NOT_BUILT.includes(name)).map((name) => `admission plugin ${name} is not built yet: it admits everything`);
}

export function port(text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 0 || n > 65535) throw new UserError(`not a port: ${JSON.stringify(text)} (0 to 65535)`);
  return n;
}

/** Nothing that is not understood turns something on. */
export function bool(flag: string, text: string): boolean {
  const value = goBool(text);
  if (value !== undefined) return value;
  throw new UserError(`${flag}: not a bool: ${JSON.stringify(text)} (true or false)`);
}

export function runtimeConfig(text: string | undefined): Record<string, boolean> {
  const out: Record<string, boolean> = {};
  for (const part of (text ?? '').split(',').filter(Boolean)) {
    const [key, value = 'true'] = part.split('=');
    if (value !== 'true' && value !== 'false')
      throw new UserError(`--runtime-config: ${JSON.stringify(part)} must be version=true or version=false`);
    out[key!] = value === 'true';
  }
  return out;
}
