/**
 * etcdserverpb.Watch: many watches on one stream. While a peer has not read what was sent, events are held back and go out as fewer and
 * larger answers. One that does not read at all is not allowed to pile them up here: its watches are let go and taken up again from the
 * history when it has read.
 */

import { decode, encode, encodeFramed } from '../../store/proto/codec.js';
import type { Message } from '../../store/proto/message.js';
import { CompactedError, type StoreEvent, type Watch } from '../../store/store.js';
import { every, type Timer } from '../../util/clock.js';
import { mayRead } from '../auth/check.js';
import { type EtcdContext, header } from '../context.js';
import { service } from '../grpc/method.js';
import type { Call, Method, StreamingHandler } from '../grpc/router.js';
import { toGrpcError } from '../grpc/status.js';
import { keyRange } from './convert.js';

/** Bytes that may wait for the peer on one stream before its watches are let go. */
const BACKLOG = 4 * 1024 * 1024;
/** Bytes that may wait before further events are held back. */
const AHEAD = 256 * 1024;
const NO_PUT = 0;
const NO_DELETE = 1;
/** Progress of a whole stream, or a watch that was never made, is about no watch. */
const NO_WATCH = -1;

export const watchService = (c: EtcdContext): [string, Method][] =>
  service('etcdserverpb.Watch', { Watch: { kind: 'stream', open: (call) => new WatchStream(c, call) } });

interface Entry {
  readonly id: number;
  readonly create: Message<'WatchCreateRequest'>;
  handle: Watch | undefined;
  /** The first revision that was not sent. */
  next: number;
  /** Nothing was sent since the last look; for progress notices. */
  quiet: boolean;
  /** Encoded events that wait to go out in one answer, and the revision of the last. */
  held: Uint8Array[];
  heldRevision: number;
}

class WatchStream implements StreamingHandler {
  private readonly entries = new Map<number, Entry>();
  private nextId = 0;
  private lagging = false;
  private heldBytes = 0;
  private over = false;
  private ticker: Timer | undefined;

  constructor(
    private readonly c: EtcdContext,
    private readonly call: Call,
  ) {
    call.onDrained(() => {
      this.sendHeld();
      this.resume();
    });
  }

  message(bytes: Uint8Array): void {
    const request = decode('WatchRequest', bytes);
    if (request.create) this.create(request.create);
    else if (request.cancel) this.cancel(request.cancel.watchId);
    else if (request.progress) this.progress();
  }

  end(): void {
    this.gone();
    this.call.end();
  }

  gone(): void {
    this.over = true;
    this.ticker?.cancel();
    const entries = [...this.entries.values()];
    this.entries.clear();
    for (const entry of entries) entry.handle?.cancel();
  }

  private create(create: Message<'WatchCreateRequest'>): void {
    const { store } = this.c;
    const refuse = (reason: string) =>
      this.send({ watchId: NO_WATCH, created: true, canceled: true, cancelReason: reason }, store.revision);
    const key = create.key === '' ? '\0' : create.key;
    const denied = this.denied({ ...create, key });
    if (denied !== undefined) {
      refuse(denied);
      return;
    }
    if (create.rangeEnd !== '' && create.rangeEnd !== '\0' && key >= create.rangeEnd) {
      refuse('mvcc: watcher range is empty');
      return;
    }
    if (create.watchId !== 0 && this.entries.has(create.watchId)) {
      refuse('mvcc: duplicate watch ID provided on the WatchStream');
      return;
    }
    const id = create.watchId !== 0 ? create.watchId : this.freeId();
    const entry: Entry = {
      id,
      create: { ...create, key },
      handle: undefined,
      next: create.startRevision || store.revision + 1,
      quiet: true,
      held: [],
      heldRevision: 0,
    };
    this.entries.set(id, entry);
    this.send({ watchId: id, created: true }, store.revision);
    if (create.progressNotify) this.ticker ??= every(this.c.env.clock, this.c.limits.watchProgressIntervalMs, () => this.notices());
    if (!this.lagging) this.open(entry);
  }

  /** Why the caller may not watch that; undefined where there is nothing against it. */
  private denied(create: Message<'WatchCreateRequest'>): string | undefined {
    const { auth } = this.c;
    if (!auth.enabled) return undefined;
    try {
      mayRead(auth, this.call, keyRange(create.key, create.rangeEnd));
      return undefined;
    } catch (e) {
      return toGrpcError(e).message;
    }
  }

  private freeId(): number {
    while (this.entries.has(this.nextId)) this.nextId++;
    return this.nextId++;
  }

  private open(entry: Entry): void {
    const { create } = entry;
    let handle: Watch | undefined;
    let ended = false;
    const current = () => !this.over && !ended && this.entries.get(entry.id) === entry && (handle === undefined || entry.handle === handle);
    handle = this.c.store.watch(
      {
        ...keyRange(create.key, create.rangeEnd),
        startRevision: entry.next,
        prevKv: create.prevKv,
        noPut: create.filters.includes(NO_PUT),
        noDelete: create.filters.includes(NO_DELETE),
      },
      {
        events: (events, revision) => {
          if (!current()) return;
          entry.next = revision + 1;
          entry.quiet = false;
          this.events(entry, events, revision);
        },
        progress: (revision) => {
          if (!current()) return;
          this.sendEntry(entry);
          this.send({ watchId: entry.id }, revision);
        },
        end: (error) => {
          if (!current()) return;
          this.sendEntry(entry);
          ended = true;
          this.entries.delete(entry.id);
          const { revision } = this.c.store;
          if (error instanceof CompactedError) {
            this.send({ watchId: entry.id, canceled: true, compactRevision: error.compactRevision }, revision);
          } else this.send({ watchId: entry.id, canceled: true, cancelReason: error?.message ?? '' }, revision);
        },
      },
    );
    if (!ended) entry.handle = handle;
  }

  private events(entry: Entry, events: readonly StoreEvent[], revision: number): void {
    if (entry.create.fragment) this.fragments(entry, events, revision);
    else {
      const bytes = encodeEvents(events);
      entry.held.push(bytes);
      entry.heldRevision = revision;
      this.heldBytes += bytes.length;
      if (this.call.buffered < AHEAD) this.sendEntry(entry);
    }
    if (this.call.buffered + this.heldBytes > BACKLOG) {
      this.sendHeld();
      // Unless the peer took it all just now: nobody would take the watches up again.
      if (this.call.buffered > 0) this.letGo();
    }
  }

  private fragments(entry: Entry, events: readonly StoreEvent[], revision: number): void {
    const parts = fragments(events, this.c.limits.maxRequestBytes);
    for (const [i, part] of parts.entries()) this.answer(entry, [encodeEvents(part)], revision, i < parts.length - 1);
  }

  private answer(entry: Entry, events: readonly Uint8Array[], revision: number, fragment = false): void {
    const length = events.reduce((n, b) => n + b.length, 0);
    const head = encodeFramed('WatchResponse', { header: header(this.c, revision), watchId: entry.id, fragment }, length);
    this.call.send(head, events);
  }

  private sendEntry(entry: Entry): void {
    if (entry.held.length === 0) return;
    const { held } = entry;
    entry.held = [];
    for (const bytes of held) this.heldBytes -= bytes.length;
    this.answer(entry, held, entry.heldRevision);
  }

  private sendHeld(): void {
    if (this.heldBytes > 0) for (const entry of this.entries.values()) this.sendEntry(entry);
  }

  /** The peer reads too slowly: stop, and go on from `next` when it has read what waits. */
  private letGo(): void {
    this.lagging = true;
    for (const entry of this.entries.values()) {
      const { handle } = entry;
      entry.handle = undefined;
      // Ends without an answer to the peer: the handle is not the entry's any more.
      handle?.cancel();
    }
  }

  private resume(): void {
    if (!this.lagging || this.over) return;
    this.lagging = false;
    for (const entry of [...this.entries.values()]) if (!entry.handle) this.open(entry);
  }

  private cancel(id: number): void {
    const entry = this.entries.get(id);
    if (!entry) return;
    this.sendEntry(entry);
    this.entries.delete(id);
    entry.handle?.cancel();
    this.send({ watchId: id, canceled: true }, this.c.store.revision);
  }

  /** Where every watch of the stream has seen all up to now, one answer for them all; else none, as from etcd. */
  private progress(): void {
    this.sendHeld();
    if ([...this.entries.values()].every((e) => e.handle?.inStep)) this.send({ watchId: NO_WATCH }, this.c.store.revision);
  }

  private notices(): void {
    for (const entry of this.entries.values()) {
      if (entry.create.progressNotify && entry.quiet) entry.handle?.requestProgress();
      entry.quiet = true;
    }
  }

  private send(response: Parameters<typeof encodeFramed<'WatchResponse'>>[1], revision: number): void {
    this.call.send(encodeFramed('WatchResponse', { header: header(this.c, revision), ...response }));
  }
}

/** A list of events that many watches share is encoded once. */
const encoded = new WeakMap<readonly StoreEvent[], Uint8Array>();

function encodeEvents(events: readonly StoreEvent[]): Uint8Array {
  let bytes = encoded.get(events);
  if (!bytes) {
    bytes = encode('WatchResponse', {
      events: events.map(({ type, kv, prevKv }) =>
        type === 'put' ? { type: 0, kv, prevKv } : { type: 1, kv: { key: kv.key, modRevision: kv.modRevision }, prevKv },
      ),
    });
    encoded.set(events, bytes);
  }
  return bytes;
}

function fragments(events: readonly StoreEvent[], limit: number): (readonly StoreEvent[])[] {
  const parts: StoreEvent[][] = [[]];
  let size = 0;
  for (const e of events) {
    const bytes = e.kv.key.length + e.kv.value.length + (e.prevKv ? e.prevKv.key.length + e.prevKv.value.length : 0) + 64;
    if (size > 0 && size + bytes > limit) {
      parts.push([]);
      size = 0;
    }
    parts[parts.length - 1]!.push(e);
    size += bytes;
  }
  return parts.length === 1 ? [events] : parts;
}
