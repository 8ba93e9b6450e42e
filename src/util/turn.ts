let waiting = 0;

/** How many turns were asked for that have not come. */
export const pendingTurns = (): number => waiting;

/** The same, uncounted. */
export const soon: (fn: () => void) => void =
  typeof setImmediate === 'function'
    ? (fn) => void setImmediate(fn)
    : (fn) => {
        const { port1, port2 } = new MessageChannel();
        const listener = () => {
          port1.close();
          fn();
        };
        (port1 as unknown as { onmessage: () => void }).onmessage = listener;
        port2.postMessage(0);
      };

/** Runs `fn` after the I/O that is ready now, before any timer: the way to collect what arrives together, and to give way in long work. */
export function nextTurn(fn: () => void): void {
  waiting++;
  soon(() => {
    waiting--;
    fn();
  });
}

export const yieldTurn = (): Promise<void> => new Promise((resolve) => nextTurn(resolve));
