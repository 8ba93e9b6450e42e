/** DNS on real sockets of the loopback: what is forged, and who holds connections. */
import dgram from 'node:dgram';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import packet, { type Packet } from 'dns-packet';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Client } from '../../client/client.js';
import { ClusterDns } from '../../network/dns/server.js';
import { realClock } from '../../util/clock.js';
import { silentLogger } from '../../util/logger.js';
import { realRandom } from '../../util/random.js';
import { SocketDnsListener, SystemResolvers } from './dns-listener.js';

const RESPONSE = { type: 'response', flags: packet.RECURSION_DESIRED | packet.RECURSION_AVAILABLE } as const;
const a = (name: string, data: string): packet.Answer => ({ type: 'A', name, ttl: 60, data });
const FORGED = '203.0.113.66';
const RIGHT = '192.0.2.1';

/** A resolver that somebody else tries to answer for. */
class Resolver {
  readonly udp = dgram.createSocket('udp4');
  readonly tcp = net.createServer();
  readonly ids: number[] = [];
  readonly ports: number[] = [];
  /** What goes out before the right answer, and what that is. */
  forge: (query: Packet, send: (m: Packet) => void, port: number) => void | Promise<void> = () => {};
  right: (query: Packet) => Packet = (q) => ({
    ...RESPONSE,
    id: q.id!,
    questions: q.questions!,
    answers: [a(q.questions![0]!.name, RIGHT)],
  });

  async start(): Promise<number> {
    this.udp.on('message', async (m, from) => {
      const query = packet.decode(m);
      this.ids.push(query.id!);
      this.ports.push(from.port);
      const send = (p: Packet) => this.udp.send(packet.encode(p), from.port, from.address);
      await this.forge(query, send, from.port);
      setTimeout(() => send(this.right(query)), 30);
    });
    this.udp.bind(0, '127.0.0.1');
    await once(this.udp, 'listening');
    this.tcp.on('connection', (s) =>
      s.on('data', (m) => {
        const query = packet.decode(m.subarray(2));
        s.write(
          packet.streamEncode({
            ...RESPONSE,
            id: query.id!,
            questions: query.questions!,
            answers: [a(query.questions![0]!.name, '192.0.2.2')],
          }),
        );
      }),
    );
    this.tcp.listen(this.udp.address().port, '127.0.0.1');
    await once(this.tcp, 'listening');
    return this.udp.address().port;
  }
}

const namespaces = [{ metadata: { name: 'ns' } }];
const services = [{ metadata: { name: 'far', namespace: 'ns' }, spec: { type: 'ExternalName', externalName: 'far.example.org' } }];
/** Just enough of an API. */
const client = {
  list: async (q: { kind: string }) => ({
    metadata: { resourceVersion: '1' },
    items: q.kind === 'Service' ? services : q.kind === 'Namespace' ? namespaces : [],
  }),
  watch: async () => (async function* () {})(),
} as unknown as Client;

describe('answers of other resolvers', () => {
  let dir: string;
  let resolver: Resolver;
  let dns: ClusterDns;
  let listener: SocketDnsListener;
  beforeEach(async () => {
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-dns-'));
    fs.writeFileSync(`${dir}/resolv.conf`, 'nameserver 127.0.0.1\n');
    resolver = new Resolver();
    const port = await resolver.start();
    listener = new SocketDnsListener('127.0.0.1', 0);
    const env = { clock: realClock, random: realRandom, log: silentLogger };
    dns = new ClusterDns({ client, env, domain: 'cluster.local', listener, upstream: new SystemResolvers(`${dir}/resolv.conf`, [], port) });
    await listener.listen((m, from) => dns.answer(m, from));
    // The zone without an API behind it.
    (dns as unknown as { zone: object }).zone = {
      domain: 'cluster.local',
      hasNamespace: (n: string) => n === 'ns',
      service: () => services[0],
      slices: () => [],
      serviceByIp: () => undefined,
      slicesByIp: () => [],
    };
  });
  afterEach(async () => {
    await listener.close();
    resolver.udp.close();
    resolver.tcp.close();
    fs.rmSync(dir, { recursive: true });
  });

  async function ask(name: string, id = 4711): Promise<Packet> {
    const socket = dgram.createSocket('udp4');
    try {
      const answered = once(socket, 'message');
      socket.send(
        packet.encode({ type: 'query', id, flags: packet.RECURSION_DESIRED, questions: [{ type: 'A', name }] }),
        listener.port,
        '127.0.0.1',
      );
      return packet.decode((await answered)[0] as Buffer);
    } finally {
      socket.close();
    }
  }
  const told = (p: Packet) => (p.answers ?? []).map((r) => `${r.name} ${r.type} ${'data' in r ? r.data : ''}`);
  const lie = (q: Packet, change: Partial<Packet> = {}): Packet => ({
    ...RESPONSE,
    id: q.id!,
    questions: q.questions!,
    answers: [a(q.questions![0]!.name, FORGED)],
    ...change,
  });

  const forgeries: [string, (q: Packet, send: (m: Packet) => void, port: number) => void | Promise<void>][] = [
    ['from the resolver with another id', (q, send) => send(lie(q, { id: (q.id! + 1) & 0xffff }))],
    ['to another question', (q, send) => send(lie(q, { questions: [{ type: 'A', name: 'other.example.org' }] }))],
    ['to another type', (q, send) => send(lie(q, { questions: [{ type: 'AAAA', name: q.questions![0]!.name }] }))],
    ['to no question', (q, send) => send(lie(q, { questions: [] }))],
    ['to two questions', (q, send) => send(lie(q, { questions: [...q.questions!, ...q.questions!] }))],
    ['that is a query', (q, send) => send({ ...lie(q), type: 'query' })],
    [
      'from another port, with the right id',
      async (q, _send, port) => {
        const other = dgram.createSocket('udp4');
        await new Promise<void>((resolve) => other.send(packet.encode(lie(q)), port, '127.0.0.1', () => resolve()));
        other.close();
      },
    ],
    [
      'from another address, with the right id',
      async (q, _send, port) => {
        const other = dgram.createSocket('udp4');
        other.bind(0, '127.0.0.9');
        await once(other, 'listening');
        await new Promise<void>((resolve) => other.send(packet.encode(lie(q)), port, '127.0.0.1', () => resolve()));
        other.close();
      },
    ],
  ];
  it.each(forgeries)('are not taken %s', async (_, forge) => {
    resolver.forge = forge;
    const answer = await ask('name.example.org');
    expect(answer.id).toBe(4711);
    expect(told(answer)).toEqual([`name.example.org A ${RIGHT}`]);
  });
  it.each(forgeries)('of a followed name are not taken %s', async (_, forge) => {
    resolver.forge = forge;
    expect(told(await ask('far.ns.svc.cluster.local'))).toEqual([
      'far.ns.svc.cluster.local CNAME far.example.org',
      `far.example.org A ${RIGHT}`,
    ]);
  });
  it('of a followed name: only its own records, and those of its other names', async () => {
    resolver.right = (q) =>
      lie(q, {
        answers: [
          a('kubernetes.default.svc.cluster.local', FORGED),
          a('bank.example.org', FORGED),
          { type: 'CNAME', name: 'FAR.example.org', ttl: 60, data: 'cdn.example.net' },
          { type: 'CNAME', name: 'elsewhere.example.net', ttl: 60, data: 'cdn.example.net' },
          { type: 'TXT', name: 'far.example.org', ttl: 60, data: 'x' },
          a('cdn.example.net', RIGHT),
        ],
      });
    expect(told(await ask('far.ns.svc.cluster.local'))).toEqual([
      'far.ns.svc.cluster.local CNAME far.example.org',
      'FAR.example.org CNAME cdn.example.net',
      `cdn.example.net A ${RIGHT}`,
    ]);
  });
  it('of names that lead to each other end', async () => {
    const alias = (name: string, data: string): packet.Answer => ({ type: 'CNAME', name, ttl: 60, data });
    resolver.right = (q) => lie(q, { answers: [alias('far.example.org', 'b.org'), alias('b.org', 'far.example.org')] });
    expect(told(await ask('far.ns.svc.cluster.local')).length).toBe(3);
  });
  it('of a followed name that was cut are asked for over TCP', async () => {
    resolver.right = (q) => lie(q, { flags: RESPONSE.flags | packet.TRUNCATED_RESPONSE, answers: [] });
    expect(told(await ask('far.ns.svc.cluster.local'))[1]).toBe('far.example.org A 192.0.2.2');
  });
  it('are asked for under numbers and ports that nobody can guess', async () => {
    for (let i = 0; i < 20; i++) await ask(i % 2 ? 'name.example.org' : 'far.ns.svc.cluster.local', 1);
    expect(new Set(resolver.ids).size).toBeGreaterThan(17);
    expect(new Set(resolver.ports).size).toBeGreaterThan(15);
  });
  it('are asked for by one client at most so many times at once', async () => {
    resolver.udp.removeAllListeners('message');
    const query = packet.encode({ type: 'query', id: 7, flags: 0, questions: [{ type: 'A', name: 'x.example.org' }] });
    const outcomes = Array.from({ length: 40 }, () => dns.answer(query, { address: '10.1.0.1', overTcp: false }));
    const first = packet.decode(Buffer.from((await Promise.race(outcomes))!));
    expect(first.flags! & 0xf).toBe(2);
    const other = dns.answer(query, { address: '10.1.0.2', overTcp: false });
    expect(await Promise.race([other, new Promise((r) => setTimeout(r, 100, 'under way'))])).toBe('under way');
    await Promise.all([...outcomes, other]);
  });
});

describe('connections to the DNS server', () => {
  const answer = async (q: Uint8Array) => q;
  const open = async (port: number, from = '127.0.0.1') => {
    const s = net.connect({ port, host: '127.0.0.1', localAddress: from });
    s.on('error', () => undefined);
    await once(s, 'connect');
    return s;
  };
  const until = async (what: () => boolean) => {
    for (let i = 0; i < 200 && !what(); i++) await new Promise((r) => setTimeout(r, 10));
    expect(what()).toBe(true);
  };
  const speaks = async (s: net.Socket) => {
    s.write(packet.streamEncode({ type: 'query', id: 1, questions: [{ type: 'A', name: 'x.y' }] }));
    return Promise.race([once(s, 'data').then(() => true), once(s, 'close').then(() => false)]);
  };
  let listener: SocketDnsListener;
  const start = async (limits: object, serves?: (a: string) => boolean) => {
    listener = new SocketDnsListener('127.0.0.1', 0, { limits, ...(serves ? { serves } : {}) });
    await listener.listen(answer);
    return listener.port;
  };
  afterEach(() => listener.close());

  it('are so many for one client', async () => {
    const port = await start({ perClient: 3, total: 100, idleMs: 60_000 });
    const sockets = await Promise.all(Array.from({ length: 20 }, () => open(port)));
    await until(() => sockets.filter((s) => s.destroyed).length === 17);
    expect(await speaks(await open(port, '127.0.0.2'))).toBe(true);
    for (const s of sockets) s.destroy();
  });
  it('are so many in all: who has most loses its oldest', async () => {
    const port = await start({ perClient: 10, total: 10, idleMs: 60_000 });
    const greedy: net.Socket[] = [];
    for (let i = 0; i < 10; i++) greedy.push(await open(port));
    const other = await open(port, '127.0.0.2');
    expect(await speaks(other)).toBe(true);
    await until(() => greedy[0]!.destroyed);
    expect(greedy.filter((s) => s.destroyed).length).toBe(1);
    expect(await speaks(greedy[9]!)).toBe(true);
    for (const s of [...greedy, other]) s.destroy();
  });
  it('end when nothing is said', async () => {
    const s = await open(await start({ idleMs: 50 }));
    await until(() => s.destroyed);
  });
  it('end for a message that is no query', async () => {
    const s = await open(await start({}));
    s.write(Buffer.from([0xff, 0xff]));
    await until(() => s.destroyed);
  });
  it('are not for everybody', async () => {
    const port = await start({}, (a) => a === '127.0.0.2');
    expect(await speaks(await open(port, '127.0.0.2'))).toBe(true);
    const s = await open(port);
    await until(() => s.destroyed);
  });
  it('carry many questions one after another', async () => {
    const s = await open(await start({}));
    const query = packet.streamEncode({ type: 'query', id: 1, questions: [{ type: 'A', name: 'x.y' }] });
    let got = 0;
    s.on('data', (d) => {
      got += d.length;
    });
    s.write(Buffer.concat(Array(500).fill(query)));
    await until(() => got === 500 * query.length);
    s.destroy();
  });
});
