/** An API server of Nodes and Pods that a scheduler is tried against: what it binds, says and tells is on record. */
import type { Node, Pod } from '../../api/types/core/v1.js';
import type { Client } from '../../client/client.js';
import type { AnyObject } from '../../meta/object.js';

type Stored = Node | Pod;

interface Watch {
  readonly kind: string;
  push(event: object): void;
}

export class FakeApi {
  private readonly objects = new Map<string, Stored>();
  private readonly watches = new Set<Watch>();
  private version = 1;
  /** `pod -> node`, in the order in which bindings were asked for. */
  readonly bindings: string[] = [];
  /** `reason pod: message` of each event. */
  readonly events: string[] = [];
  /** What was written to the status of each Pod, by its name. */
  readonly statuses = new Map<string, AnyObject>();
  underWay = 0;
  mostAtOnce = 0;
  /** What answers a binding takes, or that it fails. */
  beforeBinding: (pod: string, node: string) => Promise<void> = async () => undefined;

  get(kind: 'Pod' | 'Node', name: string): Stored | undefined {
    return this.objects.get(`${kind}/${name}`);
  }

  put(kind: 'Pod' | 'Node', object: Stored): void {
    const id = `${kind}/${object.metadata.name}`;
    const type = this.objects.has(id) ? 'MODIFIED' : 'ADDED';
    const stored = { ...object, kind, metadata: { ...object.metadata, resourceVersion: String(++this.version) } } as Stored;
    this.objects.set(id, stored);
    this.tell(kind, { type, object: stored });
  }

  remove(kind: 'Pod' | 'Node', name: string): void {
    const object = this.objects.get(`${kind}/${name}`);
    this.objects.delete(`${kind}/${name}`);
    this.tell(kind, { type: 'DELETED', object });
  }

  private tell(kind: string, event: object): void {
    for (const w of this.watches) if (w.kind === kind) w.push(event);
  }

  private async bind(name: string, node: string): Promise<void> {
    this.bindings.push(`${name} -> ${node}`);
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.underWay);
    try {
      await this.beforeBinding(name, node);
    } finally {
      this.underWay--;
    }
    const pod = this.get('Pod', name);
    if (pod) this.put('Pod', { ...pod, spec: { ...pod.spec, nodeName: node } } as Pod);
  }

  readonly client = {
    list: async ({ kind }: { kind: string }) => ({
      items: [...this.objects].filter(([id]) => id.startsWith(`${kind}/`)).map(([, o]) => o),
      metadata: { resourceVersion: String(this.version) },
    }),
    watch: ({ kind }: { kind: string }, { signal }: { signal: AbortSignal }) => this.follow(kind, signal),
    post: async ({ name }: { name: string }, _binding: string, body: { target: { name: string } }) => this.bind(name, body.target.name),
    create: async (e: { reason: string; message: string; involvedObject: { name: string } }) => {
      this.events.push(`${e.reason} ${e.involvedObject.name}: ${e.message}`);
    },
    patch: async ({ name }: { name: string }, patch: { status?: AnyObject }) => {
      if (patch.status) this.statuses.set(name, patch.status);
    },
  } as unknown as Client;

  private async *follow(kind: string, signal: AbortSignal): AsyncGenerator<object> {
    const queue: object[] = [];
    let wake = () => {};
    const watch: Watch = {
      kind,
      push(e) {
        queue.push(e);
        wake();
      },
    };
    this.watches.add(watch);
    signal.addEventListener('abort', () => wake());
    while (!signal.aborted) {
      for (let e = queue.shift(); e; e = queue.shift()) yield e;
      if (!signal.aborted)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
    this.watches.delete(watch);
  }
}
