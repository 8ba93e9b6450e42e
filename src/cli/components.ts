/** The components alone, with the flags of the original: `kube-controller-manager`, `kube-scheduler`, `kube-proxy`. */
import fs from 'node:fs';
import os from 'node:os';
import type { Command } from 'commander';
import { LeaderElection } from '../client/leader-election.js';
import { ControllerManager } from '../controllers/manager.js';
import { ownAddresses } from '../host/address.js';
import { connect } from '../host/kubeconfig.js';
import { createLogger } from '../host/logger.js';
import { sparedFromOom } from '../host/oom-score.js';
import { connects } from '../host/proxy/connects.js';
import { healthListener } from '../host/proxy/health-listener.js';
import { IptablesRules } from '../host/proxy/iptables-rules.js';
import { parseYaml } from '../meta/yaml.js';
import { KubeProxy } from '../proxy/proxy.js';
import { readConfiguration } from '../scheduler/config.js';
import type { Profile } from '../scheduler/profiles.js';
import { Scheduler } from '../scheduler/scheduler.js';
import { realClock } from '../util/clock.js';
import type { Component, Env } from '../util/component.js';
import { realRandom, uuid } from '../util/random.js';
import { fail, UserError } from './fail.js';
import { untilStopped } from './process.js';

interface Common {
  kubeconfig?: string;
  leaderElect?: string;
  v?: string;
}

export function componentCommands(program: Command): void {
  const common = (c: Command) =>
    c
      .requiredOption('--kubeconfig <file>', 'where the API server is and who we are')
      .option('--leader-elect <bool>', 'act only while holding the lease', 'true')
      .option('--v <level>', 'log level: 0 errors, 2 information, 4 everything', '2');

  common(program.command('kube-controller-manager').description('Run the controllers'))
    .option('--cluster-cidr <cidr>', 'range of pod addresses')
    .option('--allocate-node-cidrs <bool>', 'give each node a part of --cluster-cidr', 'false')
    .option('--node-cidr-mask-size <bits>', 'size of that part', '24')
    .option('--root-ca-file <file>', 'CA that pods check the API server by (default: of the kubeconfig)')
    .action((f: Common & { clusterCidr?: string; allocateNodeCidrs: string; nodeCidrMaskSize: string; rootCaFile?: string }) => {
      const c = connection(f, 'kube-controller-manager');
      const rootCa = f.rootCaFile ? fs.readFileSync(f.rootCaFile, 'utf8') : (c.ca ?? '');
      const clusterCidr = f.allocateNodeCidrs === 'true' ? f.clusterCidr : undefined;
      if (f.allocateNodeCidrs === 'true' && !clusterCidr) throw new UserError('--allocate-node-cidrs needs --cluster-cidr');
      return led(
        'kube-controller-manager',
        f,
        c,
        (env) => new ControllerManager({ client: c.client, env, rootCa, clusterCidr, nodeCidrMaskSize: Number(f.nodeCidrMaskSize) }),
      ).catch(fail);
    });

  common(program.command('kube-scheduler').description('Run the scheduler'))
    .option('--config <file>', 'profiles: a KubeSchedulerConfiguration (default: one profile, default-scheduler)')
    .action((f: Common & { config?: string }) => {
      const profiles = f.config ? schedulerProfiles(f.config) : undefined;
      const c = connection(f, 'kube-scheduler');
      return led('kube-scheduler', f, c, (env) => new Scheduler({ client: c.client, env, profiles })).catch(fail);
    });

  program
    .command('kube-proxy')
    .description('Keep the service rules of this node (iptables)')
    .requiredOption('--kubeconfig <file>', 'where the API server is and who we are')
    .option('--hostname-override <name>', 'name of this node', os.hostname().toLowerCase())
    .option('--cluster-cidr <cidr>', 'range of pod addresses: traffic from elsewhere is masqueraded')
    .option('--masquerade-all', 'masquerade all traffic to Service addresses')
    .option('--proxy-mode <mode>', 'iptables', 'iptables')
    .option('--cleanup', 'remove the rules and end')
    .option('--v <level>', 'log level', '2')
    .action(
      (f: Common & { hostnameOverride: string; clusterCidr?: string; masqueradeAll?: boolean; proxyMode: string; cleanup?: boolean }) =>
        runProxy(f).catch(fail),
    );
}

function schedulerProfiles(file: string): Profile[] {
  try {
    return readConfiguration(parseYaml(fs.readFileSync(file, 'utf8')));
  } catch (e) {
    return fail(new UserError(`--config ${file}: ${(e as Error).message}`));
  }
}

function connection(f: Common, userAgent: string) {
  try {
    return connect(f.kubeconfig!, userAgent);
  } catch (e) {
    return fail(e);
  }
}

const environment = (f: { v?: string }, component: string): Env => ({
  clock: realClock,
  random: realRandom,
  log: createLogger(Number(f.v ?? 2) >= 4 ? 'debug' : Number(f.v ?? 2) >= 1 ? 'info' : 'error').with({ component }),
});

/** Runs a component, only while we lead if so asked. Losing the lead ends the process, as the original's does. */
async function led(name: string, f: Common, c: ReturnType<typeof connect>, make: (env: Env) => Component): Promise<void> {
  const env = environment(f, name);
  const component = make(env);
  if (f.leaderElect !== 'true') {
    await component.start();
    env.log.info('runs', { server: c.server });
    await untilStopped(() => component.stop());
    return c.close();
  }
  const election = new LeaderElection({
    client: c.client,
    env,
    namespace: 'kube-system',
    name,
    identity: `${os.hostname()}_${uuid(realRandom)}`,
  });
  const abort = new AbortController();
  const running = election.run(abort.signal, async (signal) => {
    await component.start();
    env.log.info('leads', { server: c.server });
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    await component.stop();
  });
  const stopped = untilStopped(async () => {
    abort.abort();
    await running;
  });
  const { lost } = await running;
  if (lost) throw new UserError('the lease was lost: another one leads now');
  await stopped;
  c.close();
}

async function runProxy(
  f: Common & { hostnameOverride: string; clusterCidr?: string; masqueradeAll?: boolean; proxyMode: string; cleanup?: boolean },
): Promise<void> {
  if (f.proxyMode !== 'iptables') throw new UserError(`--proxy-mode ${f.proxyMode} is not built yet: use iptables`);
  const rules = new IptablesRules({ node: f.hostnameOverride, clusterCidr: f.clusterCidr, masqueradeAll: f.masqueradeAll });
  if (f.cleanup) return rules.clean();
  const c = connect(f.kubeconfig!, 'kube-proxy');
  const env = environment(f, 'kube-proxy');
  sparedFromOom(env.log);
  const proxy = new KubeProxy({
    client: c.client,
    env,
    node: f.hostnameOverride,
    rules,
    connects,
    health: healthListener,
    addresses: ownAddresses,
  });
  await proxy.start();
  env.log.info('runs', { server: c.server });
  await untilStopped(() => proxy.stop());
  c.close();
}
