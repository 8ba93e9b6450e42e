/**
 * What a Pod may put on the pod bridge: it sends frames of any kind. Two network namespaces stand for two Pods; the one tries to pass for the
 * node, or for a host outside, to the other. Each trick stands beside the honest packet that takes the same way.
 */
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cleanPodNetwork, preparePodNetwork } from '../../src/host/network/cni.js';
import { missing } from '../e2e/programs.js';

const network = { podCidr: '10.99.8.0/24', nodeCidr: '10.99.8.0/24', bridge: 'k8tstest8' };
const NODE = '10.99.8.1';
const VICTIM = { ns: 'k8ts-frames-v', ip: '10.99.8.2', link: 'k8tsf8v' };
const EVIL = { ns: 'k8ts-frames-e', ip: '10.99.8.3', link: 'k8tsf8e' };
const sh = (script: string) => execFileSync('sh', ['-ec', script], { encoding: 'utf8' });
const inside = (pod: { ns: string }, script: string) => sh(`ip netns exec ${pod.ns} sh -ec '${script}'`);
const reason = process.getuid?.() !== 0 ? 'not root' : missing('ip', 'iptables', 'ip6tables', 'nft', 'busybox');

/** Whether this kernel has VLAN devices, by which the sender tags its frames. */
function hasVlan(): boolean {
  try {
    sh('ip link add link lo name k8tsprobe8 type vlan id 5 2>/dev/null; ip link del k8tsprobe8');
    return true;
  } catch {
    return false;
  }
}
const vlan = !reason && hasVlan();
const devices = vlan ? ['eth0', 'once', 'twice', 'ad'] : ['eth0'];
const leftOut = reason ?? (vlan ? undefined : 'tagged frames: the kernel has no VLAN devices');

describe.skipIf(reason)(`frames of Pods${leftOut ? ` (left out: ${leftOut})` : ''}`, () => {
  let dir: string;
  let before: string;
  const settings = () => sh('cat /proc/sys/net/bridge/bridge-nf-*');

  beforeAll(async () => {
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-frames-'));
    before = settings();
    await preparePodNetwork({ ...network, remember: `${dir}/kernel.json` });
    sh(`ip link set ${network.bridge} up; ip addr add ${NODE}/24 dev ${network.bridge}`);
    for (const { ns, ip, link } of [VICTIM, EVIL]) {
      sh(`ip netns add ${ns}; ip link add ${link} type veth peer name eth0 netns ${ns}; ip link set ${link} master ${network.bridge} up`);
      inside({ ns }, `ip addr add ${ip}/24 dev eth0; ip link set eth0 up; ip link set lo up; ip route add default via ${NODE}`);
    }
    // Tagged with nothing, once and twice: receivers take both as if they were not.
    if (vlan)
      inside(
        EVIL,
        `ip link add link eth0 name once type vlan id 0; ip link set once up
       ip link add link once name twice type vlan id 0; ip link set twice up
       ip link add link eth0 name ad type vlan proto 802.1ad id 0; ip link set ad up`,
      );
    await new Promise((r) => setTimeout(r, 2500)); // addresses of IPv6 are tried out first
  });
  afterAll(async () => {
    for (const { ns, link } of [VICTIM, EVIL]) sh(`ip netns del ${ns} || true; ip link del ${link} 2>/dev/null || true`);
    await cleanPodNetwork({ ...network, remember: `${dir}/kernel.json` });
    fs.rmSync(dir, { recursive: true, force: true });
  });

  const mac = (pod: { ns: string }) => inside(pod, 'cat /sys/class/net/eth0/address').trim();
  /** Whom the victim takes an address to be. */
  const neighbour = (ip: string) => /lladdr (\S+)/.exec(inside(VICTIM, `ip neigh show ${ip}`))?.[1];

  it('an address of its own is believed', () => {
    inside(VICTIM, `ping -c 1 -W 2 ${EVIL.ip} >/dev/null || busybox ping -c 1 -W 2 ${EVIL.ip} >/dev/null`);
    expect(neighbour(EVIL.ip)).toBe(mac(EVIL));
  });

  it.each(devices)('the node’s address is not (%s)', (device) => {
    inside(VICTIM, `busybox ping -c 1 -W 2 ${NODE} >/dev/null`);
    const node = fs.readFileSync(`/sys/class/net/${network.bridge}/address`, 'utf8').trim();
    inside(
      EVIL,
      `ip addr add ${NODE}/32 dev ${device}; busybox arping -U -c 2 -I ${device} -s ${NODE} ${VICTIM.ip} >/dev/null || true
      busybox arping -A -c 2 -I ${device} -s ${NODE} ${VICTIM.ip} >/dev/null || true; ip addr del ${NODE}/32 dev ${device}`,
    );
    expect(neighbour(NODE)).toBe(node);
  });

  /** What the victim hears of a datagram that is sent from an address over a device. */
  async function hears(from: string, device: string, to = VICTIM.ip, family: 4 | 6 = 4): Promise<string> {
    const listen = `const s=require("dgram").createSocket("udp${family}");s.on("message",(m,p)=>{console.log(m+" from "+p.address);process.exit()});s.bind(5353,()=>console.log("up"));setTimeout(()=>process.exit(),1500)`;
    const child = spawn('ip', ['netns', 'exec', VICTIM.ns, process.execPath, '-e', listen]);
    let out = '';
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (d) => {
        out += d;
        if (out.startsWith('up\n')) resolve();
      });
    });
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const prepare =
      family === 6
        ? ''
        : `ip addr add ${from}/32 dev ${device} 2>/dev/null || true; ip route replace ${to}/32 dev ${device} src ${from}; ip neigh replace ${to} lladdr ${mac(VICTIM)} dev ${device};`;
    const send = `const s=require("dgram").createSocket("udp${family}");s.bind(0,${family === 4 ? `"${from}"` : 'undefined'},()=>s.send("x",5353,"${to}",()=>s.close()))`;
    sh(`ip netns exec ${EVIL.ns} sh -c '${prepare} true'; ip netns exec ${EVIL.ns} ${process.execPath} -e '${send}'`);
    await ended;
    if (family === 4)
      inside(
        EVIL,
        `ip route del ${to}/32 dev ${device}; ip neigh del ${to} dev ${device}; [ ${from} = ${EVIL.ip} ] || ip addr del ${from}/32 dev ${device}`,
      );
    return out.slice('up\n'.length).trim();
  }

  it('a datagram of its own arrives', async () => expect(await hears(EVIL.ip, 'eth0')).toBe(`x from ${EVIL.ip}`));

  it.each(devices)('one in the name of a host outside does not (%s)', async (device) => {
    expect(await hears('198.51.100.53', device)).toBe('');
  });

  it('nor does anything of IPv6: nobody becomes a router by saying so', async () => {
    const local = /inet6 (fe80\S+)\//.exec(inside(VICTIM, 'ip -6 addr show dev eth0'))?.[1];
    expect(local).toBeDefined();
    expect(await hears('', 'eth0', `${local}%eth0`, 6)).toBe('');
  });

  it('leaves the machine as it was', async () => {
    for (const { ns } of [VICTIM, EVIL]) sh(`ip netns del ${ns}`);
    await cleanPodNetwork({ ...network, remember: `${dir}/kernel.json` });
    expect(settings()).toBe(before);
    expect(sh('nft list tables; ip6tables-save').includes('k8ts')).toBe(false);
  });
});
