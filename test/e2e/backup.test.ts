/**
 * A cluster's backup, both ways, with the real tools: saved from k8ts with etcdctl, restored into a real etcd that a k8ts control plane goes
 * on with (`--etcd-servers`), saved from there and opened by k8ts again (`--from-snapshot`).
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Kubectl, onPath } from './lab/kubectl.js';
import { freePort } from './ports.js';
import { etcdCertificates, leftOut, missing } from './programs.js';
import { RealEtcd } from './real-etcd.js';

const K8TS = new URL('../../bin/k8ts', import.meta.url).pathname;
const why = missing('etcd', 'etcdctl', 'kubectl');

const etcdctl = (endpoint: string, ...args: string[]): string =>
  execFileSync('etcdctl', ['--endpoints', endpoint, ...args], {
    encoding: 'utf8',
    env: { ...process.env, ETCDCTL_API: '3' },
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'ignore'],
  });

/** What a cluster is, whatever goes on in it: each object's identity, by its path. */
function identities(k: Kubectl): Map<string, string> {
  const kinds = 'namespaces,configmaps,secrets,services,serviceaccounts,deployments,replicasets,pods,clusterroles,priorityclasses';
  const lines = k.run([
    'get',
    kinds,
    '-A',
    '-o',
    'jsonpath={range .items[*]}{.kind} {.metadata.namespace}/{.metadata.name} {.metadata.uid}{"\\n"}{end}',
  ]);
  return new Map(
    lines
      .trim()
      .split('\n')
      .map((l) => [l.slice(0, l.lastIndexOf(' ')), l.slice(l.lastIndexOf(' ') + 1)]),
  );
}

describe.skipIf(why !== undefined)(`a cluster's backup${leftOut(why)}`, () => {
  let dir: string;
  let real: RealEtcd | undefined;
  const up = new Set<string>();
  beforeAll(() => {
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-backup-'));
  });
  const stop = (name: string) => {
    execFileSync(K8TS, ['down', '--data-dir', path.join(dir, name)]);
    up.delete(name);
  };
  afterAll(async () => {
    for (const name of up) stop(name);
    await real?.stop();
    fs.rmSync(dir, { recursive: true, force: true });
  });
  const start = (name: string, ...args: string[]): Kubectl => {
    const data = path.join(dir, name);
    execFileSync(K8TS, ['up', '--detach', '--runtime', 'simulated', '--port', '0', '--data-dir', data, ...args], { stdio: 'pipe' });
    up.add(name);
    return new Kubectl(onPath('kubectl')!, path.join(data, 'kubeconfig'));
  };

  it('goes to a real etcd and back, and everything is there and goes on', async () => {
    const listen = `127.0.0.1:${await freePort()}`;
    const first = start('first', '--etcd-listen', listen);
    first.run('create deployment web --image=web:1 --replicas=2');
    first.run('create configmap settings --from-literal=a=1');
    first.run('rollout status deployment/web --timeout=30s');
    const before = identities(first);
    const certificates = etcdCertificates(path.join(dir, 'first'));
    etcdctl(`https://${listen}`, ...certificates, 'snapshot', 'save', path.join(dir, 'first.db'));
    // Whoever has no certificate of the store's own authority reads nothing.
    for (const [endpoint, ...flags] of [
      [`http://${listen}`],
      [`https://${listen}`, ...certificates.slice(0, 2)],
      [
        `https://${listen}`,
        ...certificates.slice(0, 2),
        '--cert',
        path.join(dir, 'first/pki/apiserver-kubelet-client.crt'),
        '--key',
        path.join(dir, 'first/pki/apiserver-kubelet-client.key'),
      ],
    ] as [string, ...string[]][])
      expect(() =>
        etcdctl(endpoint, '--dial-timeout=1s', '--command-timeout=1s', ...flags, 'get', '/registry/secrets', '--prefix'),
      ).toThrow();
    stop('first');

    real = await RealEtcd.restored(path.join(dir, 'first.db'));
    await real.waitForLeader();
    const second = start('second', '--etcd-servers', real.endpoints[0]!);
    const there = identities(second);
    expect([...before].filter(([k, uid]) => there.get(k) !== uid)).toEqual([]);
    expect(second.run('get configmap settings -o jsonpath={.data.a}')).toBe('1');
    second.run('scale deployment/web --replicas=3');
    second.run('rollout status deployment/web --timeout=30s');
    second.run('create configmap later --from-literal=b=2');
    const grown = identities(second);
    etcdctl(real.endpoints[0]!, 'snapshot', 'save', path.join(dir, 'second.db'));
    stop('second');

    const third = start('third', '--from-snapshot', path.join(dir, 'second.db'));
    const back = identities(third);
    expect([...grown].filter(([k, uid]) => back.get(k) !== uid)).toEqual([]);
    expect(third.run('get configmap later -o jsonpath={.data.b}')).toBe('2');
    third.run('set image deployment/web web=web:2');
    third.run('rollout status deployment/web --timeout=30s');
    expect(third.run('get pods -o jsonpath={.items[*].status.phase}')).toMatch(/^Running Running Running/);
  });
});
