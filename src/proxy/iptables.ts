/**
 * The wanted services as an iptables-restore text: chains by the names that people know from kube-proxy. Pure; golden files hold it.
 * Source: https://kubernetes.io/docs/reference/networking/virtual-ips/#proxy-mode-iptables
 */
import { addAll } from '../util/add-all.js';
import type { Backend, ProxyConfig, ServicePort } from './rules.js';

/** Marks packets that must be masqueraded on their way out. */
const MASQUERADE = '0x4000';

/** Chains that rules of the kernel's own chains jump to, and from where. */
export const JUMPS: readonly {
  readonly table: 'nat' | 'filter';
  readonly from: string;
  readonly to: string;
  readonly match: readonly string[];
}[] = [
  { table: 'filter', from: 'INPUT', to: 'KUBE-NODEPORTS', match: ['-m', 'comment', '--comment', 'kubernetes health check service ports'] },
  {
    table: 'filter',
    from: 'INPUT',
    to: 'KUBE-EXTERNAL-SERVICES',
    match: ['-m', 'conntrack', '--ctstate', 'NEW', '-m', 'comment', '--comment', 'kubernetes externally-visible service portals'],
  },
  {
    table: 'filter',
    from: 'FORWARD',
    to: 'KUBE-EXTERNAL-SERVICES',
    match: ['-m', 'conntrack', '--ctstate', 'NEW', '-m', 'comment', '--comment', 'kubernetes externally-visible service portals'],
  },
  {
    table: 'filter',
    from: 'FORWARD',
    to: 'KUBE-SERVICES',
    match: ['-m', 'conntrack', '--ctstate', 'NEW', '-m', 'comment', '--comment', 'kubernetes service portals'],
  },
  {
    table: 'filter',
    from: 'OUTPUT',
    to: 'KUBE-SERVICES',
    match: ['-m', 'conntrack', '--ctstate', 'NEW', '-m', 'comment', '--comment', 'kubernetes service portals'],
  },
  { table: 'filter', from: 'FORWARD', to: 'KUBE-FORWARD', match: ['-m', 'comment', '--comment', 'kubernetes forwarding rules'] },
  { table: 'nat', from: 'PREROUTING', to: 'KUBE-SERVICES', match: ['-m', 'comment', '--comment', 'kubernetes service portals'] },
  { table: 'nat', from: 'OUTPUT', to: 'KUBE-SERVICES', match: ['-m', 'comment', '--comment', 'kubernetes service portals'] },
  { table: 'nat', from: 'POSTROUTING', to: 'KUBE-POSTROUTING', match: ['-m', 'comment', '--comment', 'kubernetes postrouting rules'] },
];

export const TOP_CHAINS = {
  nat: ['KUBE-SERVICES', 'KUBE-NODEPORTS', 'KUBE-POSTROUTING', 'KUBE-MARK-MASQ'],
  filter: ['KUBE-SERVICES', 'KUBE-NODEPORTS', 'KUBE-EXTERNAL-SERVICES', 'KUBE-FORWARD'],
} as const;

/** Gives each name its 16 letters; made before, since hashing is asynchronous. */
export type ChainNames = (text: string) => string;

interface Tables {
  /** Outside addresses: behind the cluster addresses of all Services in their chain, so that none of them takes one of those. */
  readonly outside: string[];
  readonly nat: { readonly chains: Set<string>; readonly rules: string[] };
  readonly filter: { readonly chains: Set<string>; readonly rules: string[] };
}

/** `present`: chains of ours that the kernel has; those not wanted any more are removed in the same transaction. */
export function restoreText(
  ports: readonly ServicePort[],
  config: ProxyConfig,
  names: ChainNames,
  present: { nat: readonly string[]; filter: readonly string[] },
): string {
  const t: Tables = {
    outside: [],
    nat: { chains: new Set(TOP_CHAINS.nat), rules: [] },
    filter: { chains: new Set(TOP_CHAINS.filter), rules: [] },
  };
  for (const p of ports) servicePort(t, p, config, names);
  addAll(t.nat.rules, t.outside);
  t.nat.rules.push(
    '-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS',
    `-A KUBE-POSTROUTING -m mark ! --mark ${MASQUERADE}/${MASQUERADE} -j RETURN`,
    `-A KUBE-POSTROUTING -j MARK --xor-mark ${MASQUERADE}`,
    '-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully',
    `-A KUBE-MARK-MASQ -j MARK --or-mark ${MASQUERADE}`,
  );
  // After all that is known: else it would leave the machine by the default route.
  if (config.serviceCidr)
    t.filter.rules.push(`-A KUBE-SERVICES -m comment --comment "no such service port" -d ${config.serviceCidr} -j REJECT`);
  t.filter.rules.push(
    '-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP',
    `-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark ${MASQUERADE}/${MASQUERADE} -j ACCEPT`,
    '-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
  );
  return `${table('filter', t.filter, present.filter)}${table('nat', t.nat, present.nat)}`;
}

function table(name: string, t: Tables['nat'], present: readonly string[]): string {
  const gone = present.filter((c) => !t.chains.has(c));
  const lines = [`*${name}`, ...[...t.chains, ...gone].map((c) => `:${c} - [0:0]`), ...t.rules, ...gone.map((c) => `-X ${c}`), 'COMMIT'];
  return `${lines.join('\n')}\n`;
}

export const keyOf = (p: ServicePort): string => `${p.name}${p.protocol.toLowerCase()}`;
export const endpointKey = (p: ServicePort, b: Backend): string => `${p.name}${p.protocol.toLowerCase()}${b.ip}:${b.port}`;

/** Every text whose chain name `restoreText` asks for. */
export const namesNeeded = (ports: readonly ServicePort[]): string[] =>
  ports.flatMap((p) => [keyOf(p), ...distinct(p).map((b) => endpointKey(p, b))]);

/** Every backend once; one that serves this node alone is not among the rest. */
const distinct = (p: ServicePort): Backend[] => [
  ...new Map([...p.backends, ...p.localBackends].map((b) => [`${b.ip}:${b.port}`, b])).values(),
];

function servicePort(t: Tables, p: ServicePort, config: ProxyConfig, names: ChainNames): void {
  const proto = p.protocol.toLowerCase();
  const match = (ip: string) => `-m ${proto} -p ${proto} -d ${ip} --dport ${p.port}`;
  const comment = (text: string) => `-m comment --comment "${p.name} ${text}"`;
  const hash = names(keyOf(p));
  const local = p.localBackends;
  const all = `KUBE-SVC-${hash}`;
  const localChain = `KUBE-SVL-${hash}`;
  const external = p.nodePort !== undefined || p.externalIps.length > 0 || p.loadBalancerIps.length > 0;
  const internal = p.internalLocal ? local : p.backends;
  const needsAll = (!p.internalLocal && internal.length > 0) || (external && p.backends.length > 0);
  const needsLocal = (p.internalLocal && local.length > 0) || (external && p.externalLocal && local.length > 0);

  const needed = new Set([...(needsAll ? p.backends : []), ...(needsLocal ? local : [])]);
  for (const b of distinct(p)) if (needed.has(b)) endpoint(t, p, b, names);
  const target = p.internalLocal ? localChain : all;
  /** Before the backends in their chain: a rule that leads on is the last one a packet sees. */
  const masquerade = (chain: string) => {
    if (chain !== target || !internal.length || !(config.masqueradeAll || config.clusterCidr)) return;
    const from = config.masqueradeAll ? '' : ` ! -s ${config.clusterCidr}`;
    t.nat.rules.push(`-A ${target} ${comment('cluster IP')} ${match(p.clusterIp)}${from} -j KUBE-MARK-MASQ`);
  };
  if (needsAll) {
    t.nat.chains.add(all);
    masquerade(all);
    spread(t, all, p, p.backends, names);
  }
  if (needsLocal) {
    t.nat.chains.add(localChain);
    masquerade(localChain);
    spread(t, localChain, p, local, names);
  }

  if (internal.length) t.nat.rules.push(`-A KUBE-SERVICES ${comment('cluster IP')} ${match(p.clusterIp)} -j ${target}`);
  else
    t.filter.rules.push(
      `-A KUBE-SERVICES ${comment(p.internalLocal && p.backends.length ? 'has no local endpoints' : 'has no endpoints')} ${match(p.clusterIp)} -j ${p.internalLocal && p.backends.length ? 'DROP' : 'REJECT'}`,
    );

  if (external) externalTraffic(t, p, config, hash, local, comment);
}

function externalTraffic(
  t: Tables,
  p: ServicePort,
  config: ProxyConfig,
  hash: string,
  local: readonly Backend[],
  comment: (text: string) => string,
): void {
  const proto = p.protocol.toLowerCase();
  const ext = `KUBE-EXT-${hash}`;
  const match = (ip: string) => `-m ${proto} -p ${proto} -d ${ip} --dport ${p.port}`;
  const ips = [
    ...p.externalIps.map((ip) => [ip, 'external IP'] as const),
    ...p.loadBalancerIps.map((ip) => [ip, 'loadbalancer IP'] as const),
  ];
  const refuse = (why: string, target: 'REJECT' | 'DROP') => {
    for (const [ip] of ips) t.filter.rules.push(`-A KUBE-EXTERNAL-SERVICES ${comment(why)} ${match(ip)} -j ${target}`);
    if (p.nodePort)
      t.filter.rules.push(
        `-A KUBE-EXTERNAL-SERVICES ${comment(why)} -m addrtype --dst-type LOCAL -m ${proto} -p ${proto} --dport ${p.nodePort} -j ${target}`,
      );
  };
  if (!p.backends.length) {
    refuse('has no endpoints', 'REJECT');
    return;
  }
  t.nat.chains.add(ext);
  const sources = p.loadBalancerSources;
  for (const [ip, what] of ips) {
    const allowed = what === 'loadbalancer IP' && sources.length ? sources.map((s) => ` -s ${s}`) : [''];
    for (const s of allowed) t.outside.push(`-A KUBE-SERVICES ${comment(what)} ${match(ip)}${s} -j ${ext}`);
    // What was let through has another destination by now.
    if (allowed[0] !== '') t.filter.rules.push(`-A KUBE-EXTERNAL-SERVICES ${comment('traffic not accepted')} ${match(ip)} -j DROP`);
  }
  if (p.nodePort)
    t.nat.rules.push(`-A KUBE-NODEPORTS -m comment --comment "${p.name}" -m ${proto} -p ${proto} --dport ${p.nodePort} -j ${ext}`);
  if (!p.externalLocal) {
    t.nat.rules.push(
      `-A ${ext} -m comment --comment "masquerade traffic for ${p.name} external destinations" -j KUBE-MARK-MASQ`,
      `-A ${ext} -j KUBE-SVC-${hash}`,
    );
    return;
  }
  if (config.clusterCidr)
    t.nat.rules.push(
      `-A ${ext} -m comment --comment "pod traffic for ${p.name} external destinations" -s ${config.clusterCidr} -j KUBE-SVC-${hash}`,
    );
  t.nat.rules.push(
    `-A ${ext} -m comment --comment "masquerade LOCAL traffic for ${p.name} external destinations" -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ`,
    `-A ${ext} -m comment --comment "route LOCAL traffic for ${p.name} external destinations" -m addrtype --src-type LOCAL -j KUBE-SVC-${hash}`,
  );
  if (local.length) t.nat.rules.push(`-A ${ext} -j KUBE-SVL-${hash}`);
  else refuse('has no local endpoints', 'DROP');
}

function endpoint(t: Tables, p: ServicePort, b: Backend, names: ChainNames): void {
  const name = `KUBE-SEP-${names(endpointKey(p, b))}`;
  const proto = p.protocol.toLowerCase();
  t.nat.chains.add(name);
  const said = `-m comment --comment "${p.name}"`;
  // A Pod that reaches itself through its Service must not see its own address as the source.
  t.nat.rules.push(`-A ${name} ${said} -s ${b.ip} -j KUBE-MARK-MASQ`);
  const sticky = p.affinitySeconds ? ` -m recent --name ${name} --set` : '';
  t.nat.rules.push(
    `-A ${name} ${said}${sticky} -m ${proto} -p ${proto} -j DNAT --to-destination ${b.ip.includes(':') ? `[${b.ip}]` : b.ip}:${b.port}`,
  );
}

/** Equal shares: of n backends the first gets 1/n, the next 1/(n-1) of the rest, … */
function spread(t: Tables, from: string, p: ServicePort, backends: readonly Backend[], names: ChainNames): void {
  const target = (b: Backend) => `KUBE-SEP-${names(endpointKey(p, b))}`;
  const said = (b: Backend) => `-m comment --comment "${p.name} -> ${b.ip}:${b.port}"`;
  if (p.affinitySeconds)
    for (const b of backends)
      t.nat.rules.push(
        `-A ${from} ${said(b)} -m recent --name ${target(b)} --rcheck --seconds ${p.affinitySeconds} --reap -j ${target(b)}`,
      );
  for (const [i, b] of backends.entries()) {
    const left = backends.length - i;
    const share = left > 1 ? ` -m statistic --mode random --probability ${(1 / left).toFixed(10)}` : '';
    t.nat.rules.push(`-A ${from} ${said(b)}${share} -j ${target(b)}`);
  }
}
