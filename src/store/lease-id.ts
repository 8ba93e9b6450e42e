import type { Random } from '../util/random.js';

/** etcd's greatest lease id. */
const BITS = 63n;

/** An id for a lease whose owner leaves it to the store. `taken`: whether there is such a lease. */
export function chooseLeaseId(random: Random, taken: (id: bigint) => boolean = () => false): bigint {
  for (;;) {
    let id = 0n;
    for (const b of random.bytes(8)) id = (id << 8n) | BigInt(b);
    id &= (1n << BITS) - 1n;
    if (id !== 0n && !taken(id)) return id;
  }
}
