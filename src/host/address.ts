/** The address this machine is reached at: the first one that is not loopback. */
import os from 'node:os';

export function primaryAddress(): string {
  for (const list of Object.values(os.networkInterfaces())) {
    for (const a of list ?? []) if (a.family === 'IPv4' && !a.internal) return a.address;
  }
  return '127.0.0.1';
}

/** The same, and an address for documentation where the machine has none: endpoints may not be loopback. */
export const routableAddress = (): string => {
  const found = primaryAddress();
  return found.startsWith('127.') ? '192.0.2.1' : found;
};

/** All that packets for this machine itself are sent to. */
export const ownAddresses = (): ReadonlySet<string> =>
  new Set(Object.values(os.networkInterfaces()).flatMap((list) => (list ?? []).map((a) => a.address)));
