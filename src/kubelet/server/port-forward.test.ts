import { setMaxListeners } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { ByteQueue } from '../../util/spdy/byte-queue.js';
import { SpdySession, type SpdyStream } from '../../util/spdy/session.js';
import { VirtualClock } from '../../util/virtual-clock.js';
import type { ContainerRuntime } from '../runtime.js';
import type { MessageSocket } from './http.js';
import { forwardChannels, forwardSpdy } from './port-forward.js';

/** A runtime whose connections stay until the client ends its side or is gone. */
class HoldingRuntime {
  now = 0;
  async portForward(_sandbox: string, _port: number, o: { input: AsyncIterable<Uint8Array>; signal: AbortSignal }): Promise<void> {
    this.now++;
    try {
      const gone = new Promise<void>((resolve) => o.signal.addEventListener('abort', () => resolve(), { once: true }));
      const read = (async () => {
        for await (const _ of o.input);
      })();
      await Promise.race([read, gone]);
    } finally {
      this.now--;
    }
  }
}
const clock = new VirtualClock();
const forwarder = (runtime: HoldingRuntime) => ({ runtime: runtime as unknown as ContainerRuntime, sandboxId: 's', clock, podName: 'p_n' });
const settle = async () => {
  for (let i = 0; i < 20; i++) await new Promise((r) => setImmediate(r));
};
const clients: { close(): void }[] = [];
afterEach(async () => {
  for (const c of clients.splice(0)) c.close();
  await settle();
});

/** A client of its own connection. */
function client(runtime: HoldingRuntime) {
  const up = new ByteQueue(2 ** 30);
  const gone = new AbortController();
  setMaxListeners(0, gone.signal);
  const session = new SpdySession({ side: 'client', send: (b) => up.push(b) });
  const close = () => {
    up.end();
    gone.abort();
  };
  const socket = { input: up, send: (b: Uint8Array) => session.receive(b), close: () => undefined, closed: gone.signal };
  const done = forwardSpdy(socket, forwarder(runtime));
  clients.push({ close });
  let id = 0;
  return {
    async pair(): Promise<{ data: SpdyStream; end(): Promise<void> }> {
      const headers = { port: '80', requestid: String(id++) };
      const error = await session.open({ ...headers, streamtype: 'error' });
      await error.end();
      const data = await session.open({ ...headers, streamtype: 'data' });
      return { data, end: () => data.end() };
    },
    async pairs(n: number) {
      const all: Awaited<ReturnType<typeof this.pair>>[] = [];
      for (let i = 0; i < n; i++) all.push(await this.pair());
      await settle();
      return all;
    },
    async leave() {
      close();
      await done;
    },
  };
}

describe('connections of port-forward', () => {
  it('of one client are bounded; one that ends makes room for another', async () => {
    const runtime = new HoldingRuntime();
    const c = client(runtime);
    const pairs = await c.pairs(130);
    expect(runtime.now).toBe(128);
    await pairs[129]!.data.end(); // one that was refused gives nothing back
    await c.pairs(1);
    expect(runtime.now).toBe(128);
    await Promise.all(pairs.slice(0, 5).map((p) => p.end()));
    await settle();
    expect(runtime.now).toBe(123);
    await c.pairs(10);
    expect(runtime.now).toBe(128);
    await c.leave();
    expect(runtime.now).toBe(0);
  });

  it('of all clients of a node are bounded, over either protocol, and come back when a client goes', async () => {
    const runtime = new HoldingRuntime();
    const many = Array.from({ length: 7 }, () => client(runtime));
    for (const c of many) await c.pairs(128);
    const ports = Array.from({ length: 64 }, (_, i) => 1000 + i);
    const old = [channels(runtime, ports), channels(runtime, ports), channels(runtime, ports)];
    await settle();
    expect(runtime.now).toBe(1024);
    expect(old[0]!.errors).toEqual([]);
    expect(old[2]!.errors.length).toBe(64);
    expect(old[2]!.errors[0]).toBe(
      'error forwarding port 1000 to pod p_n, uid : too many connections are forwarded on this node: try again later',
    );
    await Promise.all([...many, ...old].map((c) => c.leave()));
    expect(runtime.now).toBe(0);
    for (const c of Array.from({ length: 9 }, () => client(runtime))) await c.pairs(128);
    expect(runtime.now).toBe(1024);
    // And another node has its own.
    const other = new HoldingRuntime();
    await client(other).pairs(3);
    expect(other.now).toBe(3);
  });
});

/** The older protocol: two channels a port. */
function channels(runtime: HoldingRuntime, ports: readonly number[]) {
  const messages = new ByteQueue();
  const gone = new AbortController();
  setMaxListeners(0, gone.signal);
  const errors: string[] = [];
  const socket: MessageSocket = {
    protocol: 'v4.channel.k8s.io',
    messages,
    send: async (m) => {
      if (m[0]! % 2 && m.length > 3) errors.push(new TextDecoder().decode(m.subarray(1)));
    },
    close: () => {
      messages.end();
      gone.abort();
    },
    closed: gone.signal,
  };
  const done = forwardChannels(socket, ports, forwarder(runtime));
  clients.push(socket);
  return {
    errors,
    async leave() {
      socket.close();
      await done;
    },
  };
}
