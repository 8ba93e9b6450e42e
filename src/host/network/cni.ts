/** The pod network of one node: a CNI configuration over the reference plugins, and what they leave behind. */
import fs from 'node:fs';
import path from 'node:path';
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

/** The kernel forwards between pods and the world, and masquerades what leaves the pod network. */
export async function preparePodNetwork(o: { podCidr: string; bridge?: string }): Promise<void> {
  const bridge = o.bridge ?? 'cni0';
  for (const [file, value] of [
    ['/proc/sys/net/ipv4/ip_forward', '1'],
    ['/proc/sys/net/bridge/bridge-nf-call-iptables', '1'],
    ['/proc/sys/net/ipv4/conf/all/route_localnet', '1'],
  ] as const) {
    try {
      fs.writeFileSync(file, value);
    } catch {
      // Not there in every kernel: bridge netfilter may be built in another way.
    }
  }
  const text = [
    '*nat',
    `:${CHAIN} - [0:0]`,
    `-A ${CHAIN} -s ${o.podCidr} -d ${o.podCidr} -j RETURN`,
    `-A ${CHAIN} -s ${o.podCidr} ! -d 224.0.0.0/4 -m comment --comment "pods to the world" -j MASQUERADE`,
    'COMMIT',
    '',
  ].join('\n');
  await run('iptables-restore', ['--noflush', '-w', '5'], { input: text });
  await jump('nat', 'POSTROUTING', ['-m', 'comment', '--comment', 'k8ts pod network', '-j', CHAIN]);
  await jump('filter', 'FORWARD', ['-i', bridge, '-m', 'comment', '--comment', 'k8ts pod network', '-j', 'ACCEPT']);
  await jump('filter', 'FORWARD', ['-o', bridge, '-m', 'comment', '--comment', 'k8ts pod network', '-j', 'ACCEPT']);
}

async function jump(table: string, chain: string, rule: string[]): Promise<void> {
  try {
    await run('iptables', ['-w', '5', '-t', table, '-C', chain, ...rule]);
  } catch {
    await run('iptables', ['-w', '5', '-t', table, '-A', chain, ...rule]);
  }
}

/** Takes the bridge, the chains of the plugins and the addresses' files out again. */
export async function cleanPodNetwork(o: { bridge?: string }): Promise<void> {
  const bridge = o.bridge ?? 'cni0';
  const quietly = (command: string, args: string[]) =>
    run(command, args).then(
      () => true,
      () => false,
    );
  for (const [table, chain, rule] of [
    ['nat', 'POSTROUTING', ['-m', 'comment', '--comment', 'k8ts pod network', '-j', CHAIN]],
    ['filter', 'FORWARD', ['-i', bridge, '-m', 'comment', '--comment', 'k8ts pod network', '-j', 'ACCEPT']],
    ['filter', 'FORWARD', ['-o', bridge, '-m', 'comment', '--comment', 'k8ts pod network', '-j', 'ACCEPT']],
  ] as const) {
    while (await quietly('iptables', ['-w', '5', '-t', table, '-D', chain, ...rule]));
  }
  await quietly('iptables', ['-w', '5', '-t', 'nat', '-F', CHAIN]);
  await quietly('iptables', ['-w', '5', '-t', 'nat', '-X', CHAIN]);
  const { stdout } = await run('iptables-save', ['-t', 'nat']).catch(() => ({ stdout: '' }));
  const lines = withoutPluginChains(stdout, NETWORK);
  if (lines.length > 0) await run('iptables-restore', ['--noflush', '-w', '5'], { input: lines.join('\n') });
  await quietly('ip', ['link', 'delete', bridge]);
}
