/** One process at a time has a data directory: a lock file in it that names the process. */
import fs from 'node:fs';
import path from 'node:path';

const LOCK = 'lock';

/** Another process (or this one) has the data directory open. */
export class StoreLockedError extends Error {
  constructor(dir: string, pid: number) {
    super(`the data directory ${dir} is in use by process ${pid}: stop that process, or use another directory`);
    this.name = 'StoreLockedError';
  }
}

/** Returns what gives the lock up. Throws StoreLockedError. */
export function lockDirectory(dir: string): () => void {
  const lock = path.join(dir, LOCK);
  takeLock(lock, dir);
  return () => fs.rmSync(lock, { force: true });
}

/** The lock names a process by id and start time, so that a later process with the same id does not count. */
function takeLock(lock: string, dir: string): void {
  const mine = `${process.pid} ${processStart(process.pid) ?? ''}\n`;
  // Written under another name first: who finds the lock finds it whole.
  const own = `${lock}.${process.pid}`;
  fs.writeFileSync(own, mine, { mode: 0o600 });
  try {
    take(dir, lock, own);
  } finally {
    fs.rmSync(own, { force: true });
  }
}

function take(dir: string, lock: string, own: string): void {
  for (let attempt = 0; attempt < 5; attempt++) {
    if (linked(own, lock)) return;
    const theirs = readIfThere(lock);
    if (theirs === undefined) continue;
    const [pid, started] = theirs.trim().split(' ');
    if (alive(Number(pid), started)) throw new StoreLockedError(dir, Number(pid));
    // Take the dead one away under another name, and see that it was still the dead one.
    const aside = `${own}.dead`;
    try {
      fs.renameSync(lock, aside);
    } catch {
      continue;
    }
    if (readIfThere(aside) !== theirs) linked(aside, lock);
    fs.rmSync(aside, { force: true });
  }
  throw new Error(`cannot lock the data directory ${dir}: others keep taking it`);
}

/** False: there is one already. */
function linked(file: string, as: string): boolean {
  try {
    fs.linkSync(file, as);
    return true;
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw e;
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function alive(pid: number, started: string | undefined): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const now = processStart(pid);
  return now === '' || (now !== undefined && (!started || now === started));
}

/**
 * When a process began, in clock ticks since boot: a pid alone may be another's by now. undefined: there is none, or only what its parent
 * has not asked about yet. '': the system does not tell.
 */
export function processStart(pid: number): string | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`);
  if (stat === undefined) return fs.existsSync('/proc/self/stat') ? undefined : '';
  const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' ? undefined : (rest[18] ?? '');
}
