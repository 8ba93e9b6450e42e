/** Long work gives way to the event loop: at each turn it may go on for so long. Under a virtual clock no time passes, and it gives way alike each time. */
import type { Clock } from '../util/clock.js';
import { yieldTurn } from '../util/turn.js';

const SLICE_MS = 10;

export class TimeSlice {
  private began: number;
  private turn?: Promise<void>;

  constructor(private readonly clock: Clock) {
    this.began = clock.monotonic();
  }

  /** Undefined: go on. Otherwise after the next turn, with all else that shares the slice. */
  spent(): Promise<void> | undefined {
    if (this.turn) return this.turn;
    if (this.clock.monotonic() - this.began < SLICE_MS) return undefined;
    this.turn = yieldTurn().then(() => {
      this.turn = undefined;
      this.begin();
    });
    return this.turn;
  }

  /** Whoever was idle starts afresh. */
  begin(): void {
    this.began = this.clock.monotonic();
  }
}
