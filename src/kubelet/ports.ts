/** A port as probes and hooks name it: a number, or the name of a container's port. Pure. */
import type { Container } from '../api/types/core/v1.js';

export function resolvePort(port: number | string | undefined, c: Container): number {
  let n = typeof port === 'number' ? port : Number.NaN;
  if (typeof port === 'string') {
    const named = c.ports?.find((p) => p.name === port);
    if (!named && !/^\d+$/.test(port))
      throw new Error(`couldn't find port: ${JSON.stringify(port)} in container ${JSON.stringify(c.name)}`);
    n = named ? named.containerPort : Number(port);
  }
  if (!(n > 0 && n < 65_536)) throw new Error(`invalid port number: ${port}`);
  return n;
}
