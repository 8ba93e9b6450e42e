/**
 * The Huffman code of HPACK (RFC 7541, appendix B). The code is canonical, so the lengths of the codes say all:
 * one letter per symbol, 'a' for 5 bits to 'z' for 30; the last is the end of the string.
 */
const LENGTHS =
  'isxxxxxxxtzxxzxxxxxxxxzxxxxxxxxxbffhibdgffdgdbbbaaabbbbbbbcdkbhfibccccccccccccccccccccccdcdioijbkabababbbaccbbbabcbaabccccckgjixp' +
  'prprrrsrssssststtrstssssqrsrsstrqprrssqsrrtqrssqqrqsrssprrrsrrsvvporsruvvvwwvtuoqvwwvwtqqvvxwwwptpqrqqsrruuttvsvwvvwwwwwxwwwwwvz';
const SHORTEST = 'a'.charCodeAt(0) - 5;
const END_OF_STRING = 256;

/** A tree in an array: node n has its children at 2n and 2n+1; a negative child is a symbol (-1 - symbol), 0 is nothing. */
const tree: number[] = [0, 0];

(function build() {
  const bits = Array.from(LENGTHS, (c) => c.charCodeAt(0) - SHORTEST);
  const order = bits.map((_, symbol) => symbol).sort((a, b) => bits[a]! - bits[b]! || a - b);
  let code = 0;
  let length = 0;
  for (const symbol of order) {
    code *= 2 ** (bits[symbol]! - length);
    length = bits[symbol]!;
    let node = 0;
    for (let bit = length - 1; bit >= 0; bit--) {
      const at = node * 2 + (Math.floor(code / 2 ** bit) % 2);
      if (bit === 0) tree[at] = -1 - symbol;
      else if (!tree[at]) {
        tree[at] = tree.length / 2;
        tree.push(0, 0);
      }
      node = tree[at]!;
    }
    code++;
  }
})();

/** The text, one character per byte; undefined where the code or its padding is wrong. */
export function decodeHuffman(bytes: Uint8Array, from: number, to: number): string | undefined {
  let out = '';
  let node = 0;
  let since = 0;
  let ones = true;
  for (let i = from; i < to; i++) {
    const byte = bytes[i]!;
    for (let bit = 7; bit >= 0; bit--) {
      const b = (byte >> bit) & 1;
      since++;
      if (b === 0) ones = false;
      const next = tree[node * 2 + b]!;
      if (next > 0) {
        node = next;
        continue;
      }
      const symbol = -1 - next;
      if (next === 0 || symbol === END_OF_STRING) return undefined;
      out += String.fromCharCode(symbol);
      node = 0;
      since = 0;
      ones = true;
    }
  }
  return since < 8 && ones ? out : undefined;
}
