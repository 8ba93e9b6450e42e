/** Where requests are handed on to: kubelets, and what is proxied to. */
import type { Node } from '../../api/types/core/v1.js';
import { badRequest, unavailable } from '../../meta/errors.js';
import { isGlobalUnicast, readIp } from '../../meta/ip.js';
import type { Call } from '../core.js';

export interface StreamTarget {
  readonly scheme: 'http' | 'https';
  /** Set where the far end is the kubelet of a node: the connection authenticates as the API server. */
  readonly node?: string;
  /** The address is known in this process, and need not be one that others could reach. */
  readonly known?: boolean;
  readonly host: string;
  readonly port: number;
  /** With the query. */
  readonly path: string;
}

/** How the API server reaches kubelets and what it proxies to; made of sockets in `listen/`, or in process. */
export interface Backends {
  fetch(
    target: StreamTarget,
    request: { method: string; headers: Readonly<Record<string, string>>; body?: Uint8Array; signal?: AbortSignal },
  ): Promise<{ status: number; headers: Readonly<Record<string, string | readonly string[]>>; body: AsyncIterable<Uint8Array> }>;
}

/** Throws for an address that is nobody's own. A name says nothing yet: what it stands for is looked at as the connection is made. */
export function checkAddress(host: string): void {
  if (readIp(host) && !isGlobalUnicast(host)) throw badRequest('address not allowed');
}

/** Where a kubelet listens. */
export interface KubeletAddress {
  readonly host: string;
  readonly port: number;
}

/** Where a Node says it is. */
export function toldAddress(call: Call, node: string): KubeletAddress {
  const entry = call.core.storage.get(call.core.resources.find('', 'v1', 'nodes')!, '', node);
  if (!entry) throw unavailable(`the node ${JSON.stringify(node)} of this pod is not registered`);
  const { addresses = [], daemonEndpoints } = (entry.object as unknown as Node).status;
  const host =
    (addresses.find((a) => a.type === 'InternalIP') ?? addresses.find((a) => a.type === 'Hostname') ?? addresses[0])?.address ?? node;
  return { host, port: daemonEndpoints.kubeletEndpoint.Port || 10250 };
}

/**
 * A Node's status is written by whoever holds its credential: an address that is not the machine's own (loopback, link-local) would have the
 * API server show its certificate to itself or to what else runs beside it.
 */
export function kubelet(call: Call, node: string, path: string): StreamTarget {
  const here = call.core.kubelets.get(node);
  const { host, port } = here ?? toldAddress(call, node);
  const known = here !== undefined;
  if (!known) checkAddress(host);
  return { scheme: 'https', node, known, host, port, path };
}
