/** Service rules through iptables-restore: one transaction a change, our own chains only. */

import { JUMPS, namesNeeded, restoreText } from '../../proxy/iptables.js';
import type { ProxyConfig, ServicePort, ServiceRules } from '../../proxy/rules.js';
import { run } from '../run.js';

const OURS = /^KUBE-(SERVICES|NODEPORTS|POSTROUTING|MARK-MASQ|EXTERNAL-SERVICES|FORWARD|(?:SVC|SVL|SEP|EXT)-\S+)$/;
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** A way to a UDP service, as conntrack matches it, and where its packets go. */
interface Flow {
  readonly to: readonly string[];
  readonly backend: string;
}

export class IptablesRules implements ServiceRules {
  private readonly names = new Map<string, string>();
  private last = '';
  private prepared = false;

  constructor(private readonly config: ProxyConfig) {}

  async apply(ports: readonly ServicePort[]): Promise<void> {
    const present = await this.present();
    for (const text of namesNeeded(ports)) if (!this.names.has(text)) this.names.set(text, await chainName(text));
    const text = restoreText(ports, this.config, (t) => this.names.get(t)!, present);
    if (text === this.last && present.nat.includes('KUBE-SERVICES') && this.prepared) return;
    await run('iptables-restore', ['--noflush', '-w', '5'], { input: text });
    await this.jumps();
    await this.forgetFlows(ports);
    this.last = text;
    this.prepared = true;
  }

  async clean(): Promise<void> {
    for (const j of JUMPS) while (await ok('iptables', ['-w', '5', '-t', j.table, '-D', j.from, ...j.match, '-j', j.to]));
    const present = await this.present();
    for (const table of ['filter', 'nat'] as const) {
      if (!present[table].length) continue;
      const lines = [`*${table}`, ...present[table].map((c) => `:${c} - [0:0]`), ...present[table].map((c) => `-X ${c}`), 'COMMIT', ''];
      await run('iptables-restore', ['--noflush', '-w', '5'], { input: lines.join('\n') });
    }
  }

  private async present(): Promise<{ nat: string[]; filter: string[] }> {
    const of = async (table: string) => {
      const { stdout } = await run('iptables-save', ['-t', table]);
      return stdout
        .split('\n')
        .filter((l) => l.startsWith(':'))
        .map((l) => l.slice(1).split(' ')[0]!)
        .filter((c) => OURS.test(c));
    };
    return { nat: await of('nat'), filter: await of('filter') };
  }

  /** The kernel's chains lead to ours, first of all. */
  private async jumps(): Promise<void> {
    for (const j of JUMPS) {
      const rule = [...j.match, '-j', j.to];
      if (!(await ok('iptables', ['-w', '5', '-t', j.table, '-C', j.from, ...rule])))
        await run('iptables', ['-w', '5', '-t', j.table, '-I', j.from, '1', ...rule]);
    }
  }

  private known = new Map<string, Flow>();

  /** UDP flows remember where they went: those to backends that are gone are forgotten, so that the next packet is sent anew. */
  private async forgetFlows(ports: readonly ServicePort[]): Promise<void> {
    const now = new Map<string, Flow>();
    for (const p of ports) {
      if (p.protocol !== 'UDP') continue;
      const ways = [p.clusterIp, ...p.externalIps, ...p.loadBalancerIps].map((ip) => ['--orig-dst', ip]);
      if (p.nodePort) ways.push(['--orig-port-dst', String(p.nodePort)]);
      for (const b of [...p.backends, ...p.localBackends]) for (const to of ways) now.set(`${to.join(' ')} ${b.ip}`, { to, backend: b.ip });
    }
    for (const [id, { to, backend }] of this.known)
      if (!now.has(id)) await ok('conntrack', ['-D', '-p', 'udp', ...to, '--dst-nat', backend]);
    // A service that had no backend dropped packets; its flows may stand without a translation.
    const before = new Set([...this.known.values()].map((f) => f.to.join(' ')));
    for (const to of new Map([...now.values()].map((f) => [f.to.join(' '), f.to])).values())
      if (!before.has(to.join(' '))) await ok('conntrack', ['-D', '-p', 'udp', ...to]);
    this.known = now;
  }
}

const ok = async (command: string, args: string[]): Promise<boolean> => {
  try {
    await run(command, args);
    return true;
  } catch {
    return false;
  }
};

/** Sixteen letters of the SHA-256 of a text, in base32. */
async function chainName(text: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  let bits = 0n;
  for (const b of hash.subarray(0, 10)) bits = (bits << 8n) | BigInt(b);
  let out = '';
  for (let i = 15; i >= 0; i--) out += LETTERS[Number((bits >> BigInt(i * 5)) & 31n)];
  return out;
}
