import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import type { CgroupLimits } from '../../kubelet/host.js';
import { machineCgroups } from './cgroups.js';

/** What is written where, in folders that look like the kernel's. */
async function written(version: 1 | 2, limits: CgroupLimits): Promise<Record<string, string>> {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-cg-'));
  try {
    if (version === 2) fs.writeFileSync(`${root}/cgroup.controllers`, 'cpu memory pids\n');
    else
      for (const c of ['cpu', 'memory', 'pids']) {
        fs.mkdirSync(`${root}/${c}`);
        fs.writeFileSync(`${root}/${c}/tasks`, '');
      }
    const cgroups = await machineCgroups(root);
    await cgroups.ensure('/kubepods', limits);
    const out: Record<string, string> = {};
    for (const dir of version === 2 ? [''] : ['cpu/', 'memory/', 'pids/'])
      for (const f of fs.readdirSync(`${root}/${dir}kubepods`)) out[f] = fs.readFileSync(`${root}/${dir}kubepods/${f}`, 'utf8');
    return out;
  } finally {
    fs.rmSync(root, { recursive: true });
  }
}

it.each<[1 | 2, string, CgroupLimits, Record<string, string>]>([
  [1, 'limits', { cpuShares: 2048, memoryLimit: 5, pidsLimit: 7 }, { 'cpu.shares': '2048', 'memory.limit_in_bytes': '5', 'pids.max': '7' }],
  [1, 'no limit any more', { memoryLimit: -1, pidsLimit: -1 }, { 'memory.limit_in_bytes': '-1', 'pids.max': 'max' }],
  [1, 'nothing said', {}, {}],
  [2, 'limits', { cpuShares: 2048, memoryLimit: 5, pidsLimit: 7 }, { 'cpu.weight': '79', 'memory.max': '5', 'pids.max': '7' }],
  [2, 'no limit any more', { memoryLimit: -1, pidsLimit: -1 }, { 'memory.max': 'max', 'pids.max': 'max' }],
  [2, 'nothing said', {}, {}],
])('cgroups of version %i: %s', async (version, _, limits, right) => expect(await written(version, limits)).toEqual(right));
