/** `k8ts down`: nothing of the cluster is left on the machine: no process, mount, namespace, link, route or rule. */
import fs from 'node:fs';
import path from 'node:path';
import { removePodGroups } from '../../host/kubelet/cgroups.js';
import { cleanPodNetwork } from '../../host/network/cni.js';
import { IptablesRules } from '../../host/proxy/iptables-rules.js';
import { run } from '../../host/run.js';
import { POD_CGROUP_ROOT } from '../../kubelet/qos.js';
import { realClock, sleep } from '../../util/clock.js';
import type { Logger } from '../../util/logger.js';
import { releaseMachine } from './machine-owner.js';
import { clearState, isRunning, loadState, type UpState } from './state.js';
import { containerdOf, kernelSettings, type Progress } from './up.js';

const STOP_MS = 20_000;

/** False where there was nothing to take down. */
export async function down(dataDir: string, log: Logger, progress: Progress): Promise<boolean> {
  const state = loadState(dataDir);
  if (!state) return false;
  if (isRunning(state))
    await progress(
      'control plane',
      () => stopProcess(state),
      () => 'stopped',
    );
  await removeAll(dataDir, state, log, progress);
  return true;
}

/** Everything but the process itself. */
export async function removeAll(dataDir: string, state: UpState, log: Logger, progress: Progress): Promise<void> {
  if (state.runtime === 'containerd') {
    await progress(
      'containers',
      async () => {
        const daemon = containerdOf(dataDir, {}, log);
        await daemon.removeAll();
      },
      () => 'removed',
    );
    await progress(
      'service rules and pod network',
      async () => {
        await new IptablesRules({ node: state.nodeName }).clean();
        await cleanPodNetwork({ remember: kernelSettings(dataDir) });
        fs.rmSync(path.join(dataDir, 'cni-ipam'), { recursive: true, force: true });
      },
      () => 'removed',
    );
    await progress(
      'mounts, cgroups, log folders',
      async () => {
        const uids = listed(path.join(dataDir, 'kubelet', 'pods'));
        await unmountUnder(dataDir);
        await removePodGroups(POD_CGROUP_ROOT, uids);
        removePodLogs(uids);
      },
      () => 'removed',
    );
  }
  releaseMachine(dataDir);
  clearState(dataDir);
}

async function stopProcess(state: UpState): Promise<void> {
  process.kill(state.pid, 'SIGTERM');
  for (let waited = 0; waited < STOP_MS; waited += 100) {
    if (!isRunning(state)) return;
    await sleep(realClock, 100);
  }
  process.kill(state.pid, 'SIGKILL');
}

/** Volumes of pods that were still there. */
async function unmountUnder(dir: string): Promise<void> {
  const root = fs.realpathSync(dir);
  const mounts = fs
    .readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((l) => (l.split(' ')[1] ?? '').replace(/\\040/g, ' '))
    .filter((m) => m.startsWith(`${root}/`))
    .sort((a, b) => b.length - a.length);
  for (const m of mounts) await run('umount', ['-l', m]).catch(() => undefined);
}

function removePodLogs(uids: readonly string[]): void {
  for (const name of listed('/var/log/pods'))
    if (uids.some((u) => name.endsWith(`_${u}`))) fs.rmSync(path.join('/var/log/pods', name), { recursive: true, force: true });
  // Links to logs that are gone.
  for (const name of listed('/var/log/containers')) {
    const file = path.join('/var/log/containers', name);
    if (fs.lstatSync(file).isSymbolicLink() && !fs.existsSync(file)) fs.rmSync(file, { force: true });
  }
}

const listed = (dir: string): string[] => (fs.existsSync(dir) ? fs.readdirSync(dir) : []);
