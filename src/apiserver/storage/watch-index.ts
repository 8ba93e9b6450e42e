/**
 * The watches of one resource, found by what they select: by a field's one value, by namespace, or all. Watches that select alike are a group, which
 * is asked once. So an event costs what its listeners cost, however many others there are.
 */
import type { Entry } from './entry.js';
import type { Change } from './history.js';
import type { Selection } from './selection.js';
import type { EntryEvent, ResourceWatch } from './watch.js';

class Group {
  readonly members = new Set<ResourceWatch>();
  constructor(
    readonly selection: Selection,
    readonly home: Set<Group>,
  ) {}
}

/** Groups by the value of one field. */
interface Pinned {
  readonly of: (entry: Entry) => string;
  readonly byValue: Map<string, Set<Group>>;
}

export class WatchIndex {
  private readonly groups = new Map<string | ResourceWatch, Group>();
  private readonly groupOf = new Map<ResourceWatch, Group>();
  private readonly everywhere = new Set<Group>();
  private readonly byNamespace = new Map<string, Set<Group>>();
  private readonly byField = new Map<string, Pinned>();

  get size(): number {
    return this.groupOf.size;
  }

  add(watch: ResourceWatch, selection: Selection): void {
    const id = selection.text === undefined ? watch : `${selection.namespace}\n${selection.text}`;
    let group = this.groups.get(id);
    if (!group) {
      group = new Group(selection, this.home(selection));
      group.home.add(group);
      this.groups.set(id, group);
    }
    group.members.add(watch);
    this.groupOf.set(watch, group);
  }

  remove(watch: ResourceWatch): void {
    const group = this.groupOf.get(watch);
    if (!group) return;
    this.groupOf.delete(watch);
    group.members.delete(watch);
    if (group.members.size) return;
    const { selection, home } = group;
    this.groups.delete(selection.text === undefined ? watch : `${selection.namespace}\n${selection.text}`);
    home.delete(group);
    if (home.size || home === this.everywhere) return;
    if (!selection.pin) this.byNamespace.delete(selection.namespace);
    else {
      const { field, value } = selection.pin;
      const pinned = this.byField.get(field);
      pinned?.byValue.delete(value);
      if (!pinned?.byValue.size) this.byField.delete(field);
    }
  }

  /** Tells everyone who selects it. */
  deliver(change: Change): void {
    const { entry } = change.event;
    this.tell(this.everywhere, change);
    this.tell(this.byNamespace.get(entry.namespace), change);
    for (const { of, byValue } of this.byField.values()) {
      const now = of(entry);
      this.tell(byValue.get(now), change);
      // Who chose it by the value that it had is told that it is gone.
      if (!change.previous) continue;
      const before = of(change.previous);
      if (before !== now) this.tell(byValue.get(before), change);
    }
  }

  all(): ResourceWatch[] {
    return [...this.groupOf.keys()];
  }

  private tell(groups: ReadonlySet<Group> | undefined, change: Change): void {
    if (!groups) return;
    for (const { selection, members } of groups) {
      const event = seenBy(selection, change);
      if (event) for (const watch of members) watch.push(event);
    }
  }

  private home({ namespace, pin }: Selection): Set<Group> {
    if (pin) {
      let pinned = this.byField.get(pin.field);
      if (!pinned) this.byField.set(pin.field, (pinned = { of: pin.of, byValue: new Map() }));
      return setIn(pinned.byValue, pin.value);
    }
    return namespace ? setIn(this.byNamespace, namespace) : this.everywhere;
  }
}

function setIn<K, V>(map: Map<K, Set<V>>, key: K): Set<V> {
  let set = map.get(key);
  if (!set) map.set(key, (set = new Set()));
  return set;
}

/** A change as those see it who selected so: an object that begins to match is ADDED, one that stops matching DELETED. Undefined: not at all. */
export function seenBy({ namespace, matches }: Selection, change: Change): EntryEvent | undefined {
  const { event, previous } = change;
  if (namespace && event.entry.namespace !== namespace) return undefined;
  if (!matches) return event;
  if (event.type === 'DELETED') return matches(event.entry.object) ? event : undefined;
  const is = matches(event.entry.object);
  const was = previous !== undefined && matches(previous.object);
  if (is && was) return event.type === 'MODIFIED' ? event : { ...event, type: 'MODIFIED' };
  if (is) return event.type === 'ADDED' ? event : { ...event, type: 'ADDED' };
  if (was) return (change.gone ??= { ...event, type: 'DELETED', entry: previous.deletedAt(event.revision) });
  return undefined;
}
