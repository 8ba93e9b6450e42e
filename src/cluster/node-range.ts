import { parseCidr, subnet } from '../util/cidr.js';

/** Bits of a node's part of the pod network. */
export const NODE_MASK = 24;

/** The part of the `index`-th node; undefined past the end of the network. */
export function nodeRange(podCidr: string, index: number): string | undefined {
  const range = parseCidr(podCidr);
  const bits = Math.max(range.bits, NODE_MASK);
  return index < 2 ** (bits - range.bits) ? subnet(range, bits, index) : undefined;
}
