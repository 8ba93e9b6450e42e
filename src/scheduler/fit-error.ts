/** Why a Pod fits on no node, as the event FailedScheduling tells it. */
import type { Verdict } from './framework.js';
import { NodeStatuses } from './node-statuses.js';

/** `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable. preemption: …` */
export class FitError {
  /** What postFilter plugins said. */
  postFilterMessages: readonly string[] = [];

  constructor(
    readonly statuses: NodeStatuses,
    /** The plugins that refused it somewhere. */
    readonly refused: readonly Verdict[],
    /** What preFilter said, where no node was looked at. */
    private readonly preFilterMessage?: string,
  ) {}

  /** Refused on the node that was chosen. */
  static on(node: string, verdict: Verdict): FitError {
    const statuses = new NodeStatuses(1);
    statuses.set(node, verdict);
    return new FitError(statuses, [verdict]);
  }

  get message(): string {
    const why =
      this.preFilterMessage ??
      [...this.statuses.reasons()]
        .map(([reason, nodes]) => `${nodes} ${reason}`)
        .sort()
        .join(', ');
    const after = this.postFilterMessages.join(', ');
    return [`0/${this.statuses.nodes} nodes are available: ${why}`, ...(after ? [after] : [])].map(sentence).join(' ');
  }
}

const sentence = (text: string): string => (text.endsWith('.') ? text : `${text}.`);
