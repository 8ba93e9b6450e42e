/** Outside addresses of Services in a kernel: the node's own ports answer as before. In a network namespace of its own. */
import { execFileSync, spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Service } from '../../src/api/types/core/v1.js';
import type { EndpointSlice } from '../../src/api/types/discovery/v1.js';
import { JUMPS, namesNeeded, restoreText } from '../../src/proxy/iptables.js';
import { decide } from '../../src/proxy/rules.js';
import { NOTHING_OWN, type NodeOwn } from '../../src/proxy/taken.js';
import { missing } from '../e2e/programs.js';

const NS = 'k8ts-services';
const NODE = '192.0.2.2';
const reason = process.getuid?.() !== 0 ? 'not root' : missing('ip', 'iptables', 'iptables-restore');
const inNs = (...args: string[]) => ['netns', 'exec', NS, ...args];
const own: NodeOwn = { addresses: new Set([NODE]), ports: [{ protocol: 'TCP', port: 6443, holder: 'kube-apiserver' }] };

const service = (name: string, externalIPs: string[]) =>
  ({
    metadata: { namespace: 'aaa', name },
    spec: { clusterIP: '10.96.0.66', ports: [{ port: 6443, protocol: 'TCP' }], externalIPs },
    status: {},
  }) as unknown as Service;
const slice = {
  metadata: { namespace: 'aaa', labels: { 'kubernetes.io/service-name': 'evil' } },
  addressType: 'IPv4',
  ports: [{ name: '', port: 6000, protocol: 'TCP' }],
  endpoints: [{ addresses: ['192.0.2.3'], conditions: { ready: true } }],
} as unknown as EndpointSlice;

describe.skipIf(reason)(`outside addresses of Services${reason ? ` (left out: ${reason})` : ''}`, () => {
  let server: ReturnType<typeof spawn>;
  const ip = (...args: string[]) => execFileSync('ip', args, { encoding: 'utf8' });

  beforeAll(async () => {
    ip('netns', 'add', NS);
    for (const a of ['127.0.0.1/8', `${NODE}/32`, '192.0.2.3/32']) ip('-n', NS, 'addr', 'add', a, 'dev', 'lo');
    ip('-n', NS, 'link', 'set', 'lo', 'up');
    const listen = (port: number, says: string) =>
      `require('net').createServer((s) => s.end('${says}')).listen(${port}, () => console.log('on'));`;
    server = spawn('ip', inNs(process.execPath, '-e', listen(6443, 'api') + listen(6000, 'evil')));
    await new Promise<void>((resolve) => {
      let on = 0;
      server.stdout!.on('data', (b: Buffer) => (on += b.toString().split('on').length - 1) > 1 && resolve());
    });
  });
  afterAll(() => {
    server?.kill();
    ip('netns', 'del', NS);
  });

  it.each<[string, Service[], NodeOwn, string]>([
    ['without a Service', [], own, 'api'],
    ['with one that takes it, where the node does not say what is its own', [service('evil', [NODE])], NOTHING_OWN, 'evil'],
    ['with one that asks for it', [service('evil', [NODE])], own, 'api'],
    ['with one that asks for it and has no endpoints', [service('empty', [NODE])], own, 'api'],
  ])('a port of the node %s', (_, services, held, right) => {
    const ports = decide(services, [slice], 'n', { own: held });
    const names = new Map(namesNeeded(ports).map((t, i) => [t, `N${i}`]));
    const input = restoreText(ports, { node: 'n' }, (t) => names.get(t)!, { nat: [], filter: [] });
    for (const table of ['nat', 'filter']) ip(...inNs('iptables', '-t', table, '-F'));
    execFileSync('ip', inNs('iptables-restore', '--noflush'), { input });
    for (const j of JUMPS) ip(...inNs('iptables', '-t', j.table, '-I', j.from, '1', ...j.match, '-j', j.to));
    const ask = `const s = require('net').connect(6443, '${NODE}').on('data', (d) => process.stdout.write(d)).on('error', (e) => console.log(e.code));s.setTimeout(3000, () => s.destroy())`;
    expect(ip(...inNs(process.execPath, '-e', ask)).trim()).toBe(right);
  });
});
