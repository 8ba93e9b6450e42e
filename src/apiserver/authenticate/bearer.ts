/** Bearer tokens of WebSockets, which cannot carry a header. */
import { unauthorized } from '../../meta/errors.js';
import { fromBase64 } from '../../util/bytes.js';
import { type ApiRequest, header } from '../request.js';

const PROTOCOL = 'base64url.bearer.authorization.k8s.io.';

/** Subprotocols of a WebSocket, without those that carry a token. */
export const withoutTokens = (protocols: string): string =>
  protocols
    .split(',')
    .map((p) => p.trim())
    .filter((p) => p && !p.startsWith(PROTOCOL))
    .join(', ');

/** Browsers cannot set headers on a WebSocket: the token comes as a subprotocol, beside another one that is answered. */
export function webSocketToken(request: ApiRequest): string | undefined {
  if ((header(request, 'upgrade') ?? '').toLowerCase() !== 'websocket') return undefined;
  const sent = [request.headers['sec-websocket-protocol'] ?? []].flat().join(',');
  const [encoded, second] = sent
    .split(',')
    .map((p) => p.trim())
    .filter((p) => p.startsWith(PROTOCOL));
  if (encoded === undefined) return undefined;
  const text = encoded.slice(PROTOCOL.length);
  if (second !== undefined || !/^[\w-]*$/.test(text)) throw unauthorized();
  let token: string;
  try {
    token = new TextDecoder('utf-8', { fatal: true }).decode(fromBase64(text.replace(/-/g, '+').replace(/_/g, '/')));
  } catch {
    throw unauthorized();
  }
  if (token && !withoutTokens(sent)) throw unauthorized();
  return token || undefined;
}
