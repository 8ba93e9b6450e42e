/** Priority: a Pod's number from the name of its class. Source: https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/ */
import { SYSTEM_PRIORITIES } from '../../api/scheduling/priority-class.js';
import type { Pod, PodSpec } from '../../api/types/core/v1.js';
import type { PriorityClass } from '../../api/types/scheduling/v1.js';
import type { AdmissionPlugin } from './chain.js';
import type { Lookup } from './lookup.js';
import { isPod, refusal } from './refusal.js';

const GROUP = 'scheduling.k8s.io';

export const priority = (lookup: Lookup): AdmissionPlugin => ({
  name: 'Priority',
  admit(a) {
    if (!isPod(a.definition) || a.subresource) return;
    if (a.operation === 'UPDATE') return keep(a.object as unknown as Pod, a.oldObject as unknown as Pod);
    if (a.operation !== 'CREATE') return;
    const spec = (a.object as unknown as { spec: PodSpec }).spec;
    const refuse = (why: string) => refusal(a, why);
    let value = 0;
    let policy: 'Never' | 'PreemptLowerPriority' = 'PreemptLowerPriority';
    const classes = lookup.list<PriorityClass>('scheduling.k8s.io', 'v1', 'priorityclasses');
    const chosen = spec.priorityClassName ? classes.find((c) => c.metadata.name === spec.priorityClassName) : lowestDefault(classes);
    if (spec.priorityClassName && !chosen) throw refuse(`no PriorityClass with name ${spec.priorityClassName} was found`);
    if (chosen) {
      spec.priorityClassName = chosen.metadata.name;
      value = chosen.value;
      policy = chosen.preemptionPolicy ?? policy;
    }
    if (spec.priority !== undefined && spec.priority !== value)
      throw refuse(
        `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`,
      );
    if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== policy)
      throw refuse(
        `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`,
      );
    spec.priority = value;
    spec.preemptionPolicy = policy;
  },
  validate(a) {
    if (a.definition.group !== GROUP || a.definition.plural !== 'priorityclasses') return;
    if (a.operation !== 'CREATE' && a.operation !== 'UPDATE') return;
    const mine = a.object as unknown as PriorityClass;
    if (!mine.globalDefault) return;
    const other = lookup
      .list<PriorityClass>('scheduling.k8s.io', 'v1', 'priorityclasses')
      .find((c) => c.globalDefault && c.metadata.name !== mine.metadata.name);
    if (other) throw refusal(a, `PriorityClass ${other.metadata.name} is already marked as default. Only one default can exist`);
  },
});

/** What was worked out when the Pod was made stays where an update does not name it. Mutates `pod`. */
function keep(pod: Pod, old: Pod): void {
  pod.spec.priority ??= old.spec.priority;
  pod.spec.preemptionPolicy ??= old.spec.preemptionPolicy;
}

/** The classes of the system itself stay, whichever plugins are on. */
export const systemPriorityClasses: AdmissionPlugin = {
  name: 'SystemPriorityClasses',
  validate(a) {
    if (
      a.definition.group === GROUP &&
      a.definition.plural === 'priorityclasses' &&
      a.operation === 'DELETE' &&
      Object.hasOwn(SYSTEM_PRIORITIES, a.name)
    )
      throw refusal(a, 'this is a system priority class and cannot be deleted');
  },
};

const lowestDefault = (classes: readonly PriorityClass[]): PriorityClass | undefined =>
  classes.filter((c) => c.globalDefault).sort((a, b) => a.value - b.value)[0];
