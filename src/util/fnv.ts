/** The FNV-1a hash. Source: http://www.isthe.com/chongo/tech/comp/fnv/ */
const FNV_PRIME = 0x0000000001000000000000000000013bn;
const FNV_BASIS = 0x6c62272e07bb014262b821756295c58dn;

/** Of 128 bits, in 32 hex digits. */
export function fnv128(text: string): string {
  let hash = FNV_BASIS;
  for (const byte of new TextEncoder().encode(text)) hash = BigInt.asUintN(128, (hash ^ BigInt(byte)) * FNV_PRIME);
  return hash.toString(16).padStart(32, '0');
}
