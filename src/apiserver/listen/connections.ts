/**
 * What a listener knows of its connections, and when it lets go of one: a handshake or a request head that does not come to its end, nothing
 * asked for a long time, answers that nobody takes. Memory that those hold who have not shown who they are is bounded by their number.
 */
import type { ClientHttp2Session, ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { type Clock, every, type Timer } from '../../util/clock.js';

export const HANDSHAKE_MS = 10_000;
/** From the handshake to the first whole request. */
const FIRST_REQUEST_MS = 15_000;
/** From the first byte of a later request's head to its last. */
const HEAD_MS = 30_000;
const IDLE_MS = 180_000;
const SWEEP_MS = 5000;
/** Connections nobody has shown who he is on; of more the oldest goes. */
const UNPROVEN_LIMIT = 1000;
const CONNECTION_LIMIT = 20_000;
/** Refusals on one connection that were not taken. */
const REFUSED_LIMIT = 32;
/** Requests under way on one HTTP/1.1 connection. No client sends more before it has an answer; HTTP/2 has its streams' limit. */
const PIPELINE_LIMIT = 10;

export class Connection {
  open = 0;
  requests = 0;
  proven = false;
  refused = 0;
  session?: ServerHttp2Session | ClientHttp2Session;
  tls?: TLSSocket;
  /** When it was opened, then when its last request was over. */
  since: number;
  private readBefore = 0;
  /** Since when bytes have come that make no request yet. */
  private headSince?: number;

  constructor(
    readonly socket: Socket,
    private readonly all: Connections,
  ) {
    this.since = all.now();
  }

  /** Requests under way: what ends each when the connection is gone. */
  private readonly running = new Set<() => void>();

  /** The connection is gone. */
  gone(): void {
    for (const end of [...this.running]) end();
  }

  /**
   * A request has come. What is given back is to be called once, when its answer was written or its connection is gone: `end` is called when
   * it is gone.
   */
  begin(end: () => void): () => void {
    this.requests++;
    this.open++;
    this.running.add(end);
    this.headSince = undefined;
    return () => {
      this.open--;
      this.running.delete(end);
      this.since = this.all.now();
      this.readBefore = this.socket.bytesRead;
    };
  }

  /** Whether another request may come. Whoever sends them one after another without waiting for answers loses his connection. */
  admits(): boolean {
    if (this.session || (this.open < PIPELINE_LIMIT && !this.socket.destroyed)) return true;
    // Node would make a request of each that is in what was read already, 1,700 in 64 kB.
    (this.tls as { parser?: { pause?(): void } } | undefined)?.parser?.pause?.();
    this.destroy();
    return false;
  }

  /** Who is on this connection is known. */
  prove(): void {
    if (this.proven) return;
    this.proven = true;
    this.all.unproven.delete(this);
  }

  /**
   * An answer to one who is not known. Whoever collects such answers without reading them loses his connection. What is given back is to be
   * called once, when it was taken.
   */
  refuse(): () => void {
    if (++this.refused > REFUSED_LIMIT && !this.proven) this.destroy();
    return () => {
      this.refused--;
    };
  }

  /** Whether it has been waited for long enough. */
  isOver(now: number): boolean {
    if (this.open > 0) return false;
    if (this.requests === 0) return now - this.since > FIRST_REQUEST_MS;
    if (now - this.since > IDLE_MS) return true;
    if (this.session || this.socket.bytesRead === this.readBefore) return false;
    this.headSince ??= now;
    return now - this.headSince > HEAD_MS;
  }

  destroy(): void {
    this.session?.destroy();
    this.tls?.destroy();
    this.socket.destroy();
  }
}

export class Connections {
  /** In the order in which they came. */
  readonly unproven = new Set<Connection>();
  private readonly all = new Set<Connection>();
  private readonly byPeer = new Map<string, Connection>();
  private readonly sweeper: Timer;

  constructor(private readonly clock: Clock) {
    this.sweeper = every(clock, SWEEP_MS, () => this.sweep());
  }

  now(): number {
    return this.clock.monotonic();
  }

  get size(): number {
    return this.all.size;
  }

  add(socket: Socket): void {
    if (this.all.size >= CONNECTION_LIMIT) {
      socket.destroy();
      return;
    }
    const connection = new Connection(socket, this);
    const peer = peerOf(socket);
    this.all.add(connection);
    this.unproven.add(connection);
    this.byPeer.set(peer, connection);
    socket.on('close', () => {
      this.all.delete(connection);
      this.unproven.delete(connection);
      connection.gone();
      if (this.byPeer.get(peer) === connection) this.byPeer.delete(peer);
    });
    if (this.unproven.size > UNPROVEN_LIMIT) for (const oldest of [this.unproven.values().next().value!]) oldest.destroy();
  }

  /** The connection under a TLS socket, or under the one a request came by. */
  of(socket: { remoteAddress?: string; remotePort?: number } | undefined | null): Connection | undefined {
    return socket ? this.byPeer.get(peerOf(socket)) : undefined;
  }

  close(): void {
    this.sweeper.cancel();
    for (const c of [...this.all]) c.destroy();
  }

  private sweep(): void {
    const now = this.now();
    for (const c of [...this.all]) if (c.isOver(now)) c.destroy();
  }
}

const peerOf = (s: { remoteAddress?: string; remotePort?: number }): string => `${s.remoteAddress} ${s.remotePort}`;
