import { describe, expect, it } from 'vitest';
import { pod } from '../../test/kubelet/simulated.js';
import type { Secret } from '../api/types/core/v1.js';
import { silentLogger } from '../util/logger.js';
import { VirtualClock } from '../util/virtual-clock.js';
import { PodEvents } from './events.js';
import type { Host } from './host.js';
import { ImageManager } from './images.js';
import { PullRecords } from './pull-records.js';
import type { ContainerRuntime, Image, RegistryAuth, SandboxConfig } from './runtime.js';
import { MemoryFiles } from './simulated/memory-files.js';

const IMAGE = 'r.test/team/private:v1';
const secret = (namespace: string, name: string, username: string, uid = `${namespace}-${name}`): Secret =>
  ({
    metadata: { namespace, name, uid },
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': btoa(JSON.stringify({ auths: { 'r.test': { username, password: 'p' } } })) },
  }) as unknown as Secret;
const MINE = secret('a', 's', 'me');
const WRONG = secret('b', 's', 'stranger');

/** A registry that lets `me` in alone, unless it is open; a node with the image `old:1` from before. */
async function node() {
  const clock = new VirtualClock();
  const files = new MemoryFiles(clock);
  const host = { files, digest: (s: string) => `hash of ${s}` } as unknown as Host;
  const present = new Map<string, Image>();
  const image = (name: string): Image => ({ id: `id of ${name.split(':')[1]}`, repoTags: [name], repoDigests: [], size: 1, pinned: false });
  present.set('r.test/old:1', image('r.test/old:1'));
  const registry = { open: false, pulls: 0, hang: undefined as Promise<void> | undefined };
  const runtime = {
    listImages: async () => [...present.values()],
    imageStatus: async (name: string) => present.get(name) ?? [...present.values()].find((i) => i.id === name),
    async pullImage(name: string, auth: RegistryAuth | undefined) {
      registry.pulls++;
      if (!registry.open && auth?.username !== 'me') throw new Error('401 Unauthorized');
      present.set(name, image(name));
      await registry.hang;
      return present.get(name)!.id;
    },
  } as unknown as ContainerRuntime;
  const env = { log: silentLogger };
  const events = new PodEvents({ event() {} } as never);
  const open = async () => new ImageManager(runtime, clock, events, await PullRecords.open(host, '/k', runtime, env));
  let images = await open();
  const state = {
    clock,
    files,
    present,
    registry,
    async restart() {
      images = await open();
    },
    async start(namespace: string, secrets: readonly Secret[], name = IMAGE, policy: 'IfNotPresent' | 'Never' | 'Always' = 'IfNotPresent') {
      await clock.advance('10m');
      const p = pod({
        name: 'p',
        metadata: { namespace, uid: `${namespace}${secrets.length}` },
        containers: [{ image: name, imagePullPolicy: policy }],
      });
      const before = registry.pulls;
      const outcome = await images.ensure(p, p.spec.containers[0]!, secrets, {} as SandboxConfig).then(
        () => 'ready',
        (e: { reason: string }) => e.reason,
      );
      return `${outcome}, ${registry.pulls - before} pulls`;
    },
  };
  return state;
}

describe('an image that was pulled with a secret', () => {
  it.each<[string, string, readonly Secret[], ('IfNotPresent' | 'Never' | 'Always')?, string?]>([
    ['is there for who brings the same', 'a', [MINE], 'IfNotPresent', 'ready, 0 pulls'],
    ['is there for who brings the same, never pulling', 'a', [MINE], 'Never', 'ready, 0 pulls'],
    ['is there for another secret with the same credential', 'b', [secret('b', 'other', 'me')], 'IfNotPresent', 'ready, 0 pulls'],
    ['is there for the same secret with a new credential', 'a', [secret('a', 's', 'renewed')], 'IfNotPresent', 'ready, 0 pulls'],
    ['is not for who brings none', 'b', [], 'IfNotPresent', 'ErrImagePull, 1 pulls'],
    ['is not for who brings a wrong one', 'b', [WRONG], 'IfNotPresent', 'ErrImagePull, 1 pulls'],
    [
      'is not for who brings a secret made anew under the name',
      'a',
      [secret('a', 's', 'stranger', 'new')],
      'IfNotPresent',
      'ErrImagePull, 1 pulls',
    ],
    ['is not there at all for who brings none and never pulls', 'b', [], 'Never', 'ErrImageNeverPull, 0 pulls'],
    ['is pulled by who always pulls', 'a', [MINE], 'Always', 'ready, 1 pulls'],
  ])('%s', async (_, namespace, secrets, policy, right) => {
    const n = await node();
    expect(await n.start('a', [MINE])).toBe('ready, 1 pulls');
    expect(await n.start(namespace, secrets, IMAGE, policy)).toBe(right);
    await n.restart();
    if (policy !== 'Always') expect(await n.start(namespace, secrets, IMAGE, policy)).toBe(right);
  });

  it('is for everybody when it was pulled without a secret, once', async () => {
    const n = await node();
    await n.start('a', [MINE]);
    n.registry.open = true;
    expect(await n.start('b', [])).toBe('ready, 1 pulls');
    n.registry.open = false;
    await n.restart();
    expect(await n.start('c', [])).toBe('ready, 0 pulls');
  });
  it('is for everybody when it was here before', async () => {
    const n = await node();
    expect(await n.start('a', [], 'r.test/old:1')).toBe('ready, 0 pulls');
    await n.restart();
    expect(await n.start('a', [], 'r.test/old:1', 'Never')).toBe('ready, 0 pulls');
  });
  it('is for nobody else while it is being pulled, and when the kubelet ended meanwhile', async () => {
    const n = await node();
    let done = () => {};
    n.registry.hang = new Promise((resolve) => {
      done = resolve;
    });
    const first = n.start('a', [MINE]);
    while (!n.present.has(IMAGE)) await new Promise((r) => setTimeout(r, 1));
    n.registry.hang = undefined;
    expect(await n.start('b', [])).toBe('ErrImagePull, 1 pulls');
    await n.restart();
    expect(await n.start('b', [], IMAGE, 'Never')).toBe('ErrImageNeverPull, 0 pulls');
    done();
    await first;
  });
  it('gives no secret away on disk', async () => {
    const n = await node();
    await n.start('a', [MINE]);
    expect((await n.files.stat('/k/image_manager/pulled.json'))?.mode).toBe(0o600);
  });
  it('is asked for again when the records cannot be read', async () => {
    const n = await node();
    await n.start('a', [MINE]);
    await n.files.write('/k/image_manager/pulled.json', '{');
    await n.restart();
    expect(await n.start('a', [MINE])).toBe('ready, 1 pulls');
  });
});
