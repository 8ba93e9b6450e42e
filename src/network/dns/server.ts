/** Cluster DNS: follows Services and EndpointSlices, answers for the cluster's domain, and asks upstream for the rest. */

import packet, { type Packet } from 'dns-packet';
import type { Service } from '../../api/types/core/v1.js';
import type { EndpointSlice } from '../../api/types/discovery/v1.js';
import type { Client } from '../../client/client.js';
import { Informers } from '../../client/informer.js';
import { ENDPOINT_SLICES, NAMESPACES, SERVICES } from '../../client/kinds.js';
import { addAll } from '../../util/add-all.js';
import type { Component, Env } from '../../util/component.js';
import { answers, chain, decodeQuery, idOf, isTruncated, withId } from './message.js';
import { type Answer, resolve, type Zone } from './records.js';

/** Asks the machine's own resolvers. Messages that `accept` does not take are passed over. Throws when none answers. */
export interface Upstream {
  ask(query: Uint8Array, accept: (answer: Uint8Array) => boolean, overTcp: boolean): Promise<Uint8Array>;
}

export interface Asker {
  readonly address: string;
  readonly overTcp: boolean;
}

/** Takes packets off the wire; an answer of undefined sends nothing. */
export interface DnsListener {
  listen(answer: (query: Uint8Array, from: Asker) => Promise<Uint8Array | undefined>): Promise<void>;
  close(): Promise<void>;
}

export interface DnsOptions {
  readonly client: Client;
  readonly env: Env;
  readonly domain: string;
  readonly listener: DnsListener;
  readonly upstream: Upstream;
  readonly ttl?: number;
}

const TTL_SECONDS = 5;
/** Answers larger than this over UDP are cut, and asked for again over TCP. */
const UDP_LIMIT = 512;
/** A larger one is cut on its way. */
const MAX_UDP = 4096;
/** Questions under way to other resolvers, of one client and of all: each holds a socket. */
const MAX_ASKING = 256;
const MAX_ASKING_OF_ONE = 32;
const MAX_ALIASES = 8;
const SERVER_FAILURE = 2;
const NAME_ERROR = 3;
const AUTHORITATIVE = 1 << 10;
const TRUNCATED = 1 << 9;
const RECURSION_DESIRED = 1 << 8;
const RECURSION_AVAILABLE = 1 << 7;

export class ClusterDns implements Component {
  readonly name = 'dns';
  private readonly informers: Informers;
  private readonly zone: Zone;

  constructor(private readonly o: DnsOptions) {
    this.informers = new Informers(o.client, o.env);
    const services = this.informers.for(SERVICES);
    const slices = this.informers.for(ENDPOINT_SLICES);
    const namespaces = this.informers.for(NAMESPACES);
    services.index('ip', (s: Service) =>
      s.spec.clusterIP && s.spec.clusterIP !== 'None' ? (s.spec.clusterIPs ?? [s.spec.clusterIP]) : [],
    );
    slices.index('service', (s: EndpointSlice) => [`${s.metadata.namespace}/${s.metadata.labels?.['kubernetes.io/service-name'] ?? ''}`]);
    slices.index('ip', (s: EndpointSlice) => (s.endpoints ?? []).flatMap((e) => e.addresses));
    this.zone = {
      domain: o.domain,
      service: (ns, name) => services.get(ns, name),
      slices: (ns, name) => slices.byIndex('service', `${ns}/${name}`),
      hasNamespace: (name) => namespaces.get('', name) !== undefined,
      serviceByIp: (ip) => services.byIndex('ip', ip)[0],
      slicesByIp: (ip) => slices.byIndex('ip', ip),
    };
  }

  async start(): Promise<void> {
    await this.informers.start();
    await this.o.listener.listen((query, from) => this.answer(query, from));
  }

  async stop(): Promise<void> {
    await this.o.listener.close();
    await this.informers.stop();
  }

  /** One query to one answer. Undefined for what is no query. */
  async answer(bytes: Uint8Array, from: Asker): Promise<Uint8Array | undefined> {
    const query = decodeQuery(bytes);
    const question = query?.questions?.[0];
    if (!query || !question) return undefined;
    const found = resolve(this.zone, question.name.toLowerCase().replace(/\.$/, ''), question.type);
    if (!found) return this.forward(bytes, query, from);
    const exists = found.answers !== undefined;
    const ttl = this.o.ttl ?? TTL_SECONDS;
    const told = (found.answers ?? []).map((a) => record({ ...a, name: question.name }, ttl));
    const cname = found.answers?.find((a) => a.type === 'CNAME');
    if (cname?.type === 'CNAME' && question.type !== 'CNAME') addAll(told, await this.chase(cname.target, question.type, from));
    const flags = AUTHORITATIVE | RECURSION_AVAILABLE | ((query.flags ?? 0) & RECURSION_DESIRED) | (exists ? 0 : NAME_ERROR);
    const soa = {
      type: 'SOA' as const,
      name: this.zone.domain,
      ttl,
      data: {
        mname: `ns.dns.${this.zone.domain}`,
        rname: `hostmaster.${this.zone.domain}`,
        serial: 1,
        refresh: 7200,
        retry: 1800,
        expire: 86400,
        minimum: ttl,
      },
    };
    const response: Packet = {
      type: 'response',
      id: query.id,
      flags,
      questions: query.questions,
      answers: told,
      additionals: found.additional.map((a) => record(a, ttl)),
      authorities: told.length ? [] : [soa],
    };
    const out = packet.encode(response);
    const limit =
      (query.additionals?.find((a) => a.type === 'OPT') as { udpPayloadSize?: number } | undefined)?.udpPayloadSize ?? UDP_LIMIT;
    if (from.overTcp || out.length <= Math.min(MAX_UDP, Math.max(limit, UDP_LIMIT))) return out;
    return packet.encode({ ...response, flags: flags | TRUNCATED, answers: [], additionals: [], authorities: [] });
  }

  private async forward(bytes: Uint8Array, query: Packet, from: Asker): Promise<Uint8Array> {
    try {
      // Who asks over TCP was told that the answer does not fit into a datagram.
      return await this.ask(bytes, from, from.overTcp);
    } catch (e) {
      this.o.env.log.debug('no upstream resolver answered', { error: (e as Error).message });
      return packet.encode({
        type: 'response',
        id: query.id ?? 0,
        flags: SERVER_FAILURE | RECURSION_AVAILABLE,
        questions: query.questions ?? [],
      });
    }
  }

  private asking = 0;
  private readonly askingFor = new Map<string, number>();

  /** Under a number of our own that nobody can guess; the answer bears the client's again. */
  private async ask(query: Uint8Array, from: Asker, overTcp: boolean): Promise<Uint8Array> {
    const own = this.askingFor.get(from.address) ?? 0;
    if (this.asking >= MAX_ASKING || own >= MAX_ASKING_OF_ONE) throw new Error(`too many questions under way for ${from.address}`);
    this.asking++;
    this.askingFor.set(from.address, own + 1);
    try {
      const [high, low] = this.o.env.random.bytes(2);
      const asked = withId(query, (high! << 8) | low!);
      return withId(await this.o.upstream.ask(asked, (m) => answers(asked, m), overTcp), idOf(query));
    } finally {
      this.asking--;
      const left = this.askingFor.get(from.address)! - 1;
      if (left) this.askingFor.set(from.address, left);
      else this.askingFor.delete(from.address);
    }
  }

  /** The target of an ExternalName, asked for on the client's behalf. */
  private async chase(target: string, type: string, from: Asker): Promise<packet.Answer[]> {
    const out: packet.Answer[] = [];
    let name = target.toLowerCase().replace(/\.$/, '');
    for (let step = 0; step < MAX_ALIASES; step++) {
      const inside = resolve(this.zone, name, type);
      if (!inside) return [...out, ...(await this.outside(name, type, from))];
      addAll(
        out,
        (inside.answers ?? []).map((a) => record(a, this.o.ttl ?? TTL_SECONDS)),
      );
      const alias = inside.answers?.find((a) => a.type === 'CNAME');
      if (alias?.type !== 'CNAME') break;
      name = alias.target.toLowerCase().replace(/\.$/, '');
    }
    return out;
  }

  private async outside(name: string, type: string, from: Asker): Promise<packet.Answer[]> {
    try {
      const query = packet.encode({ type: 'query', flags: RECURSION_DESIRED, questions: [{ name, type: type as 'A' }] });
      let told = await this.ask(query, from, false);
      if (isTruncated(told)) told = await this.ask(query, from, true);
      return chain(packet.decode(Buffer.from(told)).answers ?? [], name, type);
    } catch (e) {
      this.o.env.log.debug('the target of an external name was not found', { name, error: (e as Error).message });
      return [];
    }
  }
}

function record(a: Answer, ttl: number): packet.Answer {
  switch (a.type) {
    case 'A':
    case 'AAAA':
      return { type: a.type, name: a.name, ttl, data: a.ip };
    case 'SRV':
      return { type: 'SRV', name: a.name, ttl, data: { port: a.port, target: a.target, priority: 0, weight: a.weight } };
    case 'TXT':
      return { type: 'TXT', name: a.name, ttl, data: a.text };
    default:
      return { type: a.type, name: a.name, ttl, data: a.target };
  }
}
