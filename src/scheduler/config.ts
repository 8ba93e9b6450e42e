/**
 * A KubeSchedulerConfiguration file as profiles. What is not known is refused: nobody shall believe that it did something.
 * Source: https://kubernetes.io/docs/reference/config-api/kube-scheduler-config.v1/
 */
import { EXTENSION_POINTS, type PluginArgs } from './framework.js';
import type { PluginRef, PluginSet, Profile } from './profiles.js';

const API_VERSION = 'kubescheduler.config.k8s.io/v1';
const KIND = 'KubeSchedulerConfiguration';

type Fields = Readonly<Record<string, unknown>>;

/** Throws a RangeError that says where it is wrong. */
export function readConfiguration(document: unknown): Profile[] {
  const c = fields(document, 'the configuration', ['apiVersion', 'kind', 'profiles', 'percentageOfNodesToScore']);
  if (c.apiVersion !== API_VERSION || c.kind !== KIND) throw new RangeError(`not a ${KIND} of ${API_VERSION}`);
  const common = optional(c.percentageOfNodesToScore, 'percentageOfNodesToScore', number);
  const profiles = c.profiles === undefined ? [{}] : list(c.profiles, 'profiles', profile);
  return profiles.map((p) => ({ percentageOfNodesToScore: common, ...p }));
}

function profile(value: unknown, at: string): Profile {
  const p = fields(value, at, ['schedulerName', 'percentageOfNodesToScore', 'plugins', 'pluginConfig']);
  const percentage = optional(p.percentageOfNodesToScore, `${at}.percentageOfNodesToScore`, number);
  return {
    schedulerName: optional(p.schedulerName, `${at}.schedulerName`, text),
    ...(percentage === undefined ? {} : { percentageOfNodesToScore: percentage }),
    plugins: optional(p.plugins, `${at}.plugins`, plugins),
    pluginConfig: optional(p.pluginConfig, `${at}.pluginConfig`, (v, where) => list(v, where, config)),
  };
}

function plugins(value: unknown, at: string): Profile['plugins'] {
  const sets = fields(value, at, ['multiPoint', ...EXTENSION_POINTS]);
  return Object.fromEntries(Object.entries(sets).map(([point, set]) => [point, pluginSet(set, `${at}.${point}`)]));
}

function pluginSet(value: unknown, at: string): PluginSet {
  const set = fields(value, at, ['enabled', 'disabled']);
  return {
    enabled: optional(set.enabled, `${at}.enabled`, (v, where) => list(v, where, ref)),
    disabled: optional(set.disabled, `${at}.disabled`, (v, where) => list(v, where, ref)),
  };
}

function ref(value: unknown, at: string): PluginRef {
  const r = fields(value, at, ['name', 'weight']);
  return { name: text(r.name, `${at}.name`), weight: optional(r.weight, `${at}.weight`, number) };
}

function config(value: unknown, at: string): { readonly name: string; readonly args: PluginArgs } {
  const c = fields(value, at, ['name', 'args']);
  const { apiVersion, kind, ...args } = fields(c.args ?? {}, `${at}.args`);
  const name = text(c.name, `${at}.name`);
  if (apiVersion !== undefined && apiVersion !== API_VERSION) throw new RangeError(`${at}.args.apiVersion is not ${API_VERSION}`);
  if (kind !== undefined && kind !== `${name}Args`) throw new RangeError(`${at}.args.kind is not ${name}Args`);
  return { name, args };
}

/** `known`: there is no other field. */
function fields(value: unknown, at: string, known?: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new RangeError(`${at} is no object`);
  const extra = known && Object.keys(value).find((k) => !known.includes(k));
  if (extra !== undefined) throw new RangeError(`${at}: the field ${JSON.stringify(extra)} is unknown or not supported`);
  return { ...value };
}

function list<T>(value: unknown, at: string, each: (item: unknown, at: string) => T): T[] {
  if (!Array.isArray(value)) throw new RangeError(`${at} is no list`);
  return value.map((item, i) => each(item, `${at}[${i}]`));
}

const optional = <T>(value: unknown, at: string, read: (value: unknown, at: string) => T): T | undefined =>
  value === undefined || value === null ? undefined : read(value, at);

function text(value: unknown, at: string): string {
  if (typeof value !== 'string' || !value) throw new RangeError(`${at} is no text`);
  return value;
}

function number(value: unknown, at: string): number {
  if (!Number.isInteger(value)) throw new RangeError(`${at} is no whole number`);
  return Number(value);
}
