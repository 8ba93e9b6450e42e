import { describe, expect, it } from 'vitest';
import { pod } from '../../../test/kubelet/simulated.js';
import type { ConfigMap, Secret, Volume } from '../../api/types/core/v1.js';
import type { DeepPartial } from '../../meta/object.js';
import { VirtualClock } from '../../util/virtual-clock.js';
import type { Host } from '../host.js';
import { MemoryFiles } from '../simulated/memory-files.js';
import { writeAtomically } from './atomic-writer.js';
import { hostPath } from './host-path.js';
import { containerMounts } from './mounts.js';
import { type Payload, payloadOf } from './payload.js';

const text = (s: string) => ({ data: new TextEncoder().encode(s), mode: 0o644 });
const NOW = Date.UTC(2026, 0, 1);

describe('the atomic writer', () => {
  const payload = (files: Record<string, string>): Payload => new Map(Object.entries(files).map(([k, v]) => [k, text(v)]));
  const readAll = async (f: MemoryFiles) => Promise.all((await f.list('/v')).filter((n) => !n.startsWith('..')).map(async (n) => n));

  it('shows all files through one link that changes at once', async () => {
    const f = new MemoryFiles(new VirtualClock());
    await f.mkdir('/v');
    expect(await writeAtomically(f, '/v', payload({ a: '1', 'd/b': '2' }), NOW)).toBe(true);
    expect(await f.readlink('/v/..data')).toBe('..2026_01_01_00_00_00.000000000');
    expect(await f.readlink('/v/a')).toBe('..data/a');
    expect(await f.readlink('/v/d')).toBe('..data/d');
    expect(new TextDecoder().decode(await f.read('/v/d/b'))).toBe('2');
    expect(await writeAtomically(f, '/v', payload({ a: '1', 'd/b': '2' }), NOW + 1000)).toBe(false);
    expect(await writeAtomically(f, '/v', payload({ a: '3', c: '4' }), NOW + 1000)).toBe(true);
    expect(await readAll(f)).toEqual(['a', 'c']);
    expect(new TextDecoder().decode(await f.read('/v/a'))).toBe('3');
    expect((await f.list('/v')).filter((n) => n.startsWith('..'))).toEqual(['..2026_01_01_00_00_01.000000000', '..data']);
  });
  it.each(['../x', '/x', '..x', 'a/../b', ''])('refuses the path %j', async (path) => {
    const f = new MemoryFiles(new VirtualClock());
    await f.mkdir('/v');
    await expect(writeAtomically(f, '/v', payload({ [path]: '1' }), NOW)).rejects.toThrow(/path/);
  });
});

describe('payloads', () => {
  const objects = {
    configMap: (name: string) => {
      if (name !== 'cm') throw new Error(`configmap ${JSON.stringify(name)} not found`);
      return { data: { a: '1', b: '2' }, binaryData: { bin: btoa('\x00\x01') } } as unknown as ConfigMap;
    },
    secret: () => ({ data: { pw: btoa('s') } }) as unknown as Secret,
    token: (audience: string, seconds: number) => `token ${audience} ${seconds}`,
  };
  const facts = { podIPs: [], hostIPs: [], allocatable: {} };
  const make = (v: DeepPartial<Volume>, spec: object = {}) =>
    Object.fromEntries(
      [...payloadOf(pod({ name: 'p', spec, metadata: { labels: { x: 'y' } } }), { name: 'v', ...v } as Volume, objects, facts)].map(
        ([k, f]) => [k, `${new TextDecoder().decode(f.data)} ${f.mode.toString(8)}${f.uid === undefined ? '' : ` ${f.uid}`}`],
      ),
    );
  it.each<[DeepPartial<Volume>, Record<string, string>, object?]>([
    [{ configMap: { name: 'cm' } }, { a: '1 644', b: '2 644', bin: '\x00\x01 644' }],
    [
      {
        configMap: {
          name: 'cm',
          defaultMode: 0o400,
          items: [
            { key: 'a', path: 'x/y' },
            { key: 'b', path: 'z', mode: 0o777 },
          ],
        },
      },
      { 'x/y': '1 400', z: '2 777' },
    ],
    [{ configMap: { name: 'no', optional: true } }, {}],
    [{ configMap: { name: 'cm', optional: true, items: [{ key: 'none', path: 'x' }] } }, {}],
    [{ secret: { secretName: 's' } }, { pw: 's 644' }],
    [{ downwardAPI: { items: [{ path: 'l', fieldRef: { fieldPath: 'metadata.labels' } }] } }, { l: 'x="y" 644' }],
    [
      {
        projected: {
          sources: [
            { serviceAccountToken: { path: 'token', audience: 'a', expirationSeconds: 600 } },
            { configMap: { name: 'cm', items: [{ key: 'a', path: 'ca' }] } },
          ],
        },
      },
      { token: 'token a 600 644', ca: '1 644' },
    ],
    [
      { projected: { sources: [{ serviceAccountToken: { path: 't' } }] } },
      { t: 'token  3600 600 7' },
      { securityContext: { runAsUser: 7 } },
    ],
  ])('%j', (v, out, spec) => {
    expect(make(v, spec)).toEqual(out);
  });
  it('name what is missing or not supported', () => {
    expect(() => make({ configMap: { name: 'cm', items: [{ key: 'none', path: 'x' }] } })).toThrow(
      'configmap references non-existent config key: none',
    );
    expect(() => make({ secret: { secretName: 's', items: [{ key: 'none', path: 'x' }] } })).toThrow(
      'references non-existent secret key: none',
    );
    expect(() => make({ projected: { sources: [{ clusterTrustBundle: { path: 'x' } }] } })).toThrow(
      'source clusterTrustBundle is not supported',
    );
  });
});

describe('host paths', () => {
  it.each<[string, string, string | undefined]>([
    ['/dir', 'Directory', undefined],
    ['/dir', 'File', 'hostPath type check failed: /dir is not a file'],
    ['/file', 'File', undefined],
    ['/file', 'Socket', 'hostPath type check failed: /file is not a socket file'],
    ['/none', 'Directory', 'hostPath type check failed: /none is not a directory'],
    ['/new/dir', 'DirectoryOrCreate', undefined],
    ['/dir/new', 'FileOrCreate', undefined],
    ['/none', '', undefined],
    ['/a/../b', '', "invalid HostPath `/a/../b`: must not contain '..'"],
    ['/dir', 'Nonsense', 'Nonsense is an invalid volume type'],
    ['/dir', 'SocketOrCreate', 'SocketOrCreate is an invalid volume type'],
  ])('%s as %s', async (path, type, error) => {
    const f = new MemoryFiles(new VirtualClock());
    await f.mkdir('/dir');
    await f.write('/file', '');
    const result = hostPath(f, { path, type: type as never });
    if (error) await expect(result).rejects.toThrow(error);
    else expect(await result).toBe(path);
    if (type.endsWith('OrCreate') && !error) expect(await f.stat(path)).toBeDefined();
  });
});

describe('mounts of a container', () => {
  async function mounts(volumeMount: object) {
    const f = new MemoryFiles(new VirtualClock());
    await f.mkdir('/vol');
    const binds: string[] = [];
    const mounter = {
      bindInside: async (v: string, a: string, b: string) => void binds.push(`${v} ${a} -> ${b}`),
      mountsUnder: async () => [],
    };
    const p = pod({ name: 'p', containers: [{ volumeMounts: [{ name: 'v', mountPath: '/m', ...volumeMount }] }] });
    const folders = { root: '/k', podLogs: '/l', containerLogs: '/c' };
    const list = await containerMounts(
      { host: { files: f, mounter } as unknown as Host, folders },
      p,
      p.spec.containers[0]!,
      new Map([['v', { path: '/vol', readonly: false }]]),
      [{ name: 'A', value: 'x' }],
      0,
    );
    return { list, binds };
  }

  it('have the volume, the hosts file and a place for last words', async () => {
    const { list } = await mounts({ readOnly: true, mountPropagation: 'Bidirectional' });
    expect(list).toEqual([
      { containerPath: '/m', hostPath: '/vol', readonly: true, propagation: 'bidirectional' },
      { containerPath: '/etc/hosts', hostPath: '/k/pods/uid-p/etc-hosts', readonly: false, propagation: 'private' },
      { containerPath: '/dev/termination-log', hostPath: '/k/pods/uid-p/containers/c/0', readonly: false, propagation: 'private' },
    ]);
  });
  it('leave the hosts file to a container that brings its own', async () => {
    expect((await mounts({ mountPath: '/etc/hosts' })).list.map((m) => m.containerPath)).toEqual(['/etc/hosts', '/dev/termination-log']);
  });
  it('bind sub-paths', async () => {
    const { list, binds } = await mounts({ subPathExpr: 'a/$(A)' });
    expect(binds).toEqual(['/vol a/x -> /k/pods/uid-p/volume-subpaths/v/c/0']);
    expect(list[0]?.hostPath).toBe('/k/pods/uid-p/volume-subpaths/v/c/0');
  });
  it('read the machine’s mounts once, and take away what an earlier start left at their places alone', async () => {
    const f = new MemoryFiles(new VirtualClock());
    await f.mkdir('/vol');
    const base = '/k/pods/uid-p/volume-subpaths';
    const left = [`${base}/v/c/3/deep`, `${base}/v/c/3`, `${base}/v/c/30`, `${base}/v/other/1`];
    let reads = 0;
    const unmounted: string[] = [];
    const mounter = {
      bindInside: async () => {},
      unmount: async (path: string) => void unmounted.push(path),
      mountsUnder: async (path: string) => {
        reads++;
        return left.filter((m) => m.startsWith(`${path}/`));
      },
    };
    const volumeMounts = Array.from({ length: 20 }, (_, i) => ({ name: 'v', mountPath: `/m${i}`, subPath: 'a' }));
    const p = pod({ name: 'p', containers: [{ volumeMounts }] });
    const ctx = { host: { files: f, mounter } as unknown as Host, folders: { root: '/k', podLogs: '/l', containerLogs: '/c' } };
    await containerMounts(ctx, p, p.spec.containers[0]!, new Map([['v', { path: '/vol', readonly: false }]]), [], 0);
    expect([reads, unmounted]).toEqual([1, left.slice(0, 2)]);
  });
  it.each<[string, object, RegExp]>([
    ['an absolute path', { subPath: '/etc' }, /must not be an absolute path/],
    ['steps back', { subPath: 'a/../../etc' }, /must not contain '..'/],
    ['an unknown variable', { subPathExpr: '$(NONE)' }, /missing value for NONE/],
    ['an unknown volume', { name: 'other' }, /cannot find volume "other" to mount into container "c"/],
  ])('refuse %s', async (_, m, error) => {
    await expect(mounts(m)).rejects.toThrow(error);
  });
});
