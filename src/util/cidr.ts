/** IPv4 and IPv6 ranges as numbers. */
import ipaddr from 'ipaddr.js';

export interface Cidr {
  readonly family: 4 | 6;
  /** The network address. */
  readonly base: bigint;
  readonly bits: number;
  /** How many addresses there are in it. */
  readonly size: bigint;
}

/** Throws a RangeError that shows the text. */
export function parseCidr(text: string): Cidr {
  try {
    const [address, bits] = ipaddr.parseCIDR(text);
    const family = address.kind() === 'ipv4' ? 4 : 6;
    const width = family === 4 ? 32 : 128;
    const size = 1n << BigInt(width - bits);
    return { family, bits, size, base: (toNumber(address) / size) * size };
  } catch {
    throw new RangeError(`not an address range: "${text}" (write it like 10.96.0.0/12)`);
  }
}

const toNumber = (address: ipaddr.IPv4 | ipaddr.IPv6): bigint => address.toByteArray().reduce((n, b) => (n << 8n) | BigInt(b), 0n);

export const parseIp = (text: string): bigint => toNumber(ipaddr.parse(text));

export function formatIp(value: bigint, family: 4 | 6): string {
  const bytes: number[] = [];
  for (let i = family === 4 ? 24n : 120n; i >= 0n; i -= 8n) bytes.push(Number((value >> i) & 255n));
  return ipaddr.fromByteArray(bytes).toString();
}

/** The n-th address of a range; 1 is the first after the network address. */
export const nth = (c: Cidr, n: number | bigint): string => formatIp(c.base + BigInt(n), c.family);

export const contains = (c: Cidr, ip: string): boolean => {
  if (!ipaddr.isValid(ip) || (ip.includes(':') ? 6 : 4) !== c.family) return false;
  const value = parseIp(ip);
  return value >= c.base && value < c.base + c.size;
};

/** The i-th subnet of `bits` in a range. */
export const subnet = (c: Cidr, bits: number, index: number): string => {
  const size = 1n << BigInt((c.family === 4 ? 32 : 128) - bits);
  return `${formatIp(c.base + size * BigInt(index), c.family)}/${bits}`;
};
