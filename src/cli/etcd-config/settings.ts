/** The settings that count: of the configuration file if one is named, else of flags over environment over defaults. */

import { parseDuration } from '../../meta/duration.js';
import { parseYaml } from '../../meta/yaml.js';
import { table } from '../../util/own.js';
import { UserError } from '../fail.js';
import { ALIASES, environmentName, FLAGS, type Flag, GATE_FLAGS } from './flags.js';

export interface Settings {
  /** The text of each setting, by flag name; absent where nothing was said and there is no default. */
  readonly values: ReadonlyMap<string, string>;
  /** What the operator should be told. */
  readonly warnings: readonly string[];
}

interface Sources {
  /** By flag name. */
  readonly flags: ReadonlyMap<string, string>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly readFile: (path: string) => string;
}

const NAMES: ReadonlySet<string> = new Set([...FLAGS.map((f) => f.name), ...Object.keys(ALIASES), ...Object.keys(GATE_FLAGS)]);

export function settle({ flags, environment, readFile }: Sources): Settings {
  const warnings: string[] = [];
  const given = new Map<string, { value: string; from: string }>();
  for (const name of NAMES) {
    const variable = environmentName(name);
    const [flag, value] = [flags.get(name), environment[variable]];
    if (flag !== undefined && value) warnings.push(`${variable} is shadowed by --${name}: unset the one or the other`);
    if (flag !== undefined) given.set(name, { value: flag, from: `--${name}` });
    else if (value) given.set(name, { value, from: variable });
  }
  const known = new Set([...NAMES].map(environmentName));
  for (const variable of Object.keys(environment))
    if (variable.startsWith('ETCD_') && !known.has(variable)) warnings.push(`unrecognized environment variable ${variable}`);
  const file = given.get('config-file')?.value;
  if (file !== undefined) {
    if (given.size > 1) warnings.push(`the settings are those of ${file}: other flags and ETCD_ variables do not count`);
    given.clear();
    for (const [name, value] of readConfig(file, readFile)) given.set(name, { value, from: `${file}: ${name}` });
  }
  return { values: judge(renamed(given), warnings), warnings };
}

type Given = ReadonlyMap<string, { readonly value: string; readonly from: string }>;

/** Older names under the present ones. */
function renamed(given: Given): Given {
  const out = new Map(given);
  for (const [old, name] of Object.entries(ALIASES)) {
    const value = out.get(old);
    out.delete(old);
    if (value && !out.has(name)) out.set(name, value);
  }
  for (const [old, gate] of Object.entries(GATE_FLAGS)) {
    const value = out.get(old);
    out.delete(old);
    if (!value) continue;
    const gates = out.get('feature-gates');
    out.set('feature-gates', { value: [gates?.value, `${gate}=${value.value}`].filter(Boolean).join(), from: value.from });
  }
  return out;
}

function judge(given: Given, warnings: string[]): Map<string, string> {
  const values = new Map<string, string>();
  for (const flag of FLAGS) {
    const said = given.get(flag.name);
    if (!said) {
      if (flag.default !== undefined) values.set(flag.name, flag.default);
      continue;
    }
    const value = said.value.trim();
    check(flag, value, said.from);
    if (flag.use === 'alone') warnings.push(`${said.from} has no meaning for a single member`);
    else if (flag.use !== 'used' && value !== (flag.default ?? ''))
      throw new UserError(`${said.from}=${value} is not offered: ${flag.use.refused}`);
    values.set(flag.name, value);
  }
  return values;
}

const FORMS: Record<Flag['kind'], readonly [(text: string) => boolean, string]> = table({
  text: [() => true, ''],
  list: [() => true, ''],
  bool: [(text) => /^(true|false|1|0|t|f|T|F|TRUE|FALSE|True|False)$/.test(text), 'true or false'],
  int: [(text) => /^-?\d{1,15}$/.test(text), 'a whole number'],
  duration: [(text) => (parseDuration(text) ?? -1) >= 0, 'a duration such as 500ms, 5s, 10m or 1h'],
});

function check(flag: Flag, value: string, from: string): void {
  const [form, words] = FORMS[flag.kind];
  if (!form(value)) throw new UserError(`invalid value "${value}" for ${from}: it takes ${words}`);
}

/** Sections of the file, by the flags that their keys are. */
const SECTIONS: ReadonlyMap<string, (key: string) => string | undefined> = new Map([
  ['client-transport-security', (key: string) => (key === 'auto-tls' || /cert|key|ca|crl/.test(key) ? key : undefined)],
  ['peer-transport-security', (key: string) => `peer-${key}`],
]);

function readConfig(file: string, readFile: (path: string) => string): [string, string][] {
  let tree: unknown;
  try {
    tree = parseYaml(readFile(file)) ?? {};
  } catch (e) {
    throw new UserError(`--config-file ${file}: ${(e as Error).message.split('\n')[0]}`);
  }
  if (typeof tree !== 'object' || Array.isArray(tree)) throw new UserError(`--config-file ${file}: it must be a YAML mapping of settings`);
  const out: [string, string][] = [];
  const take = (name: string | undefined, shown: string, value: unknown) => {
    if (name === undefined || !NAMES.has(name) || name === 'config-file')
      throw new UserError(`--config-file ${file}: there is no setting ${shown}; correct or remove the line`);
    if (value !== null) out.push([name, Array.isArray(value) ? value.join() : String(value)]);
  };
  for (const [key, value] of Object.entries(tree as Record<string, unknown>)) {
    const section = SECTIONS.get(key);
    if (!section) take(key, key, value);
    else
      for (const [inner, text] of Object.entries((value ?? {}) as Record<string, unknown>)) take(section(inner), `${key}.${inner}`, text);
  }
  return out;
}
