/**
 * Profiles: several schedulers in one, each with its name, plugins, their order, weights and arguments. A Pod of none of the names is left alone.
 * The form is that of a KubeSchedulerConfiguration. Source: https://kubernetes.io/docs/reference/scheduling/config/#multiple-profiles
 */
import { EXTENSION_POINTS, type ExtensionPoint, type Handle, type Plugin, type PluginArgs, type PluginFactory } from './framework.js';
import { type Enabled, Framework } from './runtime.js';

export const DEFAULT_SCHEDULER = 'default-scheduler';

export interface PluginRef {
  readonly name: string;
  readonly weight?: number;
}

export interface PluginSet {
  readonly enabled?: readonly PluginRef[];
  /** `*`: all. */
  readonly disabled?: readonly { readonly name: string }[];
}

export interface Profile {
  /** `default-scheduler` where absent. */
  readonly schedulerName?: string;
  /** 0 or absent: fewer the more nodes there are. */
  readonly percentageOfNodesToScore?: number;
  /** What differs from the default plugins. `multiPoint`: at all points that a plugin knows; a single point says more. */
  readonly plugins?: Readonly<Partial<Record<ExtensionPoint | 'multiPoint', PluginSet>>>;
  readonly pluginConfig?: readonly { readonly name: string; readonly args: PluginArgs }[];
}

/** What there is to choose from, and what is chosen where nothing is said: in the order in which plugins are asked. */
export interface Registry {
  readonly factories: readonly PluginFactory[];
  readonly defaults: readonly PluginRef[];
}

/** The frameworks by their names. Throws a RangeError that says what is wrong. */
export function createFrameworks(profiles: readonly Profile[], registry: Registry, handle: Handle): Map<string, Framework> {
  const made = new Map<string, Framework>();
  let sort: string | undefined;
  for (const p of profiles) {
    const name = p.schedulerName ?? DEFAULT_SCHEDULER;
    if (made.has(name)) throw new RangeError(`two profiles are named ${JSON.stringify(name)}`);
    const framework = createFramework(name, p, registry, handle);
    // There is one queue, so it has one order.
    const sorted = JSON.stringify([framework.plugins('queueSort'), argsOf(p, framework.plugins('queueSort')[0]!)]);
    if (sorted !== (sort ??= sorted))
      throw new RangeError(`profile ${JSON.stringify(name)}: another queueSort plugin than the first profile's`);
    made.set(name, framework);
  }
  if (!made.size) throw new RangeError('no profile');
  return made;
}

const argsOf = (p: Profile, plugin: string): PluginArgs => p.pluginConfig?.find((c) => c.name === plugin)?.args ?? {};

function createFramework(name: string, profile: Profile, { factories, defaults }: Registry, handle: Handle): Framework {
  const wrong = (what: string) => new RangeError(`profile ${JSON.stringify(name)}: ${what}`);
  const percentage = profile.percentageOfNodesToScore ?? 0;
  if (!(percentage >= 0 && percentage <= 100)) throw wrong('percentageOfNodesToScore is not from 0 to 100');
  const byName = new Map(factories.map((f) => [f.name, f]));
  for (const [i, c] of (profile.pluginConfig ?? []).entries()) {
    if (!byName.has(c.name)) throw wrong(`arguments of ${JSON.stringify(c.name)}, which is no plugin`);
    if (profile.pluginConfig!.findIndex((o) => o.name === c.name) !== i) throw wrong(`arguments of ${c.name} twice`);
  }
  const plugins = new Map<string, Plugin>();
  /** One plugin serves all its points. */
  const plugin = (of: string): Plugin => {
    let found = plugins.get(of);
    if (found) return found;
    const factory = byName.get(of);
    if (!factory) throw wrong(`${JSON.stringify(of)} is no plugin`);
    try {
      found = factory.create(argsOf(profile, of), handle);
    } catch (e) {
      throw wrong((e as Error).message);
    }
    plugins.set(of, found);
    return found;
  };
  const enable = (refs: readonly PluginRef[]): Enabled[] =>
    refs.map((r) => {
      const weight = r.weight || defaults.find((d) => d.name === r.name)?.weight || 1;
      if (!Number.isInteger(weight) || weight < 1) throw wrong(`the weight of ${r.name} is no positive integer`);
      return { name: r.name, plugin: plugin(r.name), weight };
    });
  const multi = enable(overlay(defaults, profile.plugins?.multiPoint));
  const at = (point: ExtensionPoint): readonly Enabled[] => {
    const set = profile.plugins?.[point] ?? {};
    const own = enable(set.enabled ?? []);
    for (const e of own) if (!e.plugin[point]) throw wrong(`${e.name} does nothing at ${point}`);
    const common = multi.filter((e) => e.plugin[point] && !disables(set, e.name));
    return merge(common, own);
  };
  const enabled = Object.fromEntries(EXTENSION_POINTS.map((p) => [p, at(p)])) as Record<ExtensionPoint, readonly Enabled[]>;
  if (enabled.queueSort.length !== 1) throw wrong('not one queueSort plugin');
  if (!enabled.bind.length) throw wrong('no bind plugin');
  for (const point of EXTENSION_POINTS) {
    const names = enabled[point].map((e) => e.name);
    const twice = names.find((n, i) => names.indexOf(n) !== i);
    if (twice) throw wrong(`${twice} twice at ${point}`);
  }
  return new Framework(name, enabled, percentage);
}

const disables = ({ disabled }: PluginSet, name: string): boolean => disabled?.some((d) => d.name === '*' || d.name === name) ?? false;

/** The default plugins as a profile wants them: one that it enables itself keeps its place and gets the weight; new ones come last. */
function overlay(defaults: readonly PluginRef[], set: PluginSet = {}): PluginRef[] {
  const own = new Map((set.enabled ?? []).map((r) => [r.name, r]));
  const kept = defaults.flatMap((d) => {
    if (disables(set, d.name)) return [];
    const mine = own.get(d.name);
    own.delete(d.name);
    return [mine ?? d];
  });
  return [...kept, ...own.values()];
}

/** What a point says for itself of plugins that it has anyway comes first, in its order; then what it has anyway; then what it has besides. */
function merge(common: readonly Enabled[], own: readonly Enabled[]): Enabled[] {
  const named = (of: readonly Enabled[], e: Enabled) => of.some((o) => o.name === e.name);
  return [...own.filter((e) => named(common, e)), ...common.filter((e) => !named(own, e)), ...own.filter((e) => !named(common, e))];
}
