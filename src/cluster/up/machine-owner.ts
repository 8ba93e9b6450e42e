/**
 * A machine has one pod network and one set of service rules: they belong to one cluster at a time, until it is taken down. The data
 * directory of that cluster is written where a reboot forgets it, as it forgets bridges and rules.
 */
import fs from 'node:fs';
import path from 'node:path';
import { isRunning, loadState } from './state.js';

const FILE = '/run/k8ts/cluster';

/** The data directory of the cluster that has the machine's pod network; undefined where none has. */
export function machineOwner(): string | undefined {
  try {
    const dir = fs.readFileSync(FILE, 'utf8').trim();
    // A directory that was taken down or deleted owns nothing.
    return loadState(dir) ? dir : undefined;
  } catch {
    return undefined;
  }
}

/** Throws where another cluster has it, whether it runs or was killed: its containers have addresses of the same range. */
export function claimMachine(dataDir: string): void {
  const owner = machineOwner();
  if (owner && owner !== dataDir) {
    const state = loadState(owner)!;
    const how = isRunning(state) ? `runs in ${owner}` : `was killed in ${owner}, and its containers are still here`;
    throw new Error(`another cluster ${how}: a machine has one pod network; take it down first with: k8ts down --data-dir ${owner}`);
  }
  fs.mkdirSync(path.dirname(FILE), { recursive: true });
  fs.writeFileSync(FILE, `${dataDir}\n`);
}

export function releaseMachine(dataDir: string): void {
  if (machineOwner() === dataDir) fs.rmSync(path.dirname(FILE), { recursive: true, force: true });
}
