/** Where pods come from: those that the API has bound to this node. A source may serve many nodes of one process from one watch. */
import type { Pod } from '../api/types/core/v1.js';
import type { Client } from '../client/client.js';
import { PODS } from '../client/kinds.js';
import { Reflector, type ReflectorStore } from '../client/reflector.js';
import type { Env } from '../util/component.js';
import { CONFIG_SOURCE } from './pods.js';

export interface PodHandler {
  /** A pod that is there, new or changed. */
  upsert(pod: Pod): void;
  /** A pod that is no more in the API. */
  remove(pod: Pod): void;
  /** The first list is through: what was not named is not there. */
  synced(): void;
}

export interface PodSource {
  /** Follows the node's pods until `signal` aborts. */
  follow(nodeName: string, handler: PodHandler, signal: AbortSignal): Promise<void>;
}

/** Where a pod comes from is the kubelet's to say: whatever an annotation says of it, this one comes from the API. The object is shared. */
function fromApi(pod: Pod): Pod {
  if (pod.metadata.annotations?.[CONFIG_SOURCE] === undefined) return pod;
  return { ...pod, metadata: { ...pod.metadata, annotations: { ...pod.metadata.annotations, [CONFIG_SOURCE]: 'api' } } };
}

/** What a reflector sees, told to one handler. */
class PodFollower implements ReflectorStore<Pod> {
  private readonly known = new Map<string, Pod>();

  constructor(private readonly handler: PodHandler) {}

  replace(pods: readonly Pod[]): void {
    const present = new Set(pods.map((p) => p.metadata.uid));
    for (const [uid, pod] of this.known) if (!present.has(uid)) this.drop(pod);
    for (const pod of pods) this.put(pod);
    this.handler.synced();
  }

  put(told: Pod): void {
    const pod = fromApi(told);
    this.known.set(pod.metadata.uid, pod);
    this.handler.upsert(pod);
  }

  drop(pod: Pod): void {
    this.known.delete(pod.metadata.uid);
    this.handler.remove(fromApi(pod));
  }
}

/** A list and a watch of the node's own pods: all that a real node may see. */
export class ApiPodSource implements PodSource {
  constructor(
    private readonly client: Client,
    private readonly env: Env,
  ) {}

  follow(nodeName: string, handler: PodHandler, signal: AbortSignal): Promise<void> {
    const selection = { ...PODS, fieldSelector: `spec.nodeName=${nodeName}` };
    return new Reflector(this.client, this.env, selection, new PodFollower(handler)).run(signal);
  }
}

/** One watch of all pods for the many simulated nodes of one process. It runs while somebody follows. */
export class SharedPodSource implements PodSource {
  private readonly handlers = new Map<string, PodHandler>();
  private readonly pods = new Map<string, Map<string, Pod>>();
  private synced = false;
  private stopping: AbortController | undefined;
  private running: Promise<void> | undefined;

  constructor(
    private readonly client: Client,
    private readonly env: Env,
  ) {}

  async follow(nodeName: string, handler: PodHandler, signal: AbortSignal): Promise<void> {
    this.handlers.set(nodeName, handler);
    for (const pod of this.pods.get(nodeName)?.values() ?? []) handler.upsert(pod);
    if (this.synced) handler.synced();
    if (!this.running) {
      this.stopping = new AbortController();
      this.running = new Reflector(this.client, this.env, PODS, new PodFollower(this.dispatcher())).run(this.stopping.signal);
    }
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    this.handlers.delete(nodeName);
    if (this.handlers.size) return;
    this.stopping?.abort();
    await this.running;
    this.running = undefined;
    this.synced = false;
    this.pods.clear();
  }

  private dispatcher(): PodHandler {
    return {
      upsert: (pod) => {
        const node = pod.spec.nodeName;
        if (!node) return;
        const pods = this.pods.get(node) ?? new Map<string, Pod>();
        this.pods.set(node, pods.set(pod.metadata.uid, pod));
        this.handlers.get(node)?.upsert(pod);
      },
      remove: (pod) => {
        const node = pod.spec.nodeName ?? '';
        this.pods.get(node)?.delete(pod.metadata.uid);
        this.handlers.get(node)?.remove(pod);
      },
      synced: () => {
        this.synced = true;
        for (const h of this.handlers.values()) h.synced();
      },
    };
  }
}
