/**
 * The members of a cluster. One is spoken to; when it fails the next one is, at once. A read is sent again to whoever answers; a write
 * only where it is certain that it was not carried out.
 */
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { sleep } from '../../util/clock.js';
import type { Env } from '../../util/component.js';
import type { Draft, Message, MessageName } from '../proto/message.js';
import { mayRepeat, RemoteStoreError, tokenIsStale, toStoreError } from './errors.js';
import { Member, type RemoteTls } from './member.js';

export interface MembersOptions {
  readonly endpoints: readonly string[];
  readonly tls?: RemoteTls;
  readonly user?: { readonly name: string; readonly password: string };
  readonly env: Env;
  readonly dialTimeoutMs: number;
  readonly requestTimeoutMs: number;
}

export interface CallKind {
  /** Not repeated where its outcome is unknown. */
  readonly write: boolean;
  readonly timeoutMs?: number;
}

/** Between rounds over all members. */
const ROUND_MS = 50;
/** A member that takes a read and does not answer is left after this part of the time. */
const READ_SHARE = 0.5;
/** To learn why there is no connection. */
const REASON_MS = 300;

export class Members {
  readonly list: readonly Member[];
  private at: number;
  private token: string | undefined;
  private readonly stop = new AbortController();

  constructor(private readonly o: MembersOptions) {
    this.list = o.endpoints.map((e) => new Member(e, o.tls));
    this.at = Math.floor(o.env.random.float() * this.list.length);
  }

  get current(): Member {
    return this.list[this.at]!;
  }

  get hasUser(): boolean {
    return this.o.user !== undefined;
  }

  /** The next call asks for a new one. */
  forgetToken(): void {
    this.token = undefined;
  }

  get closed(): boolean {
    return this.stop.signal.aborted;
  }

  /** Aborted when the store is closed. */
  get closing(): AbortSignal {
    return this.stop.signal;
  }

  /** Goes on to the next member, unless someone did so already. */
  leave(member: Member): void {
    if (this.current === member) this.at = (this.at + 1) % this.list.length;
  }

  /** A member with a connection that stands; undefined where none has one before `deadline`. */
  async connected(deadline: number): Promise<Member | undefined> {
    const { clock } = this.o.env;
    for (let n = 1; !this.closed; n++) {
      const left = deadline - clock.now();
      if (left <= 0) return undefined;
      const member = this.current;
      if (await member.ready(clock.now() + Math.min(left, this.o.dialTimeoutMs))) return member;
      this.leave(member);
      if (n % this.list.length === 0) await sleep(clock, ROUND_MS, this.closing);
    }
    return undefined;
  }

  async call<In extends MessageName, Out extends MessageName>(
    path: string,
    input: In,
    output: Out,
    request: Draft<In>,
    { write, timeoutMs = this.o.requestTimeoutMs }: CallKind,
  ): Promise<Message<Out>> {
    const { clock } = this.o.env;
    const deadline = clock.now() + timeoutMs;
    for (let n = 1; ; n++) {
      const member = await this.connected(deadline);
      if (this.closed) throw new Error('the store is closed');
      if (!member) throw await this.unreachable();
      try {
        const limit = write ? deadline : Math.min(deadline, clock.now() + timeoutMs * READ_SHARE);
        return await member.unary(path, input, output, request, await this.metadata(member), { deadline: limit });
      } catch (e) {
        const error = e as ServiceError;
        if (typeof error.code !== 'number') throw e;
        if (tokenIsStale(error)) this.token = undefined;
        if (error.code === status.UNAVAILABLE || error.code === status.DEADLINE_EXCEEDED) this.leave(member);
        if (!mayRepeat(error, write) || clock.now() >= deadline)
          throw this.closed ? new Error('the store is closed') : toStoreError(error, write);
        if (n % this.list.length === 0) await sleep(clock, ROUND_MS, this.closing);
      }
    }
  }

  /** What goes with every call: a member without a leader says so at once instead of waiting for one; the token of the user. */
  async metadata(member: Member): Promise<Metadata> {
    const metadata = new Metadata();
    metadata.set('hasleader', 'true');
    const { user } = this.o;
    if (user) {
      this.token ??= (
        await member.unary(
          '/etcdserverpb.Auth/Authenticate',
          'AuthenticateRequest',
          'AuthenticateResponse',
          { name: user.name, password: user.password },
          metadata,
          { deadline: this.o.env.clock.now() + this.o.requestTimeoutMs },
        )
      ).token;
      metadata.set('token', this.token);
    }
    return metadata;
  }

  async unreachable(): Promise<RemoteStoreError> {
    const member = this.current;
    const why = this.closed ? '' : await member.reason(this.o.env.clock.now() + REASON_MS);
    return new RemoteStoreError(
      status.UNAVAILABLE,
      `no etcd answers at ${this.o.endpoints.join(', ')} (${member.endpoint}: ${why}): check that it runs, and that addresses and certificates are right`,
    );
  }

  close(): void {
    this.stop.abort();
    for (const m of this.list) m.close();
  }
}
