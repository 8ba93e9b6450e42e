import { parseCidr, subnet } from '../util/cidr.js';

/** Bits of a node's part of the pod network. */
export const NODE_MASK = 24;

/** Ranges of Pods where none is chosen: the second where the first has no part for every node. */
const USUAL = '10.244.0.0/16';
const LARGE = '10.128.0.0/10';

export const defaultPodCidr = (nodes: number): string => (nodes <= 256 ? USUAL : LARGE);

/** The part of the `index`-th node; undefined past the end of the network. */
export function nodeRange(podCidr: string, index: number): string | undefined {
  const range = parseCidr(podCidr);
  const bits = Math.max(range.bits, NODE_MASK);
  return index < 2 ** (bits - range.bits) ? subnet(range, bits, index) : undefined;
}
