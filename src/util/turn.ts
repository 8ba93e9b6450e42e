/** Runs `fn` after the I/O that is ready now, before any timer: the way to collect what arrives together, and to give way in long work. */
export const nextTurn: (fn: () => void) => void =
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

export const yieldTurn = (): Promise<void> => new Promise((resolve) => nextTurn(resolve));
