import path from 'node:path';

/** Runs until SIGINT or SIGTERM, then stops in order and ends the process; a second signal ends it at once. */
export function untilStopped(stop: () => Promise<void>): Promise<void> {
  return new Promise((_resolve, reject) => {
    let stopping = false;
    // Node would leave when nothing but unreferenced timers is left.
    const hold = setInterval(() => undefined, 1 << 30);
    const onSignal = () => {
      if (stopping) process.exit(130);
      stopping = true;
      stop()
        .then(() => process.exit(0), reject)
        .finally(() => clearInterval(hold));
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
  });
}

/** How to call this program from here: `k8ts` where it is installed, `bin/k8ts` in a checkout. */
export function self(): string {
  const script = process.argv[1] ?? 'k8ts';
  const fromHere = path.relative(process.cwd(), script);
  return fromHere.startsWith('..') || fromHere.includes('node_modules') || path.isAbsolute(fromHere) ? 'k8ts' : fromHere;
}
