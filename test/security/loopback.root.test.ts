/**
 * What listens on the node's loopback is not there for Pods, whatever frames they send. The Pod is a network namespace on the pod bridge whose own
 * kernel is told to put 127.0.0.0/8 on the wire, as raw sockets would.
 */
import { execFile, execFileSync } from 'node:child_process';
import dgram from 'node:dgram';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cleanPodNetwork, preparePodNetwork } from '../../src/host/network/cni.js';
import { missing } from '../e2e/programs.js';

const NS = 'k8ts-loopback';
const network = { podCidr: '10.99.7.0/24', nodeCidr: '10.99.7.0/24', bridge: 'k8tstest7' };
const POD = '10.99.7.2';
const NODE = '10.99.7.1';
const sh = (script: string) => execFileSync('sh', ['-ec', script], { encoding: 'utf8' });
const inPod = (script: string) => sh(`ip netns exec ${NS} sh -c '${script}'`);
const reason = process.getuid?.() !== 0 ? 'not root' : missing('ip', 'iptables', 'busybox');
const KERNEL = ['net/ipv4/ip_forward', 'net/ipv4/conf/all/route_localnet', 'net/bridge/bridge-nf-call-iptables'].map(
  (f) => `/proc/sys/${f}`,
);
const kernel = () => KERNEL.map((f) => (fs.existsSync(f) ? `${f} ${fs.readFileSync(f, 'utf8').trim()}` : ''));

describe.skipIf(reason)(`the node's loopback${reason ? ` (left out: ${reason})` : ''}`, () => {
  let dir: string;
  let before: string[];
  let tcp: net.Server;
  let tcpOpen: net.Server;

  beforeAll(async () => {
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-loopback-'));
    before = kernel();
    await preparePodNetwork({ ...network, remember: `${dir}/kernel.json` });
    sh(`ip link show ${network.bridge} >/dev/null 2>&1 || ip link add ${network.bridge} type bridge
        ip link set ${network.bridge} up; ip addr add ${NODE}/24 dev ${network.bridge}
        ip netns add ${NS}
        ip link add k8tst7 type veth peer name eth0 netns ${NS}
        ip link set k8tst7 master ${network.bridge} up`);
    inPod(`ip addr add ${POD}/24 dev eth0; ip link set eth0 up; ip route add default via ${NODE}
           echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet; echo 1 > /proc/sys/net/ipv4/conf/all/accept_local
           ip link set lo down; ip route flush table local type local 127.0.0.0/8 2>/dev/null; ip route add 127.0.0.0/8 via ${NODE} src ${POD}`);
    const answer = (s: net.Socket) => void s.on('error', () => undefined).end('of the node\n');
    tcp = net.createServer(answer).listen(0, '127.0.0.1');
    tcpOpen = net.createServer(answer).listen(0, '0.0.0.0');
    await Promise.all([tcp, tcpOpen].map((s) => once(s, 'listening')));
  });
  afterAll(async () => {
    for (const s of [tcp, tcpOpen]) s?.close();
    sh(`ip netns del ${NS} || true; ip link del k8tst7 2>/dev/null || true`);
    await cleanPodNetwork({ ...network, remember: `${dir}/kernel.json` });
    fs.rmSync(dir, { recursive: true, force: true });
  });

  const port = (s: net.Server) => (s.address() as net.AddressInfo).port;
  /** What the Pod hears on a connection; this process goes on serving meanwhile. */
  const ask = (to: string, p: number) =>
    new Promise<string>((resolve) => {
      const args = ['3', 'ip', 'netns', 'exec', NS, 'busybox', 'nc', '-w', '2', to, String(p)];
      execFile('timeout', args, (_e, out) => resolve(out)).stdin?.end();
    });

  it('answers no connection that a Pod sends it', async () => {
    expect(await ask(NODE, port(tcpOpen))).toBe('of the node\n'); // the way is there
    for (const to of ['127.0.0.1', '127.0.0.2']) expect(await ask(to, port(tcpOpen))).toBe('');
    expect(await ask('127.0.0.1', port(tcp))).toBe('');
  });

  /** A datagram of the Pod, with a source of its choice. */
  const send = (to: string, p: number, source: string) =>
    sh(`ip netns exec ${NS} ip addr add ${source}/32 dev eth0 2>/dev/null || true
        ip netns exec ${NS} ${process.execPath} -e 'const s = require("dgram").createSocket("udp4"); s.bind(0, "${source}", () => s.send("x", ${p}, "${to}", () => s.close()))'`);
  async function hears(address: string, from: string, to = address): Promise<string[]> {
    const heard: string[] = [];
    const socket = dgram.createSocket('udp4').on('message', (m, peer) => void heard.push(`${m} from ${peer.address}`));
    await new Promise<void>((resolve) => socket.bind(0, address, resolve));
    send(to, socket.address().port, from);
    for (let i = 0; i < 15 && !heard.length; i++) await new Promise((r) => setTimeout(r, 20));
    socket.close();
    return heard;
  }

  it.each<[string, string, string, string, string[]]>([
    ['a datagram as it should be', '0.0.0.0', POD, NODE, [`x from ${POD}`]],
    ['a datagram for the loopback', '127.0.0.1', POD, '127.0.0.1', []],
    ['a datagram for another address of the loopback', '0.0.0.0', POD, '127.0.0.9', []],
    ['a datagram in the name of the loopback', '0.0.0.0', '127.0.0.2', NODE, []],
    ['a datagram in the name of an address that is no Pod of this node', '0.0.0.0', '192.0.2.77', NODE, []],
  ])('hears: %s', async (_, listens, from, to, right) => {
    expect(await hears(listens, from, to)).toEqual(right);
  });

  it('leaves the kernel as it was', async () => {
    await cleanPodNetwork({ ...network, remember: `${dir}/kernel.json` });
    expect(kernel()).toEqual(before);
    expect(sh('iptables-save | grep -c "K8TS-\\|KUBE-FIREWALL\\|k8tstest7" || true').trim()).toBe('0');
    expect(sh('ip -o link show').includes(network.bridge)).toBe(false);
  });
});
