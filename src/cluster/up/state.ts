/** What `up` leaves in its data directory for `down` and `status`. */
import fs from 'node:fs';
import path from 'node:path';
import { processStart } from '../../store/embedded/file-lock.js';
import { writeFile } from '../files.js';

export interface UpState {
  readonly pid: number;
  /** Ticks since boot when the process began: a pid alone may be another's by now. */
  readonly startTime: string;
  readonly runtime: 'containerd' | 'simulated';
  readonly nodeName: string;
  readonly url: string;
  readonly podCidr: string;
  readonly started: string;
}

const FILE = 'up.json';

export function saveState(dir: string, state: UpState): void {
  writeFile(path.join(dir, FILE), `${JSON.stringify(state, null, 2)}\n`);
  writeFile(path.join(dir, 'pids'), `${state.pid}\n`);
}

export function loadState(dir: string): UpState | undefined {
  try {
    return JSON.parse(fs.readFileSync(path.join(dir, FILE), 'utf8')) as UpState;
  } catch {
    return undefined;
  }
}

export function clearState(dir: string): void {
  for (const f of [FILE, 'pids']) fs.rmSync(path.join(dir, f), { force: true });
}

/** Whether the process that wrote the state still runs. */
export const isRunning = (s: UpState): boolean => processStart(s.pid) === s.startTime;
