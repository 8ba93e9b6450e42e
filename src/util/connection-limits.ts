/**
 * Connections of a listener are bounded, for each client and in all: descriptors are the whole process', and whoever holds many here would close the
 * API's door. Where all are taken, the oldest of who has most goes.
 */

export interface ConnectionLimits {
  readonly total: number;
  readonly perClient: number;
  /** A connection on which nothing is said for so long is closed. Absent: it may be silent. */
  readonly idleMs?: number;
}

/** A socket of node:net, as far as it matters here. */
export interface LimitedSocket {
  readonly remoteAddress?: string | undefined;
  destroy(): unknown;
  setTimeout(ms: number, then: () => void): unknown;
  once(event: 'close', then: () => void): unknown;
}

export interface LimitedServer {
  prependListener(event: 'connection', then: (socket: LimitedSocket) => void): unknown;
}

/** Before the listener's own handlers: what is too much is gone before anything is done for it. */
export function limitConnections(server: LimitedServer, limits: ConnectionLimits): void {
  const clients = new Map<string, Set<LimitedSocket>>();
  let total = 0;
  server.prependListener('connection', (socket: LimitedSocket) => {
    const client = socket.remoteAddress ?? '';
    let own = clients.get(client);
    if ((own?.size ?? 0) >= limits.perClient) {
      socket.destroy();
      return;
    }
    if (total >= limits.total) {
      let most: Set<LimitedSocket> | undefined;
      for (const s of clients.values()) if (s.size > (most?.size ?? 0)) most = s;
      const oldest = most?.values().next().value;
      if (oldest) forget(oldest);
      oldest?.destroy();
      own = clients.get(client);
    }
    if (!own) {
      own = new Set();
      clients.set(client, own);
    }
    own.add(socket);
    total++;
    if (limits.idleMs) socket.setTimeout(limits.idleMs, () => socket.destroy());
    socket.once('close', () => forget(socket, client));
  });
  const forget = (socket: LimitedSocket, client = socket.remoteAddress ?? '') => {
    const own = clients.get(client);
    if (!own?.delete(socket)) return;
    total--;
    if (!own.size) clients.delete(client);
  };
}
