/**
 * The token of an Authorization header, as Go's servers read it: its second word, whatever follows. undefined: the header is of another kind, or
 * gives no token: whoever sent it gave no bearer token at all.
 */
export function bearerToken(authorization: string): string | undefined {
  const [scheme = '', token] = authorization.trim().split(' ', 3);
  return scheme.toLowerCase() === 'bearer' && token ? token : undefined;
}
