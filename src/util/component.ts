import type { Clock } from './clock.js';
import type { Logger } from './logger.js';
import type { Random } from './random.js';

/** What every component is given instead of reaching for it. */
export interface Env {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** The uniform life cycle: `start` returns when the component is up, `stop` when nothing of it is left. */
export interface Component {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}
