import { decode, encodeFramed } from '../../store/proto/codec.js';
import type { Draft, Message, MessageName } from '../../store/proto/message.js';
import type { CallSignal, Method } from './router.js';
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

/** A method that is known and not offered: the text says why and what to do instead. */
export const refused = (text: string, code: number = Code.unimplemented): Method => ({
  kind: 'unary',
  read: () => async () => {
    throw new GrpcError(code, text);
  },
});

/** `/package.Service/Name` for each of `methods`. */
export const service = (name: string, methods: Record<string, Method>): [string, Method][] =>
  Object.entries(methods).map(([method, m]) => [`/${name}/${method}`, m]);
