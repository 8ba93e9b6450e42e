/** Host ports in use. */
export interface HostPort {
  readonly ip: string;
  readonly protocol: string;
  readonly port: number;
}

const ANY = '0.0.0.0';

/** Host ports that are held, each looked up by its number: a Pod may ask for tens of thousands, and a node hold as many. */
export class HostPorts {
  /** By protocol and number, then by address: how many hold it. Pods that were bound by name may hold the same one. */
  private readonly held = new Map<string, Map<string, number>>();

  constructor(ports: readonly HostPort[] = []) {
    for (const p of ports) this.add(p);
  }

  add({ ip, protocol, port }: HostPort): void {
    const id = `${protocol}/${port}`;
    let at = this.held.get(id);
    if (!at) this.held.set(id, (at = new Map()));
    at.set(ip, (at.get(ip) ?? 0) + 1);
  }

  remove({ ip, protocol, port }: HostPort): void {
    const id = `${protocol}/${port}`;
    const at = this.held.get(id);
    const left = (at?.get(ip) ?? 0) - 1;
    if (left > 0) at!.set(ip, left);
    else if (at?.delete(ip) && !at.size) this.held.delete(id);
  }

  /** Whether one of them is in the way. */
  clash({ ip, protocol, port }: HostPort): boolean {
    const at = this.held.get(`${protocol}/${port}`);
    return at !== undefined && (ip === ANY || at.has(ANY) || at.has(ip));
  }
}
