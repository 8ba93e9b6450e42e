/**
 * What the portmap plugin leaves in the nat table: a chain for each container with host ports, and three that all users of the plugin on
 * the machine share. Source: https://www.cni.dev/plugins/current/meta/portmap/
 */
const SHARED = /^CNI-HOSTPORT-(DNAT|SETMARK|MASQ)$/;

/**
 * The lines for `iptables-restore --noflush` that take out what belongs to `network`, and what is shared when nobody else uses it.
 * `saved`: what `iptables-save -t nat` says. Empty where there is nothing to do.
 */
export function withoutPluginChains(saved: string, network: string): string[] {
  const lines = saved.split('\n');
  const rules = lines.filter((line) => line.startsWith('-A CNI-HOSTPORT-DNAT '));
  const own = rules.filter((line) => line.includes(`name: \\"${network}\\"`));
  const chains = own.flatMap((line) => / -j (CNI-DN-\S+)$/.exec(line)?.[1] ?? []);
  const removed = own.map((line) => line.replace('-A', '-D'));
  if (own.length === rules.length) {
    const shared = lines.flatMap((line) => /^:(\S+)/.exec(line)?.[1] ?? []).filter((chain) => SHARED.test(chain));
    const jumps = lines.filter((line) => shared.some((chain) => line.endsWith(` -j ${chain}`)) && !line.startsWith('-A CNI-'));
    removed.push(...jumps.map((line) => line.replace('-A', '-D')));
    chains.push(...shared);
  }
  if (chains.length === 0 && removed.length === 0) return [];
  const unique = [...new Set(chains)];
  return ['*nat', ...removed, ...unique.map((c) => `-F ${c}`), ...unique.map((c) => `-X ${c}`), 'COMMIT', ''];
}
