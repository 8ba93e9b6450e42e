/** Randomness, handed in: a seeded source makes a whole cluster repeatable. */
export interface Random {
  /** A number in [0, 1). */
  float(): number;
  /** `n` random bytes. */
  bytes(n: number): Uint8Array;
}

/** Bytes drawn ahead: asking the system for each name costs ten times as much. Each is handed out once and forgotten. */
const pool = new Uint8Array(4096);
let used = pool.length;

export const realRandom: Random = {
  float: () => Math.random(),
  bytes: (n) => {
    if (n > pool.length) return crypto.getRandomValues(new Uint8Array(n));
    if (used + n > pool.length) {
      crypto.getRandomValues(pool);
      used = 0;
    }
    const out = pool.slice(used, used + n);
    pool.fill(0, used, used + n);
    used += n;
    return out;
  },
};

/** Mulberry32: small, fast, the same numbers for the same seed. Not for secrets. */
export function seededRandom(seed: number): Random {
  let a = seed >>> 0;
  const float = () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return { float, bytes: (n) => Uint8Array.from({ length: n }, () => Math.floor(float() * 256)) };
}

const HEX = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'));

/** A version 4 UUID. */
export function uuid(random: Random): string {
  const b = random.bytes(16);
  b[6] = (b[6]! & 0x0f) | 0x40;
  b[8] = (b[8]! & 0x3f) | 0x80;
  let out = '';
  for (let i = 0; i < 16; i++) out += (i === 4 || i === 6 || i === 8 || i === 10 ? '-' : '') + HEX[b[i]!];
  return out;
}

/** Letters and digits that make no words: the alphabet of generated names. */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** A random suffix as in `web-6d4cf56db6-x8k2p`. */
export function suffix(random: Random, length = 5): string {
  let out = '';
  for (let i = 0; i < length; i++) out += ALPHABET[Math.floor(random.float() * ALPHABET.length)];
  return out;
}
