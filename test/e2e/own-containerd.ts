/** A containerd of a test's own: why there can be none, its image and its network, and what is left on the machine taken away. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { type ContainerdDaemon, type DaemonOptions, goArchitecture } from '../../src/host/containerd/daemon.js';
import { silentLogger } from '../../src/util/logger.js';

const CNI_BIN = '/usr/lib/cni';
export const IMAGE = 'test.local/busybox:1';

const has = (command: string): boolean => (process.env.PATH ?? '').split(':').some((d) => fs.existsSync(path.join(d, command)));

/** Empty where containers can be run. */
export const reason =
  process.getuid?.() !== 0
    ? 'not root'
    : !has('containerd') || !has('runc')
      ? 'containerd or runc is not installed'
      : !fs.existsSync(`${CNI_BIN}/bridge`)
        ? 'the CNI plugins are not installed'
        : !fs.existsSync('/bin/busybox')
          ? 'busybox-static is not installed'
          : '';

/** Of one in `<dir>/c`. `network` tells those of different test files apart, by bridge and range of addresses. */
export function containerdOptions(dir: string, network: { name: string; bridge: string; subnet: string }): DaemonOptions {
  const { name, bridge, subnet } = network;
  fs.mkdirSync(`${dir}/cni`);
  const ipam = { type: 'host-local', dataDir: `${dir}/ipam`, ranges: [[{ subnet }]] };
  fs.writeFileSync(
    `${dir}/cni/10-test.conflist`,
    JSON.stringify({ cniVersion: '0.4.0', name, plugins: [{ type: 'bridge', bridge, isGateway: true, ipam }] }),
  );
  return { dir: `${dir}/c`, cniBin: CNI_BIN, cniConf: `${dir}/cni`, log: silentLogger };
}

/** busybox under these names, with a page to serve. */
export function importBusybox(
  daemon: ContainerdDaemon,
  names: readonly string[],
  programs: readonly { path: string; data: Buffer }[] = [],
): Promise<void> {
  return daemon.importImage({
    name: IMAGE,
    architecture: goArchitecture(),
    files: [
      { path: 'bin/' },
      { path: 'bin/busybox', data: fs.readFileSync('/bin/busybox'), mode: 0o755 },
      ...names.map((n) => ({ path: `bin/${n}`, link: 'busybox' })),
      ...programs.map((p) => ({ ...p, mode: 0o755 })),
      { path: 'www/' },
      { path: 'www/index.html', data: Buffer.from('hello\n') },
    ],
    config: { Cmd: ['/bin/sh'], Env: ['PATH=/bin'] },
  });
}

/** The bridge and the cgroups that are left when the daemon is gone. */
export function cleanMachine(bridge: string, cgroup: string): void {
  try {
    execFileSync('ip', ['link', 'del', bridge], { stdio: 'ignore' });
  } catch {
    // was not made
  }
  const remove = (d: string): void => {
    if (!fs.existsSync(d)) return;
    for (const e of fs.readdirSync(d, { withFileTypes: true })) if (e.isDirectory()) remove(path.join(d, e.name));
    fs.rmdirSync(d);
  };
  for (const h of fs.readdirSync('/sys/fs/cgroup')) remove(`/sys/fs/cgroup/${h}${cgroup}`);
}
