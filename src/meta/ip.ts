/** Addresses and ranges as they stand in objects: strict (RFC 5952, no leading zeros) where the API asks for it. */
import ipaddr from 'ipaddr.js';
import type { Messages } from './names.js';

const BAD_IP = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
const BAD_CIDR = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
const LEADING_ZEROS = /(^|[.:])0\d+\./;
const ANY_V4 = /^\d{1,}(\.\d{1,}){3}$/;

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Reads also `010.0.0.1` (decimal), as old clients write it; undefined where it is no address. */
export function readIp(text: string): Address | undefined {
  if (ANY_V4.test(text)) {
    const parts = text.split('.').map(Number);
    return parts.every((p) => p <= 255) ? new ipaddr.IPv4(parts) : undefined;
  }
  if (!text.includes(':') || text.includes('%')) return undefined;
  return ipaddr.IPv6.isValid(text) ? ipaddr.IPv6.parse(text) : undefined;
}

const mapped = (a: Address): boolean => a.kind() === 'ipv6' && (a as ipaddr.IPv6).isIPv4MappedAddress();

/** IPv4 or IPv6; a mapped address counts as IPv4, as in Go. */
export function familyOf(text: string): 'IPv4' | 'IPv6' | undefined {
  const a = readIp(text);
  return a && (a.kind() === 'ipv4' || mapped(a) ? 'IPv4' : 'IPv6');
}

/** The canonical text of an address. */
export function canonicalIp(text: string): string | undefined {
  const a = readIp(text);
  if (!a) return undefined;
  return mapped(a)
    ? (a as ipaddr.IPv6).toIPv4Address().toString()
    : a.kind() === 'ipv6'
      ? (a as ipaddr.IPv6).toRFC5952String()
      : a.toString();
}

/** An address in a field that has always existed: no leading zeros, no IPv4 in IPv6 clothes. */
export function ipAddress(text: string): Messages {
  const a = readIp(text);
  if (!a) return [BAD_IP];
  if (LEADING_ZEROS.test(`${text}.`) && text.includes('.')) return ['must not have leading 0s'];
  return mapped(a) ? ['must not be an IPv4-mapped IPv6 address'] : [];
}

/** An address in a newer field: in canonical form, too. */
export function strictIp(text: string): Messages {
  const wrong = ipAddress(text);
  if (wrong.length) return wrong;
  const canonical = canonicalIp(text)!;
  return canonical === text ? [] : [`must be in canonical form (${JSON.stringify(canonical)})`];
}

interface Range {
  readonly address: Address;
  readonly bits: number;
}

export function readCidr(text: string): Range | undefined {
  const slash = text.indexOf('/');
  const bitsText = text.slice(slash + 1);
  if (slash < 0 || !/^\d+$/.test(bitsText)) return undefined;
  const address = readIp(text.slice(0, slash));
  const bits = Number(bitsText);
  return address && bits <= (address.kind() === 'ipv4' ? 32 : 128) ? { address, bits } : undefined;
}

/** The range's first address. */
function network({ address, bits }: Range): Address {
  const bytes = address.toByteArray().map((b, i) => {
    const kept = Math.min(Math.max(bits - i * 8, 0), 8);
    return b & (0xff << (8 - kept)) & 0xff;
  });
  return ipaddr.fromByteArray(bytes);
}

const text = (a: Address): string => (a.kind() === 'ipv6' ? (a as ipaddr.IPv6).toRFC5952String() : a.toString());

export function cidr(value: string): Messages {
  const range = readCidr(value);
  if (!range) return [BAD_CIDR];
  if ((LEADING_ZEROS.test(`${value.split('/')[0]}.`) && value.includes('.')) || /\/0\d/.test(value))
    return ['must not have leading 0s in IP or prefix length'];
  if (mapped(range.address)) return ['must not have an IPv4-mapped IPv6 address'];
  return text(network(range)) === text(range.address) ? [] : ['must not have bits set beyond the prefix length'];
}

export function strictCidr(value: string): Messages {
  const wrong = cidr(value);
  if (wrong.length) return wrong;
  const range = readCidr(value)!;
  const canonical = `${text(range.address)}/${range.bits}`;
  return canonical === value ? [] : [`must be in canonical form (${JSON.stringify(canonical)})`];
}

/** Whether a range lies strictly inside another of its family. */
export function isStrictlyWithin(inner: string, outer: string): boolean {
  const a = readCidr(inner);
  const b = readCidr(outer);
  if (!a || !b || a.address.kind() !== b.address.kind()) return false;
  return a.bits > b.bits && text(network({ address: a.address, bits: b.bits })) === text(network(b));
}

/** What kind of address it is, for fields that forbid some. */
export function specialIp(value: string, allowLoopback = false): Messages {
  const a = readIp(value);
  if (!a) return [];
  const v6 = a.kind() === 'ipv6';
  const range = a.range();
  const out: string[] = [];
  if (range === 'unspecified' && (v6 || value === '0.0.0.0')) out.push(`may not be unspecified (${JSON.stringify(value)})`);
  if (range === 'loopback' && !allowLoopback) out.push('may not be in the loopback range (127.0.0.0/8, ::1/128)');
  if (range === 'linkLocal') out.push('may not be in the link-local range (169.254.0.0/16, fe80::/10)');
  if (range === 'multicast' && isLinkLocalMulticast(a)) out.push('may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)');
  return out;
}

/** An address of somebody's own, as Go's IsGlobalUnicast: not loopback, link-local, multicast, broadcast or unspecified. */
export function isGlobalUnicast(value: string): boolean {
  const a = readIp(value);
  if (!a) return false;
  const own = mapped(a) ? (a as ipaddr.IPv6).toIPv4Address() : a;
  return !['unspecified', 'loopback', 'linkLocal', 'multicast', 'broadcast'].includes(own.range()) && own.toString() !== '0.0.0.0';
}

function isLinkLocalMulticast(a: Address): boolean {
  const b = a.toByteArray();
  return a.kind() === 'ipv4' ? b[0] === 224 && b[1] === 0 && b[2] === 0 : b[0] === 0xff && (b[1]! & 0x0f) === 0x02;
}
