/** Leases kept alive over one stream. Answers name their lease; those of one lease come in the order they were asked for. */
import type { ClientDuplexStream, ServiceError } from '@grpc/grpc-js';
import { sleep } from '../../util/clock.js';
import type { Env } from '../../util/component.js';
import type { Draft, Message } from '../proto/message.js';
import type { Member } from './member.js';
import type { Members } from './members.js';

type Stream = ClientDuplexStream<Draft<'LeaseKeepAliveRequest'>, Message<'LeaseKeepAliveResponse'>>;
interface Asked {
  readonly resolve: (ttl: number) => void;
  readonly reject: (why: Error) => void;
}

/** A stream that does not answer for this long is given up for another one. */
const ANSWER_MS = 3000;
const AGAIN_MS = 50;

export class KeepAlives {
  private stream: { readonly stream: Stream; readonly member: Member } | undefined;
  private opening: Promise<Stream> | undefined;
  private asked = new Map<bigint, Asked[]>();

  constructor(
    private readonly members: Members,
    private readonly env: Env,
    private readonly timeoutMs: number,
  ) {}

  /** Seconds to live; 0 where the lease is gone. Renewing twice does no harm: it is repeated until someone answers. */
  async renew(id: bigint): Promise<number> {
    const deadline = this.env.clock.now() + this.timeoutMs;
    for (;;) {
      try {
        return await this.ask(id, await this.open(deadline));
      } catch (e) {
        if (this.members.closed) throw new Error('the store is closed');
        if (this.env.clock.now() >= deadline) throw e;
        await sleep(this.env.clock, AGAIN_MS, this.members.closing);
      }
    }
  }

  close(): void {
    this.broken(new Error('the store is closed'));
  }

  private ask(id: bigint, stream: Stream): Promise<number> {
    return new Promise((resolve, reject) => {
      const timer = this.env.clock.after(ANSWER_MS, () => {
        if (this.stream?.stream === stream) this.broken(new Error('no answer to a keep-alive'));
        else reject(new Error('no answer to a keep-alive'));
      });
      const asked: Asked = {
        resolve: (ttl) => {
          timer.cancel();
          resolve(ttl);
        },
        reject: (why) => {
          timer.cancel();
          reject(why);
        },
      };
      const list = this.asked.get(id);
      if (list) list.push(asked);
      else this.asked.set(id, [asked]);
      stream.write({ id });
    });
  }

  private async open(deadline: number): Promise<Stream> {
    if (this.stream) return this.stream.stream;
    this.opening ??= this.connect(deadline).finally(() => (this.opening = undefined));
    return this.opening;
  }

  private async connect(deadline: number): Promise<Stream> {
    const member = await this.members.connected(deadline);
    if (!member) throw await this.members.unreachable();
    const metadata = await this.members.metadata(member);
    const stream = member.stream('/etcdserverpb.Lease/LeaseKeepAlive', 'LeaseKeepAliveRequest', 'LeaseKeepAliveResponse', metadata);
    this.stream = { stream, member };
    stream.on('data', (r: Message<'LeaseKeepAliveResponse'>) => {
      const list = this.asked.get(r.id);
      const asked = list?.shift();
      if (list?.length === 0) this.asked.delete(r.id);
      asked?.resolve(Math.max(r.ttl, 0));
    });
    const over = (why: Error) => {
      if (this.stream?.stream === stream) this.broken(why);
    };
    stream.on('error', (e: ServiceError) => over(new Error(e.details ?? e.message)));
    stream.on('end', () => over(new Error('the keep-alive stream ended')));
    return stream;
  }

  private broken(why: Error): void {
    const broken = this.stream;
    this.stream = undefined;
    const all = [...this.asked.values()].flat();
    this.asked = new Map();
    if (broken) {
      broken.stream.cancel();
      this.members.leave(broken.member);
    }
    for (const a of all) a.reject(why);
  }
}
