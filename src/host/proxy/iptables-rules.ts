/** Service rules through iptables-restore: one transaction a change, our own chains only. */

import { JUMPS, namesNeeded, restoreText } from '../../proxy/iptables.js';
import type { ProxyConfig, ServicePort, ServiceRules } from '../../proxy/rules.js';
import { run } from '../run.js';

const OURS = /^KUBE-(SERVICES|NODEPORTS|POSTROUTING|MARK-MASQ|EXTERNAL-SERVICES|FORWARD|SVC-\S+|SVL-\S+|SEP-\S+|EXT-\S+)$/;
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

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

  private known = new Map<string, string>();

  /** UDP flows remember where they went: those to backends that are gone are forgotten, so that the next packet is sent anew. */
  private async forgetFlows(ports: readonly ServicePort[]): Promise<void> {
    const now = new Map<string, string>();
    for (const p of ports)
      if (p.protocol === 'UDP') for (const b of [...p.backends, ...p.localBackends]) now.set(`${p.clusterIp} ${b.ip}`, p.clusterIp);
    for (const [id] of this.known) {
      if (now.has(id)) continue;
      const [clusterIp, backend] = id.split(' ');
      await ok('conntrack', ['-D', '--orig-dst', clusterIp!, '--dst-nat', backend!, '-p', 'udp']);
    }
    // A service that had no backend dropped packets; its flows may stand without a translation.
    for (const ip of new Set(now.values()))
      if (![...this.known.values()].includes(ip)) await ok('conntrack', ['-D', '--orig-dst', ip, '-p', 'udp']);
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
