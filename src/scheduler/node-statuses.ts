/** Which nodes were refused, and why. */
import type { Code, Verdict } from './framework.js';

export class NodeStatuses {
  private readonly byNode = new Map<string, Verdict>();

  /** `nodes`: how many there are; `absent`: why those that are not named here were not looked at, once it is known. */
  constructor(
    readonly nodes: number,
    public absent?: Verdict,
  ) {}

  get size(): number {
    return this.byNode.size;
  }

  set(node: string, verdict: Verdict): void {
    this.byNode.set(node, verdict);
  }

  get(node: string): Verdict | undefined {
    return this.byNode.get(node) ?? this.absent;
  }

  /** Names of nodes that were looked at and refused with this code. */
  withCode(code: Code): string[] {
    return [...this.byNode].filter(([, v]) => v.status.code === code).map(([name]) => name);
  }

  /** How many nodes were refused for each reason. */
  reasons(): Map<string, number> {
    const counts = new Map<string, number>();
    const count = (v: Verdict, nodes: number) => {
      for (const r of v.status.reasons) counts.set(r, (counts.get(r) ?? 0) + nodes);
    };
    for (const v of this.byNode.values()) count(v, 1);
    if (this.absent && this.nodes > this.size) count(this.absent, this.nodes - this.size);
    return counts;
  }
}
