/** Node ports: one bit for each, in one key of the store that all API servers share. */
import type { Store } from '../../store/store.js';
import { base64, fromBase64, text, utf8 } from '../../util/bytes.js';
import type { Env } from '../../util/component.js';

const KEY = '/registry/ranges/servicenodeports';
const ATTEMPTS = 100;

export class PortTaken extends Error {
  constructor() {
    super('provided port is already allocated');
  }
}
export class PortNotInRange extends Error {
  constructor(range: string) {
    super(`provided port is not in the valid range. The range of valid ports is ${range}`);
  }
}
export class PortsExhausted extends Error {
  constructor() {
    super('range is full');
  }
}

export class PortAllocator {
  readonly first: number;
  readonly last: number;

  /** `range` as `30000-32767`. */
  constructor(
    readonly range: string,
    private readonly store: Store,
    private readonly env: Env,
  ) {
    const m = /^(\d+)-(\d+)$/.exec(range);
    if (!m || Number(m[1]) > Number(m[2])) throw new RangeError(`not a port range: "${range}" (write it like 30000-32767)`);
    this.first = Number(m[1]);
    this.last = Number(m[2]);
  }

  /** Takes the given ports, and one more for each 0 in the list; all or none. Throws PortTaken with the index. */
  async take(wanted: readonly number[], dryRun: boolean): Promise<number[]> {
    const inRange = (p: number) => p >= this.first && p <= this.last;
    // A dry run does not ask whether it could be had.
    if (!dryRun) for (const p of wanted) if (p && !inRange(p)) throw Object.assign(new PortNotInRange(this.range), { port: p });
    return this.change(dryRun, (bits) => {
      const given: number[] = [];
      for (const p of wanted)
        if (p && inRange(p)) this.set(bits, p, given);
        else if (p) given.push(p);
      for (const p of wanted) if (!p) this.set(bits, this.free(bits), given);
      const chosen = given.slice(wanted.filter(Boolean).length);
      return wanted.map((p) => p || chosen.shift()!);
    });
  }

  /** The key is there from the start, as clients of the store expect it. */
  async init(): Promise<void> {
    if (!(await this.store.range({ key: KEY, keysOnly: true })).count) await this.change(false, () => []);
  }

  async release(ports: readonly number[]): Promise<void> {
    if (!ports.length) return;
    await this.change(false, (bits) => {
      for (const p of ports) if (p >= this.first && p <= this.last) bits[(p - this.first) >> 3]! &= ~(1 << ((p - this.first) & 7));
      return [];
    });
  }

  private set(bits: Uint8Array, port: number, given: number[]): void {
    const i = port - this.first;
    if (bits[i >> 3]! & (1 << (i & 7))) throw Object.assign(new PortTaken(), { port });
    bits[i >> 3]! |= 1 << (i & 7);
    given.push(port);
  }

  private free(bits: Uint8Array): number {
    const span = this.last - this.first + 1;
    const start = Math.floor(this.env.random.float() * span);
    for (let n = 0; n < span; n++) {
      const i = (start + n) % span;
      if (!(bits[i >> 3]! & (1 << (i & 7)))) return this.first + i;
    }
    throw new PortsExhausted();
  }

  private async change(dryRun: boolean, edit: (bits: Uint8Array) => number[]): Promise<number[]> {
    for (let i = 0; i < ATTEMPTS; i++) {
      const kv = (await this.store.range({ key: KEY })).kvs[0];
      const bits = new Uint8Array(Math.ceil((this.last - this.first + 1) / 8));
      const stored = kv && (JSON.parse(text(kv.value)) as { range: string; data?: string });
      if (stored?.range === this.range && stored.data) bits.set(fromBase64(stored.data).subarray(0, bits.length));
      const result = edit(bits);
      if (dryRun) return result;
      const value = utf8(
        JSON.stringify({ kind: 'RangeAllocation', apiVersion: 'v1', metadata: {}, range: this.range, data: base64(bits) }),
      );
      const done = await this.store.txn({
        compare: [{ key: KEY, target: 'mod', result: '=', value: kv?.modRevision ?? 0 }],
        success: [{ put: { key: KEY, value } }],
        failure: [],
      });
      if (done.succeeded) return result;
    }
    throw new Error('node ports could not be taken: the allocation changed all the time');
  }
}
