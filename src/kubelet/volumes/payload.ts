/** What stands in a volume that shows API objects as files: configMap, secret, downwardAPI, projected. Pure. */
import type { ConfigMap, DownwardAPIVolumeFile, KeyToPath, Pod, Secret, Volume, VolumeProjection } from '../../api/types/core/v1.js';
import { type DownwardFacts, fieldValue, resourceValue } from '../downward.js';

export interface PayloadFile {
  readonly data: Uint8Array;
  readonly mode: number;
  readonly uid?: number;
}
/** By path below the volume. */
export type Payload = ReadonlyMap<string, PayloadFile>;

/** What the files of one Pod's configMap, secret, downwardAPI and projected volumes may come to: its few bytes may name one object many times. */
export const PAYLOAD_LIMIT = 64 * 2 ** 20;

const utf8 = new TextEncoder();

/** Collects a volume's files, counted. */
class Files {
  readonly files = new Map<string, PayloadFile>();
  private readonly texts = new Map<string, Uint8Array>();
  private readonly objects = new Map<string, ReadonlyMap<string, Uint8Array>>();
  private left: number;

  constructor(
    private readonly volume: string,
    limit: number,
  ) {
    this.left = limit;
  }

  /** Throws where this and all before it, in this volume and the Pod's others, are more than may be. */
  set(path: string, file: PayloadFile): void {
    this.left -= file.data.length;
    if (this.left < 0) throw new Error(`volume ${JSON.stringify(this.volume)}: the files of the pod's volumes come to more than 64Mi`);
    this.files.set(path, file);
  }

  /** Bytes of a text; made once, however many files show it. */
  bytes(text: string): Uint8Array {
    let known = this.texts.get(text);
    if (!known) this.texts.set(text, (known = utf8.encode(text)));
    return known;
  }

  /** What an object holds; decoded once. */
  data(key: string, make: () => ReadonlyMap<string, Uint8Array>): ReadonlyMap<string, Uint8Array> {
    let known = this.objects.get(key);
    if (!known) this.objects.set(key, (known = make()));
    return known;
  }
}

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
  out: Files,
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
  out: Files,
  ref: { name?: string; items?: KeyToPath[]; optional?: boolean },
  mode: number,
  objects: PayloadObjects,
): void {
  const object = optionally(ref.optional, () => objects.configMap(ref.name ?? ''));
  const data = out.data(`c ${ref.name}`, () => configMapData(object));
  select(out, data, ref.items, mode, ref.optional, (key) => `configmap references non-existent config key: ${key}`);
}

function addSecret(
  out: Files,
  ref: { name: string; items?: KeyToPath[]; optional?: boolean },
  mode: number,
  objects: PayloadObjects,
): void {
  const object = optionally(ref.optional, () => objects.secret(ref.name));
  const data = out.data(`s ${ref.name}`, () => secretData(object));
  select(out, data, ref.items, mode, ref.optional, (key) => `references non-existent secret key: ${key}`);
}

function addDownward(out: Files, items: readonly DownwardAPIVolumeFile[] | undefined, mode: number, pod: Pod, facts: DownwardFacts): void {
  for (const item of items ?? []) {
    const text = item.fieldRef
      ? fieldValue(pod, item.fieldRef, facts)
      : item.resourceFieldRef
        ? resourceValue(pod, item.resourceFieldRef, undefined, facts)
        : '';
    out.set(item.path, { data: out.bytes(text), mode: item.mode ?? mode });
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

/** Throws where an object that must be there is not, and where its files come to more than `limit` bytes. */
export function payloadOf(pod: Pod, v: Volume, objects: PayloadObjects, facts: DownwardFacts, limit = PAYLOAD_LIMIT): Payload {
  const out = new Files(v.name, limit);
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
  return out.files;
}

function addProjection(out: Files, pod: Pod, v: Volume, s: VolumeProjection, objects: PayloadObjects, facts: DownwardFacts): void {
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
