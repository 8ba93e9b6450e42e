/** `k8ts etcd`: the store alone, for etcd's clients. Flags, environment names and the configuration file are etcd's. */

import fs from 'node:fs';
import { type Command, Option } from 'commander';
import { ETCD_VERSION } from '../etcd/context.js';
import { startEtcd } from '../etcd/listen/start.js';
import { createLogger } from '../host/logger.js';
import { realClock } from '../util/clock.js';
import { table } from '../util/own.js';
import { realRandom } from '../util/random.js';
import { ALIASES, environmentName, FLAGS, GATE_FLAGS } from './etcd-config/flags.js';
import { etcdOptions } from './etcd-config/options.js';
import { type Settings, settle } from './etcd-config/settings.js';
import { fail, UserError } from './fail.js';
import { untilStopped } from './process.js';
import { isFree } from './snapshot-restore.js';

/** Adds the command, and returns it for those that go below it. */
export function etcdCommand(program: Command): Command {
  const etcd = program
    .command('etcd')
    .description('Run the store alone, for etcd clients')
    .version(`etcd Version: ${ETCD_VERSION}`, '--version', 'say which etcd this answers as')
    .allowExcessArguments(false)
    .showHelpAfterError('(`k8ts etcd --help` lists the flags)');
  for (const { name, kind, help, default: value } of FLAGS) {
    const text = `${help}${value === undefined ? '' : ` (default: ${value})`} [$${environmentName(name)}]`;
    etcd.addOption(new Option(`--${name} ${kind === 'bool' ? '[bool]' : `<${kind}>`}`, text));
  }
  for (const old of Object.keys(ALIASES)) etcd.addOption(new Option(`--${old} <value>`).hideHelp());
  for (const old of Object.keys(GATE_FLAGS)) etcd.addOption(new Option(`--${old} [bool]`).hideHelp());
  return etcd.action((_: unknown, command: Command) => runEtcd(flagsOf(command)).catch(fail));
}

/** What was given, by flag name. */
function flagsOf(command: Command): Map<string, string> {
  const given = new Map<string, string>();
  for (const option of command.options) {
    const value: unknown = command.getOptionValue(option.attributeName());
    if (value !== undefined && option.long) given.set(option.long.slice(2), String(value));
  }
  return given;
}

async function runEtcd(flags: ReadonlyMap<string, string>): Promise<void> {
  const settings = settle({ flags, environment: process.env, readFile: (file) => fs.readFileSync(file, 'utf8') });
  const warnings = [...settings.warnings];
  const options = etcdOptions(settings, (text) => warnings.push(text));
  if (settings.values.get('initial-cluster-state') === 'existing' && isFree(options.dataDir))
    throw new UserError(
      `--initial-cluster-state=existing, and there is no data in ${options.dataDir}: joining a cluster is not offered; use --initial-cluster-state=new, or a real etcd`,
    );
  const log = logger(settings).with({ component: 'etcd' });
  for (const text of warnings) log.warn(text);
  const etcd = await startEtcd({ ...options, env: { clock: realClock, random: realRandom, log } });
  await untilStopped(() => etcd.stop());
}

const LEVELS = table({ debug: 'debug', info: 'info', warn: 'warn', error: 'error', panic: 'error', fatal: 'error' } as const);

function logger({ values }: Settings) {
  const level = values.get('log-level')!;
  if (!(level in LEVELS)) throw new UserError(`invalid value "${level}" for --log-level: it takes ${Object.keys(LEVELS).join(', ')}`);
  const outputs = values.get('log-outputs')!.split(',');
  if (outputs.length > 1) throw new UserError('--log-outputs takes one of default, stderr, stdout or a file');
  const files: Record<string, string | undefined> = { default: undefined, stderr: undefined, stdout: '/dev/stdout' };
  const [output = 'default'] = outputs;
  return createLogger(LEVELS[level as keyof typeof LEVELS], output in files ? files[output] : output);
}
