/** What stands in a volume that shows API objects as files: configMap, secret, downwardAPI, projected. Pure. */
import type { ConfigMap, DownwardAPIVolumeFile, KeyToPath, Pod, Secret, Volume, VolumeProjection } from '../../api/types/core/v1.js';
import { type DownwardFacts, fieldValue, resourceValue } from '../downward.js';

export interface PayloadFile {
  readonly data: Uint8Array;
  readonly mode: number;
  readonly uid?: number;
}
/** By path below the volume. */
export type Payload = Map<string, PayloadFile>;

/** The objects that a payload is made of; each call gives the object or throws NotFound. */
export interface PayloadObjects {
  configMap(name: string): ConfigMap;
  secret(name: string): Secret;
  /** A token for this audience, bound to the pod. */
  token(audience: string, expirationSeconds: number): string;
}

/** Which objects to fetch before a payload can be made. */
export interface PayloadNeeds {
  readonly configMaps: readonly string[];
  readonly secrets: readonly string[];
  readonly tokens: readonly { readonly audience: string; readonly expirationSeconds: number }[];
}

export const DEFAULT_MODE = 0o644;
const DEFAULT_TOKEN_SECONDS = 3600;
const utf8 = new TextEncoder();
const bytes = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

export const isPayloadVolume = (v: Volume): boolean => !!(v.configMap || v.secret || v.downwardAPI || v.projected);

export function payloadNeeds(v: Volume): PayloadNeeds {
  const sources: VolumeProjection[] = v.projected?.sources ?? [{ ...(v.configMap ? { configMap: v.configMap } : {}) }];
  return {
    configMaps: sources.flatMap((s) => (s.configMap?.name ? [s.configMap.name] : [])),
    secrets: [...(v.secret?.secretName ? [v.secret.secretName] : []), ...sources.flatMap((s) => (s.secret?.name ? [s.secret.name] : []))],
    tokens: sources.flatMap((s) =>
      s.serviceAccountToken
        ? [
            {
              audience: s.serviceAccountToken.audience ?? '',
              expirationSeconds: s.serviceAccountToken.expirationSeconds ?? DEFAULT_TOKEN_SECONDS,
            },
          ]
        : [],
    ),
  };
}

/** Undefined: not there, and that is allowed. */
function optionally<T>(optional: boolean | undefined, get: () => T): T | undefined {
  try {
    return get();
  } catch (e) {
    if (optional) return undefined;
    throw e;
  }
}

function select(
  out: Payload,
  all: ReadonlyMap<string, Uint8Array>,
  items: readonly KeyToPath[] | undefined,
  mode: number,
  optional: boolean | undefined,
  missing: (key: string) => string,
): void {
  if (!items?.length) {
    for (const [key, data] of all) out.set(key, { data, mode });
    return;
  }
  for (const item of items) {
    const data = all.get(item.key);
    if (data) out.set(item.path, { data, mode: item.mode ?? mode });
    else if (!optional) throw new Error(missing(item.key));
  }
}

const configMapData = (c: ConfigMap | undefined): Map<string, Uint8Array> =>
  new Map([
    ...Object.entries(c?.data ?? {}).map(([k, v]) => [k, utf8.encode(v)] as const),
    ...Object.entries(c?.binaryData ?? {}).map(([k, v]) => [k, bytes(v)] as const),
  ]);
const secretData = (s: Secret | undefined): Map<string, Uint8Array> =>
  new Map(Object.entries(s?.data ?? {}).map(([k, v]) => [k, bytes(v)] as const));

function addConfigMap(
  out: Payload,
  ref: { name?: string; items?: KeyToPath[]; optional?: boolean },
  mode: number,
  objects: PayloadObjects,
): void {
  const object = optionally(ref.optional, () => objects.configMap(ref.name ?? ''));
  select(out, configMapData(object), ref.items, mode, ref.optional, (key) => `configmap references non-existent config key: ${key}`);
}

function addSecret(
  out: Payload,
  ref: { name: string; items?: KeyToPath[]; optional?: boolean },
  mode: number,
  objects: PayloadObjects,
): void {
  const object = optionally(ref.optional, () => objects.secret(ref.name));
  select(out, secretData(object), ref.items, mode, ref.optional, (key) => `references non-existent secret key: ${key}`);
}

function addDownward(
  out: Payload,
  items: readonly DownwardAPIVolumeFile[] | undefined,
  mode: number,
  pod: Pod,
  facts: DownwardFacts,
): void {
  for (const item of items ?? []) {
    const text = item.fieldRef
      ? fieldValue(pod, item.fieldRef, facts)
      : item.resourceFieldRef
        ? resourceValue(pod, item.resourceFieldRef, undefined, facts)
        : '';
    out.set(item.path, { data: utf8.encode(text), mode: item.mode ?? mode });
  }
}

/** All containers run as this user: its tokens are then its own. */
function onlyUser(pod: Pod): number | undefined {
  const users = new Set(
    [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].map(
      (c) => c.securityContext?.runAsUser ?? pod.spec.securityContext?.runAsUser,
    ),
  );
  const [first] = users;
  return users.size === 1 ? first : undefined;
}

export function payloadOf(pod: Pod, v: Volume, objects: PayloadObjects, facts: DownwardFacts): Payload {
  const out: Payload = new Map();
  if (v.configMap) addConfigMap(out, v.configMap, v.configMap.defaultMode ?? DEFAULT_MODE, objects);
  if (v.secret) {
    const { secretName, items, optional, defaultMode } = v.secret;
    addSecret(
      out,
      { name: secretName ?? '', ...(items ? { items } : {}), ...(optional ? { optional } : {}) },
      defaultMode ?? DEFAULT_MODE,
      objects,
    );
  }
  if (v.downwardAPI) addDownward(out, v.downwardAPI.items, v.downwardAPI.defaultMode ?? DEFAULT_MODE, pod, facts);
  for (const s of v.projected?.sources ?? []) addProjection(out, pod, v, s, objects, facts);
  return out;
}

function addProjection(out: Payload, pod: Pod, v: Volume, s: VolumeProjection, objects: PayloadObjects, facts: DownwardFacts): void {
  const mode = v.projected?.defaultMode ?? DEFAULT_MODE;
  if (s.configMap) addConfigMap(out, s.configMap, mode, objects);
  else if (s.secret) addSecret(out, { ...s.secret, name: s.secret.name ?? '' }, mode, objects);
  else if (s.downwardAPI) addDownward(out, s.downwardAPI.items, mode, pod, facts);
  else if (s.serviceAccountToken) {
    const { audience = '', expirationSeconds = DEFAULT_TOKEN_SECONDS, path } = s.serviceAccountToken;
    const user = onlyUser(pod);
    const own = user !== undefined || pod.spec.securityContext?.fsGroup !== undefined;
    out.set(path, {
      data: utf8.encode(objects.token(audience, expirationSeconds)),
      mode: own ? 0o600 : mode,
      ...(user !== undefined ? { uid: user } : {}),
    });
  } else {
    throw new Error(
      `projected volume ${JSON.stringify(v.name)}: source ${Object.keys(s).join(', ') || '(none)'} is not supported by this kubelet`,
    );
  }
}
