/** Attributes and stored objects for the tables of the plugins. */
import type { ResourceDefinition } from '../../api/resource.js';
import type { AnyObject } from '../../meta/object.js';
import type { AccessAttributes, Authorizer } from '../authorize/authorizer.js';
import type { AdmissionPlugin, Attributes, Operation } from './chain.js';
import type { Lookup } from './lookup.js';

/** By `plural/namespace/name`, or `plural//name`. */
export const storedObjects = (stored: Readonly<Record<string, object>>): Lookup =>
  ({
    get: (_g: string, _v: string, plural: string, namespace: string, name: string) => stored[`${plural}/${namespace}/${name}`],
    list: (_g: string, _v: string, plural: string) => Object.entries(stored).flatMap(([k, o]) => (k.startsWith(`${plural}/`) ? [o] : [])),
  }) as unknown as Lookup;

/** Allows what `verb group/resource namespace/name` names. */
export const allowing = (...allowed: string[]): Authorizer => ({
  authorize: (a: AccessAttributes) => ({
    decision: allowed.includes(`${a.verb} ${a.group}/${a.resource} ${a.namespace}/${a.name}`) ? 'allow' : 'no-opinion',
    reason: '',
  }),
  rules: () => ({ resourceRules: [], nonResourceRules: [], incomplete: false }),
});

export interface Asked {
  readonly operation?: Operation;
  /** `group/version/plural[/subresource]`, `/v1/pods`. */
  readonly what?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly object?: object;
  readonly old?: object;
  readonly user?: Attributes['user'];
}

const CLUSTER_WIDE = [
  'nodes',
  'namespaces',
  'persistentvolumes',
  'priorityclasses',
  'csinodes',
  'resourceslices',
  'volumeattributesclasses',
  'certificatesigningrequests',
  'clusterroles',
  'clusterrolebindings',
];

export function attributesOf({ operation = 'CREATE', what = '/v1/pods', namespace = 'ns', name, object, old, user }: Asked): Attributes {
  const [group = '', version = '', plural = '', subresource = ''] = what.split('/');
  // No more of it than plugins look at: the whole table of resources takes a second to read.
  const definition = { group, version, plural, namespaced: !CLUSTER_WIDE.includes(plural) } as ResourceDefinition;
  const own = object as AnyObject | undefined;
  return {
    operation,
    definition,
    subresource,
    namespace: definition.namespaced ? namespace : '',
    name: name ?? own?.metadata?.name ?? (old as AnyObject | undefined)?.metadata?.name ?? '',
    object: own,
    oldObject: old as AnyObject | undefined,
    user: user ?? { name: 'eve', groups: [] },
    dryRun: false,
    warn: () => undefined,
  };
}

/** Asks both sides of a plugin: `ok`, or the code and what was said. */
export async function answerOf(plugin: AdmissionPlugin, asked: Asked): Promise<string> {
  const a = attributesOf(asked);
  try {
    await plugin.admit?.(a);
    await plugin.validate?.(a);
    return 'ok';
  } catch (e) {
    const { code, message } = e as { code?: number; message: string };
    return `${code} ${message.replace(/^\S+ "[^"]*" is forbidden: /, '')}`;
  }
}
