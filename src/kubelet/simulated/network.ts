/** The network between simulated pods: addresses, and requests that go from one function to another. */
import type { SimulatedRequest, SimulatedResponse } from './behaviour.js';

export interface Endpoint {
  /** Undefined: nobody listens on that port. */
  serve(request: SimulatedRequest): Promise<SimulatedResponse | undefined>;
}

/** Names to addresses, where a cluster has a DNS for its simulated pods. */
export type Resolver = (host: string, port: number) => { readonly ip: string; readonly port: number } | undefined;

export class SimulatedNetwork {
  private readonly endpoints = new Map<string, Endpoint>();
  /** Set by the cluster: services and names. */
  resolve: Resolver = () => undefined;

  attach(ip: string, endpoint: Endpoint): void {
    this.endpoints.set(ip, endpoint);
  }

  detach(ip: string): void {
    this.endpoints.delete(ip);
  }

  /** Rejects in the words of a failed connection. */
  async request(host: string, port: number, request: Partial<SimulatedRequest>): Promise<SimulatedResponse> {
    const to = this.resolve(host, port) ?? { ip: host, port };
    const endpoint = this.endpoints.get(to.ip);
    if (!endpoint) throw new Error(`dial tcp ${host}:${port}: connect: no route to host`);
    const answer = await endpoint.serve({ method: 'GET', path: '/', headers: {}, body: new Uint8Array(0), ...request, port: to.port });
    if (!answer) throw new Error(`dial tcp ${host}:${port}: connect: connection refused`);
    return answer;
  }
}

/** Hands out the addresses of a range, the lowest that is free. */
export class AddressPool {
  private readonly used = new Set<number>();
  private base = 0;
  private size = 0;
  private next = 1;

  constructor(cidr: string) {
    this.range(cidr);
  }

  /** A range that comes later (the node's podCIDR) serves from then on. */
  range(cidr: string): void {
    const m = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(cidr);
    if (!m || Number(m[5]) > 30) throw new Error(`not an IPv4 range that holds pods: ${cidr}`);
    const [a, b, c, d, bits] = m.slice(1).map(Number) as [number, number, number, number, number];
    const size = 2 ** (32 - bits);
    const base = Math.floor((((a * 256 + b) * 256 + c) * 256 + d) / size) * size;
    if (base === this.base && size === this.size) return;
    this.base = base;
    this.size = size;
    this.next = 1;
    this.used.clear();
  }

  take(): string {
    // Round the range, so that an address that was just freed is not reused at once.
    for (let i = 0; i < this.size - 2; i++) {
      const n = 1 + ((this.next - 1 + i) % (this.size - 2));
      if (this.used.has(n)) continue;
      this.used.add(n);
      this.next = n + 1;
      return this.text(n);
    }
    throw new Error('no IP addresses available in range set');
  }

  give(ip: string): void {
    const n = ip.split('.').reduce((x, part) => x * 256 + Number(part), 0) - this.base;
    this.used.delete(n);
  }

  private text(n: number): string {
    const v = this.base + n;
    return [v / 2 ** 24, v / 2 ** 16, v / 2 ** 8, v].map((x) => Math.floor(x) % 256).join('.');
  }
}
