/** Pods from a manifest folder: run without the API, shown to it as mirror pods. Source: https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/ */
import { MIRROR } from '../api/core/mirror.js';
import type { Pod } from '../api/types/core/v1.js';
import type { Client } from '../client/client.js';
import { isAlreadyExists, isConflict, isNotFound } from '../meta/errors.js';
import { parseYamlDocuments } from '../meta/yaml.js';
import { sleep } from '../util/clock.js';
import type { Env } from '../util/component.js';
import { fnv128 } from '../util/fnv.js';
import type { FileSystem } from './host.js';
import { defaultPullPolicy } from './image-name.js';
import { CONFIG_HASH, CONFIG_SEEN, CONFIG_SOURCE, nameOf, namespaceOf, uidOf } from './pods.js';

/** The folder is read this often, should its watcher miss a change. */
const POLL_MS = 20_000;
const MAX_MANIFEST = 1024 * 1024;

/** A manifest made a pod of this node. Throws what is wrong with it. Pure. */
export function staticPod(text: string, file: string, nodeName: string, now: string): Pod {
  const documents = parseYamlDocuments(text).filter((d) => d !== null);
  if (documents.length !== 1) throw new Error(`holds ${documents.length} documents, must hold one Pod`);
  const raw = documents[0] as Partial<Pod>;
  if (raw.apiVersion !== 'v1' || raw.kind !== 'Pod')
    throw new Error(`holds ${raw.apiVersion ?? '?'} ${raw.kind ?? '?'}, must hold a v1 Pod`);
  if (!raw.metadata?.name) throw new Error('the Pod has no metadata.name');
  if (!raw.spec?.containers?.length) throw new Error('the Pod has no spec.containers');
  for (const c of [...raw.spec.containers, ...(raw.spec.initContainers ?? [])])
    if (!c.name || !c.image) throw new Error('a container has no name or no image');
  const uid = raw.metadata.uid || fnv128(`${JSON.stringify(raw)}host:${nodeName}file:${file}`);
  const defaults = <C extends { image?: string; imagePullPolicy?: string; resources?: object }>(c: C) => ({
    ...c,
    resources: c.resources ?? {},
    imagePullPolicy: c.imagePullPolicy ?? defaultPullPolicy(c.image ?? ''),
  });
  return {
    ...(raw as Pod),
    metadata: {
      ...raw.metadata,
      name: `${raw.metadata.name}-${nodeName}`,
      namespace: raw.metadata.namespace || 'default',
      uid,
      annotations: { ...raw.metadata.annotations, [CONFIG_HASH]: uid, [CONFIG_SEEN]: now, [CONFIG_SOURCE]: 'file' },
    },
    spec: {
      ...raw.spec,
      restartPolicy: raw.spec.restartPolicy ?? 'Always',
      dnsPolicy: raw.spec.dnsPolicy ?? 'ClusterFirst',
      enableServiceLinks: raw.spec.enableServiceLinks ?? true,
      securityContext: raw.spec.securityContext ?? {},
      terminationGracePeriodSeconds: raw.spec.terminationGracePeriodSeconds ?? 30,
      containers: raw.spec.containers.map(defaults) as Pod['spec']['containers'],
      ...(raw.spec.initContainers ? { initContainers: raw.spec.initContainers.map(defaults) as Pod['spec']['containers'] } : {}),
      nodeName,
      tolerations: [...(raw.spec.tolerations ?? []), { operator: 'Exists', effect: 'NoExecute' }],
    },
    status: { phase: 'Pending' },
  };
}

export interface StaticPodHandler {
  upsert(pod: Pod): void;
  remove(pod: Pod): void;
  /** The folder has been read once. */
  synced(): void;
}

/** Follows the folder. A manifest that cannot be read is named in the log and keeps the pod that it made before. */
export class StaticPodFolder {
  private readonly pods = new Map<string, { text: string; pod: Pod }>();

  constructor(
    private readonly files: FileSystem,
    private readonly env: Env,
    private readonly dir: string,
    private readonly nodeName: string,
  ) {}

  async follow(handler: StaticPodHandler, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.read(handler).catch((e: Error) => this.env.log.warn('manifest folder not read', { dir: this.dir, error: e.message }));
      handler.synced();
      if (await this.files.stat(this.dir)) await this.files.waitChange(this.dir, POLL_MS, signal);
      else await sleep(this.env.clock, POLL_MS, signal);
    }
  }

  private async read(handler: StaticPodHandler): Promise<void> {
    const names = (await this.files.stat(this.dir)) ? (await this.files.list(this.dir)).filter((n) => !n.startsWith('.')).sort() : [];
    for (const [name, { pod }] of this.pods) {
      if (names.includes(name)) continue;
      this.pods.delete(name);
      handler.remove(pod);
    }
    for (const name of names) await this.readOne(name, handler);
  }

  private async readOne(name: string, handler: StaticPodHandler): Promise<void> {
    const path = `${this.dir}/${name}`;
    const info = await this.files.stat(path);
    if (info?.type !== 'file') return;
    try {
      if (info.size > MAX_MANIFEST) throw new Error(`is larger than ${MAX_MANIFEST} bytes`);
      const text = new TextDecoder().decode(await this.files.read(path));
      const known = this.pods.get(name);
      if (known?.text === text) return;
      const pod = staticPod(text, path, this.nodeName, new Date(this.env.clock.now()).toISOString());
      this.pods.set(name, { text, pod });
      if (known && uidOf(known.pod) !== uidOf(pod)) handler.remove(known.pod);
      handler.upsert(pod);
    } catch (e) {
      this.env.log.error('manifest not taken', { file: path, error: (e as Error).message });
    }
  }
}

/** Makes and removes the pods in the API that mirror static ones. */
export class MirrorPods {
  constructor(
    private readonly client: Client,
    private readonly env: Env,
    private readonly nodeName: string,
    private readonly nodeUid: () => string,
  ) {}

  /** Makes the mirror, or makes it anew when it is of an older manifest. */
  async ensure(pod: Pod, present: Pod | undefined): Promise<void> {
    if (present?.metadata.annotations?.[MIRROR] === uidOf(pod) && !present.metadata.deletionTimestamp) return;
    if (present) await this.remove(present);
    const { uid: _, resourceVersion: _v, creationTimestamp: _c, ...metadata } = pod.metadata;
    const owner = { apiVersion: 'v1', kind: 'Node', name: this.nodeName, uid: this.nodeUid(), controller: true };
    try {
      await this.client.create({
        ...pod,
        metadata: {
          ...metadata,
          annotations: { ...metadata.annotations, [MIRROR]: uidOf(pod) },
          ...(owner.uid ? { ownerReferences: [owner] } : {}),
        },
        status: {},
      } as never);
    } catch (e) {
      if (!isAlreadyExists(e)) this.env.log.warn('mirror pod not made', { pod: nameOf(pod), error: (e as Error).message });
    }
  }

  async remove(mirror: Pod): Promise<void> {
    try {
      const ref = { apiVersion: 'v1', kind: 'Pod', namespace: namespaceOf(mirror), name: nameOf(mirror) } as const;
      await this.client.delete(ref, { gracePeriodSeconds: 0, preconditions: { uid: uidOf(mirror) } });
    } catch (e) {
      // Another one has its name by now.
      if (!isNotFound(e) && !isConflict(e))
        this.env.log.warn('mirror pod not removed', { pod: nameOf(mirror), error: (e as Error).message });
    }
  }
}
