/** The pod network of one node: a CNI configuration over the reference plugins, and what they leave behind. */
import fs from 'node:fs';
import path from 'node:path';
import { nth, parseCidr } from '../../util/cidr.js';
import { run } from '../run.js';
import { withoutPluginChains } from './plugin-chains.js';

export interface CniOptions {
  readonly confDir: string;
  /** Where host-local keeps which address is whose. */
  readonly ipamDir: string;
  readonly podCidr: string;
  /** 1450 leaves room for vxlan. */
  readonly mtu?: number;
  readonly bridge?: string;
}

const FILE = '10-k8ts.conflist';
/** As the plugins know it. */
const NETWORK = 'k8ts';
const BIN_DIRS = ['/opt/cni/bin', '/usr/lib/cni', '/usr/libexec/cni'];
const NEEDED = ['bridge', 'host-local', 'portmap', 'loopback'];

/** Where the plugins are. Throws with what to install. */
export function cniBinDir(): string {
  for (const dir of BIN_DIRS) if (NEEDED.every((p) => fs.existsSync(path.join(dir, p)))) return dir;
  throw new Error(`the CNI plugins ${NEEDED.join(', ')} are missing: apt-get install containernetworking-plugins`);
}

export function writeCniConfig(o: CniOptions): void {
  const bridge = o.bridge ?? 'cni0';
  const conf = {
    cniVersion: '1.0.0',
    name: NETWORK,
    plugins: [
      {
        type: 'bridge',
        bridge,
        isDefaultGateway: true,
        hairpinMode: true,
        // Masquerading is done once for all pods, below.
        ipMasq: false,
        ...(o.mtu ? { mtu: o.mtu } : {}),
        ipam: { type: 'host-local', ranges: [[{ subnet: o.podCidr }]], dataDir: o.ipamDir },
      },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  };
  fs.mkdirSync(o.confDir, { recursive: true });
  fs.writeFileSync(path.join(o.confDir, FILE), `${JSON.stringify(conf, null, 2)}\n`);
}

const CHAIN = 'K8TS-POSTROUTING';
/** Named as the kubelet's own, which does the same. */
const FIREWALL = 'KUBE-FIREWALL';
const SAID = ['-m', 'comment', '--comment', 'k8ts pod network'];

export interface PodNetwork {
  /** Of all nodes. */
  readonly podCidr: string;
  /** Of the Pods of this one. */
  readonly nodeCidr: string;
  readonly bridge?: string;
  /** Where the kernel's settings are kept as they were. */
  readonly remember: string;
}

const jumps = (bridge: string) =>
  [
    ['raw', 'PREROUTING', [...SAID, '-j', FIREWALL]],
    ['nat', 'POSTROUTING', [...SAID, '-j', CHAIN]],
    ['filter', 'FORWARD', ['-i', bridge, ...SAID, '-j', 'ACCEPT']],
    ['filter', 'FORWARD', ['-o', bridge, ...SAID, '-j', 'ACCEPT']],
  ] as const;

/** Settings of the kernel by file. A file may be missing: bridge netfilter may be built in another way. */
const SETTINGS: Readonly<Record<string, string>> = {
  '/proc/sys/net/ipv4/ip_forward': '1',
  '/proc/sys/net/bridge/bridge-nf-call-iptables': '1',
  '/proc/sys/net/bridge/bridge-nf-call-ip6tables': '1',
  // A receiver takes a frame with an empty VLAN tag as one without: so must the rules.
  '/proc/sys/net/bridge/bridge-nf-filter-vlan-tagged': '1',
};

/**
 * The kernel forwards between pods and the world, and masquerades what leaves the pod network. What comes from the wire and calls itself loopback,
 * or asks for it, is dropped before anything else sees it: with `route_localnet` the kernel would hand it to what listens on 127.0.0.1. So is
 * what a Pod sends in the name of an address that is no Pod of this node, IPv6 altogether (the pod network has none: a Pod that announces itself
 * as a router would be one), and a Pod that answers for the node's own address.
 */
export async function preparePodNetwork(o: PodNetwork): Promise<void> {
  const bridge = o.bridge ?? 'cni0';
  changeSettings(o.remember);
  const firewall = (match: string, why: string) => `-A ${FIREWALL} ${match} -m comment --comment "${why}" -j DROP`;
  const text = [
    '*raw',
    `:${FIREWALL} - [0:0]`,
    firewall('! -i lo -d 127.0.0.0/8', 'block incoming localnet connections'),
    firewall('! -i lo -s 127.0.0.0/8', 'block what calls itself localnet'),
    firewall(`-i ${bridge} ! -s ${o.nodeCidr}`, 'block addresses that are no pods of this node'),
    'COMMIT',
    '*nat',
    `:${CHAIN} - [0:0]`,
    `-A ${CHAIN} -s ${o.podCidr} -d ${o.podCidr} -j RETURN`,
    `-A ${CHAIN} -s ${o.podCidr} ! -d 224.0.0.0/4 -m comment --comment "pods to the world" -j MASQUERADE`,
    'COMMIT',
    '',
  ].join('\n');
  await run('iptables-restore', ['--noflush', '-w', '5'], { input: text });
  await run('nft', ['-f', '-'], { input: frameRules(o) });
  const rule6 = noIpv6(bridge);
  if (!(await succeeds('ip6tables', ['-w', '5', '-C', ...rule6]))) await run('ip6tables', ['-w', '5', '-I', ...rule6]);
  for (const [table, chain, rule] of jumps(bridge)) await jump(table, chain, rule);
  // Node ports answer on the machine's own 127.0.0.1, too: the answers of Pods come back over the bridge, and there alone.
  await run('ip', ['link', 'add', bridge, 'type', 'bridge']).catch(() => undefined);
  fs.writeFileSync(`/proc/sys/net/ipv4/conf/${bridge}/route_localnet`, '1');
}

const FRAMES = 'k8ts-pods';
const noIpv6 = (bridge: string): string[] => ['PREROUTING', '-t', 'raw', '-i', bridge, ...SAID, '-j', 'DROP'];

/** What is decided by frames: whose address is told (ARP), and tags within tags, which receivers peel and the rules above do not. */
function frameRules(o: PodNetwork): string {
  const gateway = nth(parseCidr(o.nodeCidr), 1);
  return `table bridge ${FRAMES}
delete table bridge ${FRAMES}
table bridge ${FRAMES} {
  chain from-pods {
    type filter hook prerouting priority -300; policy accept;
    meta protocol { 8021q, 8021ad } drop
    meta protocol arp arp saddr ip ${gateway} drop
  }
}
`;
}

const succeeds = (command: string, args: string[]): Promise<boolean> =>
  run(command, args).then(
    () => true,
    () => false,
  );

function changeSettings(remember: string): void {
  const before: Record<string, string> = {};
  for (const [file, value] of Object.entries(SETTINGS)) {
    try {
      before[file] = fs.readFileSync(file, 'utf8').trim();
      fs.writeFileSync(file, value);
    } catch {
      // Not there.
    }
  }
  // A cluster that is resumed finds its own settings: those before it count.
  if (!fs.existsSync(remember)) fs.writeFileSync(remember, `${JSON.stringify(before, null, 2)}\n`);
}

function restoreSettings(remember: string): void {
  if (!fs.existsSync(remember)) return;
  const before = JSON.parse(fs.readFileSync(remember, 'utf8')) as Record<string, string>;
  for (const file of Object.keys(SETTINGS)) {
    const value = before[file];
    if (value !== undefined && fs.existsSync(file)) fs.writeFileSync(file, value);
  }
  fs.rmSync(remember);
}

async function jump(table: string, chain: string, rule: readonly string[]): Promise<void> {
  try {
    await run('iptables', ['-w', '5', '-t', table, '-C', chain, ...rule]);
  } catch {
    // The firewall before what others have there.
    await run('iptables', ['-w', '5', '-t', table, table === 'raw' ? '-I' : '-A', chain, ...rule]);
  }
}

/** Takes the bridge, the chains of the plugins and the addresses' files out again, and puts the kernel's settings back. */
export async function cleanPodNetwork(o: Pick<PodNetwork, 'bridge' | 'remember'>): Promise<void> {
  const bridge = o.bridge ?? 'cni0';
  await succeeds('nft', ['delete', 'table', 'bridge', FRAMES]);
  while (await succeeds('ip6tables', ['-w', '5', '-D', ...noIpv6(bridge)]));
  for (const [table, chain, rule] of jumps(bridge)) while (await succeeds('iptables', ['-w', '5', '-t', table, '-D', chain, ...rule]));
  for (const [table, chain] of [
    ['nat', CHAIN],
    ['raw', FIREWALL],
  ] as const)
    for (const act of ['-F', '-X']) await succeeds('iptables', ['-w', '5', '-t', table, act, chain]);
  const { stdout } = await run('iptables-save', ['-t', 'nat']).catch(() => ({ stdout: '' }));
  const lines = withoutPluginChains(stdout, NETWORK);
  if (lines.length > 0) await run('iptables-restore', ['--noflush', '-w', '5'], { input: lines.join('\n') });
  await succeeds('ip', ['link', 'delete', bridge]);
  restoreSettings(o.remember);
}
