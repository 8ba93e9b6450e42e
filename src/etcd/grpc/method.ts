import { decode, encodeFramed } from '../../store/proto/codec.js';
import type { Draft, Message, MessageName } from '../../store/proto/message.js';
import { yieldTurn } from '../../util/turn.js';
import type { Call, Caller, CallSignal, Method } from './router.js';
import { Code, GrpcError } from './status.js';

/** A unary method: reads one message, answers one. */
export function unary<In extends MessageName, Out extends MessageName>(
  input: In,
  output: Out,
  handle: (request: Message<In>, signal: CallSignal) => Promise<Draft<Out>>,
): Method {
  return {
    kind: 'unary',
    read: (bytes) => {
      const request = decode(input, bytes);
      return async (signal) => encodeFramed(output, await handle(request, signal));
    },
  };
}

/** Bytes that may wait for the peer on one answering stream. */
const MAX_WAITING = 512 * 1024;

export interface ServerStreamSignal extends Caller {
  /** The peer went away: nothing more is wanted. */
  readonly lost: boolean;
}

/** Sends one message; resolves when there is room for the next one. */
export type Send<Out extends MessageName> = (draft: Draft<Out>) => Promise<void>;

export const moreThanOneMessage = () => new GrpcError(Code.internal, 'grpc: a call of this method needs one message, got more');

/** A method that reads one message and answers with many, no faster than the peer takes them. */
export function serverStream<In extends MessageName, Out extends MessageName>(
  input: In,
  output: Out,
  handle: (request: Message<In>, send: Send<Out>, signal: ServerStreamSignal) => Promise<void>,
): Method {
  return {
    kind: 'stream',
    open: (call) => {
      const answer = new Answer(call);
      let request: Message<In> | undefined;
      return {
        message: (bytes) => {
          if (request) throw moreThanOneMessage();
          request = decode(input, bytes);
        },
        end: () => {
          if (answer.lost) return;
          if (!request) call.end(new GrpcError(Code.internal, 'grpc: a call of this method needs one message, got 0'));
          else {
            handle(request, (draft) => answer.send(encodeFramed(output, draft)), answer).then(
              () => call.end(),
              (e: unknown) => call.end(e),
            );
          }
        },
        gone: () => answer.gone(),
      };
    },
  };
}

class Answer implements ServerStreamSignal {
  lost = false;
  readonly token: string | undefined;
  readonly commonName: string | undefined;
  private resume: (() => void) | undefined;

  constructor(private readonly call: Call) {
    ({ token: this.token, commonName: this.commonName } = call);
    call.onDrained(() => this.go());
  }

  async send(framed: Uint8Array): Promise<void> {
    this.call.send(framed);
    if (this.lost || this.call.buffered < MAX_WAITING) return yieldTurn();
    await new Promise<void>((resolve) => {
      this.resume = resolve;
    });
  }

  gone(): void {
    this.lost = true;
    this.go();
  }

  private go(): void {
    this.resume?.();
    this.resume = undefined;
  }
}

/** `/package.Service/Name` for each of `methods`. */
export const service = (name: string, methods: Record<string, Method>): [string, Method][] =>
  Object.entries(methods).map(([method, m]) => [`/${name}/${method}`, m]);
