/**
 * Time, handed in. Nothing in k8ts reads the wall clock or arms a timer by itself: a component gets a `Clock`,
 * so that a test can run an hour of back-offs and probe periods at once.
 */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Milliseconds since some moment: never set, so that the difference of two is what has passed. */
  monotonic(): number;
  /** Calls `fn` once after `ms` milliseconds. The process lives on until it is called or cancelled. */
  after(ms: number, fn: () => void): Timer;
  /** See `outside`; absent: what is back goes on at once. */
  outside?<T>(work: Promise<T>): Promise<T>;
}

/**
 * Work that leaves the loop (a signature, a sync to disk, inflating): a virtual clock stands still until it is back, and lets such works go on in the
 * order in which they left, so that the same seed gives the same cluster.
 */
export const outside = <T>(clock: Clock, work: Promise<T>): Promise<T> => clock.outside?.(work) ?? work;

export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, fn) {
    // Node fires a timer of more than 2^31-1 ms at once; wait in steps instead.
    const MAX = 2 ** 31 - 1;
    let handle: NodeJS.Timeout;
    const arm = (left: number) => {
      handle = setTimeout(() => (left > MAX ? arm(left - MAX) : fn()), Math.min(Math.max(left, 0), MAX));
    };
    arm(ms);
    return { cancel: () => clearTimeout(handle) };
  },
};

/** Resolves after `ms`; at once, without an error, when `signal` aborts. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      timer.cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.after(ms, done);
    signal?.addEventListener('abort', done, { once: true });
  });
}

/** Calls `fn` every `ms` until the returned timer is cancelled. A run is not started while the one before it goes on. */
export function every(clock: Clock, ms: number, fn: () => void | Promise<void>): Timer {
  let stopped = false;
  let timer: Timer;
  const arm = () => {
    timer = clock.after(ms, () => {
      const again = () => {
        if (!stopped) arm();
      };
      // A run that fails does not end the series; `fn` says by itself what went wrong.
      Promise.resolve().then(fn).then(again, again);
    });
  };
  arm();
  return {
    cancel() {
      stopped = true;
      timer.cancel();
    },
  };
}

/** RFC 3339 in UTC with whole seconds, as `metav1.Time` is written. */
export const timestamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** RFC 3339 in UTC with six fractional digits, as `metav1.MicroTime` is written. */
export const microTimestamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 23)}000Z`;
