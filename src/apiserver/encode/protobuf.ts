/** The binary form of objects (`application/vnd.kubernetes.protobuf`): an envelope around each message, as the Go clients send it. */
export const PROTOBUF = 'application/vnd.kubernetes.protobuf';

import { schemas } from '../../api/schemas.js';
import { badRequest } from '../../meta/errors.js';
import { decodeEnvelope, encodeEnvelope, ListEnvelope } from '../../meta/protobuf/envelope.js';

/** The object in an envelope, in its JSON form. */
export function decodeProtobuf(bytes: Uint8Array): unknown {
  try {
    return decodeEnvelope(schemas, bytes);
  } catch (e) {
    throw badRequest(`the object provided is unrecognized: ${(e as Error).message}`);
  }
}

/** Undefined where the kind has no protobuf form (custom resources). */
export const encodeProtobuf = (object: object): Uint8Array | undefined => encodeEnvelope(schemas, object);

/** The same for a list whose items come one after another. */
export const listEnvelope = (list: object): ListEnvelope | undefined =>
  ListEnvelope.of(schemas, list as { apiVersion: string; kind: string });
