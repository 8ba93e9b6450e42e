/** What the parts of one kubelet share. Made once, in `kubelet.ts`. */
import type { Service } from '../api/types/core/v1.js';
import type { Client } from '../client/client.js';
import type { Env } from '../util/component.js';
import type { BackOff } from './backoff.js';
import type { DownwardFacts } from './downward.js';
import type { PodEvents } from './events.js';
import type { Host } from './host.js';
import type { ImageManager } from './images.js';
import type { ObjectReader } from './objects.js';
import type { ConfigContext } from './pod-config.js';
import type { ProbeManager } from './probe-manager.js';
import type { ContainerRuntime } from './runtime.js';
import type { VolumeManager } from './volumes/volume-manager.js';

export interface KubeletContext {
  readonly env: Env;
  readonly client: Client;
  readonly nodeName: string;
  readonly host: Host;
  readonly runtime: ContainerRuntime;
  /** `containerd`: the scheme of container ids. */
  readonly runtimeName: string;
  readonly config: ConfigContext;
  readonly clusterDNS: readonly string[];
  readonly events: PodEvents;
  readonly images: ImageManager;
  readonly objects: ObjectReader;
  readonly volumes: VolumeManager;
  readonly probes: ProbeManager;
  readonly crashes: BackOff;
  readonly hostIPs: readonly string[];
  readonly allocatable: Readonly<Record<string, string>>;
  /** Cgroups are made and limited (a real machine). */
  readonly podPidsLimit: number;
  /** Services of a namespace and `default/kubernetes`. */
  readonly services: (namespace: string) => Promise<readonly Service[]>;
  /** Resolves when the node's service rules lead to none of these addresses any more, or after `limitMs`. */
  readonly withdrawn?: (ips: readonly string[], limitMs: number) => Promise<void>;
}

export const downwardFacts = (ctx: KubeletContext, podIPs: readonly string[]): DownwardFacts => ({
  podIPs,
  hostIPs: ctx.hostIPs,
  allocatable: ctx.allocatable,
});
