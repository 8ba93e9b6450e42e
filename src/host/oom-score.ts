/** Whom the kernel ends when memory is short: by a file of each process, -1000 (never) to 1000 (first). To go lower takes CAP_SYS_RESOURCE. */
import fs from 'node:fs';
import type { Logger } from '../util/logger.js';

/** Kubernetes' score of a kubelet and a kube-proxy: after everything that they run. Source: https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/ */
export const NODE_AGENT_OOM = -999;

const file = (pid: number | 'self', proc: string): string => `${proc}/${pid}/oom_score_adj`;

/** What became of it: why the kernel refuses, where it does. @param proc where procfs is; another for tests. */
export function setOomScore(pid: number | 'self', score: number, proc = '/proc'): { readonly refused?: string } {
  try {
    fs.writeFileSync(file(pid, proc), String(score));
    return {};
  } catch (e) {
    return { refused: (e as Error).message };
  }
}

/** Whether this process may go below the score that it has. Tried: in a user namespace the capability alone says nothing. */
export function mayLowerOomScore(proc = '/proc'): boolean {
  const now = Number(fs.readFileSync(file('self', proc), 'utf8'));
  if (now <= -1000) return true;
  if (setOomScore('self', now - 1, proc).refused) return false;
  setOomScore('self', now, proc);
  return true;
}

/** This process is to be the last; where the kernel refuses, that is said and nothing else. */
export function sparedFromOom(log: Logger, proc = '/proc'): void {
  const { refused } = setOomScore('self', NODE_AGENT_OOM, proc);
  if (refused) log.warn('Pods that fill the memory may end this process: its oom_score_adj cannot be lowered', { error: refused });
}
