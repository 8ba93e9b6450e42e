/** A Deployment in a world of chance: sets that follow late, pods that come, fail and go, people who edit. Seeded: a failure names its seed. */
import { describe, expect, it } from 'vitest';
import type { Deployment, ReplicaSet } from '../../api/types/apps/v1.js';
import { seededRandom } from '../../util/random.js';
import { plan } from './plan.js';
import { limits, sizeOf, split, sum, total } from './replica-sets.js';

const SEEDS = 3000;
const STEPS = 40;
const ROUNDS = 200;

interface Pods {
  available: number;
  other: number;
}

class World {
  now = Date.UTC(2026, 0, 1);
  d: Deployment;
  sets: ReplicaSet[] = [];
  /** What is really there: the status of a set tells of it later. */
  readonly pods = new Map<string, Pods>();
  private readonly random;
  private born = 0;

  constructor(seed: number) {
    this.random = seededRandom(seed);
    this.d = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'ns', uid: 'd', generation: 1 },
      spec: {
        replicas: this.upTo(12),
        selector: { matchLabels: { app: 'web' } },
        template: this.template(),
        strategy: this.strategy(),
        progressDeadlineSeconds: 600,
        revisionHistoryLimit: this.upTo(3),
      },
      status: {},
    } as unknown as Deployment;
  }

  upTo(n: number): number {
    return Math.floor(this.random.float() * (n + 1));
  }
  private one<T>(list: readonly T[]): T | undefined {
    return list[this.upTo(list.length - 1)];
  }
  private template() {
    return { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: `v${this.upTo(4)}` }] } };
  }
  private strategy() {
    const count = () => (this.upTo(1) ? this.upTo(5) : `${this.upTo(4) * 25}%`);
    if (this.upTo(5) === 0) return { type: 'Recreate' };
    return { type: 'RollingUpdate', rollingUpdate: { maxSurge: count(), maxUnavailable: count() } };
  }

  podsOf = (rs: ReplicaSet): Pods => {
    let p = this.pods.get(rs.metadata.name);
    if (!p) this.pods.set(rs.metadata.name, (p = { available: 0, other: 0 }));
    return p;
  };

  /** Available pods, as far as they were told of, that are left when every set has what its spec says: those that are not go first. */
  secure(): number {
    return this.sets.reduce((n, rs) => n + Math.min(this.podsOf(rs).available, rs.status.availableReplicas ?? 0, sizeOf(rs)), 0);
  }

  /** One round; what is wrong with it, or whether it wrote anything. */
  round(): { wrote: boolean; resized: boolean } {
    const before = { total: total(this.sets), secure: this.secure(), status: JSON.stringify(this.d.status) };
    const { current, old } = split(this.d, this.sets);
    const leftOfOld = old.reduce((n, rs) => n + this.podsOf(rs).available + this.podsOf(rs).other, 0);
    const p = plan(this.d, {
      sets: this.sets,
      podsLeft: (rs) => this.podsOf(rs).available + this.podsOf(rs).other,
      now: this.now,
    });
    const told = (rs: ReplicaSet) => rs.metadata.annotations?.['deployment.kubernetes.io/desired-replicas'];
    const resized =
      Boolean(this.d.spec.paused) || this.sets.some((rs) => sizeOf(rs) > 0 && Number(told(rs) ?? NaN) !== this.d.spec.replicas);
    const names = this.sets.map((rs) => rs.metadata.name);
    this.sets = this.sets.filter((rs) => !p.remove.includes(rs)).map((rs) => this.written(rs, p.changes.find((x) => x.set === rs)?.next));
    if (p.create) {
      const made = p.create.set as unknown as ReplicaSet;
      if (names.includes(made.metadata.name)) throw new Error('made a set that is there');
      const metadata = {
        ...made.metadata,
        generation: 1,
        uid: made.metadata.name,
        creationTimestamp: new Date(this.now + this.born++).toISOString(),
      };
      this.sets = [...this.sets, { ...made, metadata, status: {} } as ReplicaSet];
    }
    if (p.changes.some((x) => sizeOf(x.next) < 0)) throw new Error('a size below zero');
    for (const rs of p.remove) if (sizeOf(rs) > 0 || this.podsOf(rs).available) throw new Error('removed a set that has pods');
    const { surge, unavailable } = limits(this.d);
    const wanted = this.d.spec.replicas ?? 1;
    const after = total(this.sets);
    if (after > Math.max(before.total, wanted + surge)) throw new Error(`${after} pods wanted of ${wanted}+${surge}, were ${before.total}`);
    if (this.d.spec.strategy.type === 'RollingUpdate' && !resized) {
      const least = Math.min(before.secure, wanted - unavailable);
      if (this.secure() < least) throw new Error(`${this.secure()} available of ${wanted}-${unavailable}, were ${before.secure}`);
    }
    const grown = sizeOf(split(this.d, this.sets).current ?? ({ spec: { replicas: 0 } } as ReplicaSet)) > (current ? sizeOf(current) : 0);
    if (this.d.spec.strategy.type === 'Recreate' && !resized && grown && leftOfOld)
      throw new Error('new pods before the old ones are gone');
    this.addsUp(p.status, current, old);
    const metadata = p.revision
      ? { ...this.d.metadata, annotations: { ...this.d.metadata.annotations, 'deployment.kubernetes.io/revision': p.revision } }
      : this.d.metadata;
    this.d = { ...this.d, metadata, status: p.status };
    const wrote = Boolean(p.create || p.changes.length || p.remove.length || p.revision || JSON.stringify(p.status) !== before.status);
    return { wrote, resized };
  }

  /** As the API server stores it: another spec is another generation. */
  private written(set: ReplicaSet, next: ReplicaSet | undefined): ReplicaSet {
    if (!next || JSON.stringify(next.spec) === JSON.stringify(set.spec)) return next ?? set;
    return { ...next, metadata: { ...next.metadata, generation: set.metadata.generation! + 1 } };
  }

  private addsUp(s: Deployment['status'], current: ReplicaSet | undefined, old: readonly ReplicaSet[]): void {
    const all = current ? [...old, current] : old;
    if (s.replicas !== sum(all, 'replicas') || s.availableReplicas !== sum(all, 'availableReplicas')) throw new Error('sums are wrong');
    if ((s.updatedReplicas ?? 0) > (s.replicas ?? 0) || (s.unavailableReplicas ?? 0) < 0) throw new Error('more new pods than pods');
  }

  /** A set's controller makes it what its spec says. */
  follow(rs: ReplicaSet): void {
    const p = this.podsOf(rs);
    const extra = p.available + p.other - sizeOf(rs);
    const others = Math.min(p.other, Math.max(extra, 0));
    p.other += extra < 0 ? -extra : -others;
    p.available -= Math.max(extra, 0) - others;
  }

  report(rs: ReplicaSet): void {
    const p = this.podsOf(rs);
    const n = p.available + p.other;
    const status = { replicas: n, readyReplicas: p.available, availableReplicas: p.available, observedGeneration: rs.metadata.generation };
    this.sets = this.sets.map((x) => (x === rs ? { ...x, status } : x));
  }

  /** A step of somebody, at random. */
  chance(): void {
    this.now += this.upTo(30) * 1000;
    const rs = this.one(this.sets);
    const spec = (change: object) => {
      this.d = {
        ...this.d,
        metadata: { ...this.d.metadata, generation: this.d.metadata.generation! + 1 },
        spec: { ...this.d.spec, ...change },
      } as Deployment;
    };
    const p = rs && this.podsOf(rs);
    const what = this.upTo(16);
    if (what < 5) this.round();
    else if (what < 7 && rs) this.follow(rs);
    else if (what < 10 && p?.other) [p.available, p.other] = [p.available + 1, p.other - 1];
    else if (what < 11 && p?.available) {
      // Known at once: what fails unseen is nobody's doing.
      [p.available, p.other] = [p.available - 1, p.other + 1];
      this.report(rs!);
    } else if (what < 13 && rs) this.report(rs);
    else if (what === 13) spec({ template: this.template() });
    else if (what === 14) spec({ replicas: this.upTo(15) });
    else if (what === 15) spec({ strategy: this.strategy() });
    else if (what === 16) spec({ paused: !this.d.spec.paused });
  }

  /** Everybody does his part until nobody has one; undefined: that never comes. */
  settle(): number | undefined {
    if (this.d.spec.paused) this.d = { ...this.d, spec: { ...this.d.spec, paused: false } };
    for (let round = 1; round <= ROUNDS; round++) {
      for (const rs of this.sets) this.follow(rs);
      for (const rs of this.sets) {
        const p = this.podsOf(rs);
        [p.available, p.other] = [p.available + p.other, 0];
      }
      for (const rs of this.sets) this.report(rs);
      if (!this.round().wrote) return round;
      this.now += 1000;
    }
    return undefined;
  }
}

describe('whatever happens to a Deployment', () => {
  it(`its pods are never too many nor, by its own doing, too few; and it comes to rest (${SEEDS} seeds)`, { timeout: 120_000 }, () => {
    let longest = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const w = new World(seed);
      try {
        for (let i = 0; i < STEPS; i++) w.chance();
        const rounds = w.settle();
        if (rounds === undefined) throw new Error('it never comes to rest');
        longest = Math.max(longest, rounds);
        const { current, old } = split(w.d, w.sets);
        if (!current || sizeOf(current) !== w.d.spec.replicas || total(old)) throw new Error('at rest, but not where it should be');
        const done = w.d.status.conditions?.find((c) => c.type === 'Progressing')?.reason;
        if (done !== 'NewReplicaSetAvailable') throw new Error(`at rest, and ${done}`);
      } catch (e) {
        throw new Error(`seed ${seed}: ${(e as Error).message}`, { cause: e });
      }
    }
    expect(longest).toBeLessThan(ROUNDS);
  });
});
