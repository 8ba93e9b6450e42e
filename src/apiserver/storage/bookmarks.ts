/**
 * Tells watches that ask for it about once a minute how far they are. Those that began within a few seconds are told together: few timers, and
 * never everyone at once.
 * Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#watch-bookmarks
 */
import type { Clock, Timer } from '../../util/clock.js';
import type { ResourceWatch } from './watch.js';

const PERIOD_MS = 60_000;
const SLOTS = 12;

interface Slot {
  readonly watches: Set<ResourceWatch>;
  timer: Timer;
}

export class Bookmarks {
  private readonly slots = new Map<number, Slot>();

  constructor(
    private readonly clock: Clock,
    /** The newest revision that every watch has been told of. */
    private readonly revision: () => number,
  ) {}

  /** Until the watch is closed. */
  add(watch: ResourceWatch): void {
    const place = Math.floor((this.clock.monotonic() * SLOTS) / PERIOD_MS) % SLOTS;
    let slot = this.slots.get(place);
    if (!slot) this.slots.set(place, (slot = { watches: new Set(), timer: this.arm(place) }));
    const joined = slot;
    joined.watches.add(watch);
    watch.onClose(() => {
      joined.watches.delete(watch);
      if (joined.watches.size) return;
      joined.timer.cancel();
      if (this.slots.get(place) === joined) this.slots.delete(place);
    });
  }

  private arm(place: number): Timer {
    return this.clock.after(PERIOD_MS, () => {
      const slot = this.slots.get(place);
      if (!slot) return;
      slot.timer = this.arm(place);
      const item = { type: 'BOOKMARK', revision: this.revision() } as const;
      for (const watch of slot.watches) watch.push(item);
    });
  }
}
