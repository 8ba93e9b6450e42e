/** The lab, whole, on a real containerd with real kubectls: what the project is for. Needs root, containerd, docker-registry, skopeo, nginx. */
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFailed } from 'vitest';
import { Kubectl, OLD_KUBECTL, onPath } from './lab/kubectl.js';
import { Lab } from './lab/lab.js';
import { differences, machineState } from './lab/machine.js';
import { etcdCertificates } from './programs.js';

const needs = ['containerd', 'runc', 'iptables', 'docker-registry', 'skopeo', 'nginx', 'kubectl', 'etcdctl'].filter(
  (p) => !onPath(p) && !fs.existsSync(`/usr/sbin/${p}`),
);
const why = process.getuid?.() !== 0 ? ' (left out: not root)' : needs.length ? ` (left out: ${needs.join(', ')} not installed)` : '';
const until = async (what: string, test: () => boolean | Promise<boolean>, ms = 60_000) => {
  for (const end = Date.now() + ms; Date.now() < end; ) {
    if (await test()) return;
    await new Promise((r) => setTimeout(r, 200));
  }
  throw new Error(`${what}: not so after ${ms / 1000} s`);
};
/** Waits until `read` gives `wanted`; what it gave last is in the error. */
const untilIs = async (what: string, read: () => string | Promise<string>, wanted: string, ms?: number) => {
  let last = '';
  const test = async () => (last = await read()) === wanted;
  await until(what, test, ms).catch((e: Error) =>
    expect.fail(`${e.message}; it gave ${JSON.stringify(last)}, not ${JSON.stringify(wanted)}`),
  );
};

describe.skipIf(why !== '')(`the lab on containerd${why}`, () => {
  let lab: Lab;
  let before: ReturnType<typeof machineState>;
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'k8ts-lab-'));

  beforeAll(async () => {
    before = machineState();
    lab = await Lab.start(dir);
  });
  // Where a test fails on a machine that nobody can look at, the state of the cluster is in the output.
  beforeEach(() => onTestFailed(() => console.error(lab?.diagnosis())));
  afterAll(async () => {
    await lab?.stop();
    fs.rmSync(dir, { recursive: true, force: true });
  });

  it('runs both applications from the private registry', async () => {
    lab.apply();
    await untilIs(
      'both Deployments available',
      () => lab.kubectl.run('-n ns-uat get deploy -o jsonpath={.items[*].status.availableReplicas}'),
      '1 1',
    );
    expect(lab.kubectl.run('-n ns-uat get pods --no-headers')).toMatch(/^(\S+ +1\/1 +Running.*\n){2}$/);
  });

  it('serves the pages through the node port, the Service address and the cluster DNS', async () => {
    await untilIs('nginx answers', () => lab.page('/'), 'k8s lab nginx web v1');
    expect(await lab.page('/webapp/index.html')).toBe('webapp nginx v1');
    await untilIs('nginx reaches tomcat', () => lab.page('/myapp/index.html'), 'k8s lab tomcat app1 v1');
  });

  it('serves files that lie in the mounted folder of the host', async () => {
    fs.writeFileSync('/tmp/k8ts-lab/static/e2e.txt', 'from the host\n');
    expect(await lab.page('/webapp/static/e2e.txt')).toBe('from the host');
    fs.rmSync('/tmp/k8ts-lab/static/e2e.txt');
  });

  it('set image rolls without a failed request, and undo goes back', async () => {
    const load = lab.load();
    await new Promise((r) => setTimeout(r, 500));
    lab.kubectl.run('-n ns-uat set image deploy/uat-nginx-deployment uat-nginx-container=harbor.haostack.com/k8s/jack_k8s_nginx-web1:v2');
    lab.kubectl.run('-n ns-uat rollout status deploy/uat-nginx-deployment --timeout=60s');
    await untilIs('v2 answers', () => lab.page('/'), 'k8s lab nginx web v2');
    lab.kubectl.run('-n ns-uat rollout undo deploy/uat-nginx-deployment --to-revision=1');
    lab.kubectl.run('-n ns-uat rollout status deploy/uat-nginx-deployment --timeout=60s');
    await untilIs('v1 answers again', () => lab.page('/'), 'k8s lab nginx web v1');
    const result = await load.stop();
    expect(result.failures).toEqual([]);
    expect(result.answers).toBeGreaterThan(100);
    expect(lab.kubectl.run('-n ns-uat rollout history deploy/uat-nginx-deployment')).toMatch(/^2 .*\n^3 /m);
  });

  it('pauses and resumes a rollout', async () => {
    lab.kubectl.run('-n ns-uat rollout pause deploy/uat-nginx-deployment');
    lab.kubectl.run('-n ns-uat set image deploy/uat-nginx-deployment uat-nginx-container=harbor.haostack.com/k8s/jack_k8s_nginx-web1:v2');
    await new Promise((r) => setTimeout(r, 1500));
    expect(await lab.page('/')).toBe('k8s lab nginx web v1');
    lab.kubectl.run('-n ns-uat rollout resume deploy/uat-nginx-deployment');
    lab.kubectl.run('-n ns-uat rollout status deploy/uat-nginx-deployment --timeout=60s');
    await untilIs('v2 answers', () => lab.page('/'), 'k8s lab nginx web v2');
  });

  it('scales to ten', async () => {
    // Ten times half a core is more than a small machine has.
    lab.kubectl.run('-n ns-uat set resources deploy/uat-tomcat-app1-deployment --requests=cpu=20m,memory=16Mi');
    lab.kubectl.run('-n ns-uat scale deploy/uat-tomcat-app1-deployment --replicas=10');
    await untilIs(
      'ten available',
      () => lab.kubectl.run('-n ns-uat get deploy uat-tomcat-app1-deployment -o jsonpath={.status.availableReplicas}'),
      '10',
      180_000,
    );
    expect(
      lab.kubectl.run('-n ns-uat get endpoints uat-tomcat-app1-service -o jsonpath={.subsets[0].addresses[*].ip}').split(' '),
    ).toHaveLength(10);
    lab.kubectl.run('-n ns-uat scale deploy/uat-tomcat-app1-deployment --replicas=1');
  });

  it('exec, logs, cp and port-forward work with the current kubectl', async () => {
    const k = lab.kubectl;
    const pod = k.run('-n ns-uat get pods -l app=uat-nginx-selector -o jsonpath={.items[0].metadata.name}');
    expect(k.run(['-n', 'ns-uat', 'exec', pod, '--', 'cat', '/etc/resolv.conf'])).toContain(
      'search ns-uat.svc.cluster.local svc.cluster.local cluster.local',
    );
    expect(k.try(['-n', 'ns-uat', 'exec', pod, '--', 'sh', '-c', 'exit 7']).code).toBe(7);
    expect(k.run(['-n', 'ns-uat', 'exec', '-i', pod, '--', 'cat'], 'through stdin')).toBe('through stdin');
    // A terminal: script(1) gives kubectl one.
    const tty = spawnSync('script', ['-qec', `${k.binary} -n ns-uat exec -it ${pod} -- tty`, '/dev/null'], {
      encoding: 'utf8',
      env: { ...process.env, KUBECONFIG: lab.kubeconfig },
      timeout: 30_000,
    });
    expect(tty.stdout).toContain('/dev/pts/');
    expect(k.run(['-n', 'ns-uat', 'logs', pod])).toContain('GET /');
    const file = path.join(dir, 'copied.txt');
    fs.writeFileSync(file, 'copied in\n');
    k.run(['-n', 'ns-uat', 'cp', file, `${pod}:/tmp/copied.txt`]);
    expect(k.run(['-n', 'ns-uat', 'exec', pod, '--', 'cat', '/tmp/copied.txt'])).toBe('copied in\n');
    k.run(['-n', 'ns-uat', 'cp', `${pod}:/tmp/copied.txt`, `${file}.back`]);
    expect(fs.readFileSync(`${file}.back`, 'utf8')).toBe('copied in\n');
    expect(await lab.throughPortForward(pod, 80, '/webapp/index.html')).toBe('webapp nginx v2');
  });

  const everyday = (k: Kubectl) => {
    expect(k.run('get nodes')).toMatch(/ Ready +<none> /);
    expect(k.run('-n ns-uat get all')).toContain('deployment.apps/uat-nginx-deployment');
    expect(k.run('-n ns-uat describe deployment uat-nginx-deployment')).toContain(
      'RollingUpdateStrategy:  25% max unavailable, 25% max surge',
    );
    expect(k.run('-n ns-uat describe pod -l app=uat-nginx-selector')).toContain('Successfully pulled image');
    expect(k.run('-n ns-uat get svc uat-nginx-service -o jsonpath={.spec.ports[*].nodePort}')).toBe('30016 30443');
    expect(k.run('-n ns-uat get pods -o custom-columns=N:.metadata.name --no-headers').trim().split('\n').length).toBeGreaterThanOrEqual(2);
    expect(k.run('explain deployment.spec.strategy')).toMatch(/rollingUpdate/);
    expect(k.run('get componentstatuses')).toContain('Healthy');
    expect(k.run('auth can-i --list --as=system:serviceaccount:ns-uat:default')).toContain('selfsubjectaccessreviews.authorization.k8s.io');
    lab.apply(k);
    expect(lab.apply(k)).toMatch(/unchanged|configured/);
  };
  it('the everyday commands answer with a current kubectl', () => everyday(lab.kubectl));
  const old = fs.existsSync(OLD_KUBECTL);
  it.skipIf(!old)(`the everyday commands answer with kubectl 1.20${old ? '' : ' (left out: it could not be unpacked)'}`, () =>
    everyday(new Kubectl(OLD_KUBECTL, lab.kubeconfig)),
  );

  it('deletes with orphans and in the foreground', async () => {
    const k = lab.kubectl;
    k.run('-n ns-uat delete deploy uat-tomcat-app1-deployment --cascade=orphan');
    const sets = k.run('-n ns-uat get rs -l app=uat-tomcat-app1-selector -o name').trim().split('\n');
    expect(sets.length).toBeGreaterThan(0);
    expect(k.run('-n ns-uat get rs -l app=uat-tomcat-app1-selector -o jsonpath={.items[*].metadata.ownerReferences}')).toBe('');
    k.run(['-n', 'ns-uat', 'delete', ...sets, '--cascade=foreground', '--timeout=60s']);
    expect(k.run('-n ns-uat get pods -l app=uat-tomcat-app1-selector -o name')).toBe('');
    lab.apply();
  });

  it('answers on the node itself, and refuses there what no rule knows', async () => {
    expect((await (await fetch('http://127.0.0.1:30016/')).text()).trim()).toMatch(/^k8s lab nginx web v/);
    const health = await fetch('http://127.0.0.1:10256/healthz');
    expect([health.status, ((await health.json()) as { nodeEligible: boolean }).nodeEligible]).toEqual([200, true]);
    const ip = lab.kubectl.run('-n ns-uat get service uat-nginx-service -o jsonpath={.spec.clusterIP}');
    await expect(fetch(`http://${ip}:4711/`)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
  });

  it('keeps keys where a real cluster keeps them', () => {
    const keys = execFileSync(
      'etcdctl',
      ['--endpoints', lab.etcd, ...etcdCertificates(lab.dataDir), 'get', '/', '--prefix', '--keys-only'],
      {
        encoding: 'utf8',
        env: { ...process.env, ETCDCTL_API: '3' },
      },
    ).split('\n');
    const node = lab.kubectl.run('get nodes -o jsonpath={.items[0].metadata.name}');
    for (const key of [
      '/registry/services/specs/ns-uat/uat-nginx-service',
      '/registry/services/endpoints/ns-uat/uat-nginx-service',
      `/registry/minions/${node}`,
      `/registry/leases/kube-node-lease/${node}`,
      '/registry/ranges/servicenodeports',
      '/registry/apiregistration.k8s.io/apiservices/v1.apps',
      '/registry/clusterroles/system:controller:deployment-controller',
      '/registry/priorityclasses/system-node-critical',
    ])
      expect(keys).toContain(key);
    expect(keys.some((x) => /^\/registry\/pods\/ns-uat\/uat-nginx-deployment-\w+-\w{5}$/.test(x))).toBe(true);
    expect(keys.some((x) => x.startsWith('/registry/masterleases/'))).toBe(true);
  });

  it('takes running containers over after kill -9, and has lost no object', async () => {
    const ids = () =>
      lab.kubectl.run(
        '-n ns-uat get pods -l app=uat-nginx-selector -o jsonpath={.items[*].status.containerStatuses[0].containerID}{.items[*].status.containerStatuses[0].restartCount}',
      );
    // The tests above left a rollout to v1 under way.
    lab.kubectl.run('-n ns-uat rollout status deploy/uat-nginx-deployment --timeout=60s');
    await until('one nginx runs', () => /^containerd:\S+$/.test(ids()));
    await untilIs('v1 answers', () => lab.page('/'), 'k8s lab nginx web v1');
    const first = ids();
    lab.kubectl.run('-n ns-uat create configmap acknowledged --from-literal=a=1');
    await lab.killAndResume();
    expect(await lab.page('/')).toBe('k8s lab nginx web v1');
    expect(ids()).toBe(first);
    expect(lab.kubectl.run('-n ns-uat get configmap acknowledged -o jsonpath={.data.a}')).toBe('1');
  });

  it('says what the registry said of an image that is missing', async () => {
    lab.kubectl.run('-n ns-uat create deployment missing --image=harbor.haostack.com/k8s/none:v1');
    await until('the reason shows', () =>
      /ErrImagePull|ImagePullBackOff/.test(lab.kubectl.run('-n ns-uat get pods -l app=missing --no-headers')),
    );
    expect(lab.kubectl.run('-n ns-uat get events --field-selector reason=Failed')).toMatch(/not found|authorization|denied/);
    lab.kubectl.run('-n ns-uat delete deployment missing');
  });

  it('down leaves nothing on the machine', async () => {
    await lab.down();
    expect(differences(before, machineState())).toEqual([]);
  });
});
