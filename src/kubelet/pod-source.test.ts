import { describe, expect, it } from 'vitest';
import { FakeApi } from '../../test/kubelet/fake-client.js';
import { pod } from '../../test/kubelet/simulated.js';
import type { Pod } from '../api/types/core/v1.js';
import { StatusError } from '../meta/errors.js';
import { silentLogger } from '../util/logger.js';
import { seededRandom } from '../util/random.js';
import { VirtualClock } from '../util/virtual-clock.js';
import { ApiPodSource, type PodHandler, type PodSource, SharedPodSource } from './pod-source.js';
import { CONFIG_HASH, CONFIG_SOURCE, isStatic } from './pods.js';

function setUp() {
  const clock = new VirtualClock();
  const env = { clock, random: seededRandom(1), log: silentLogger };
  const api = new FakeApi(env);
  return { clock, env, api, client: api.client() };
}

function recorder(): PodHandler & { seen: string[] } {
  const seen: string[] = [];
  return {
    seen,
    upsert: (p) => void seen.push(`+${p.metadata.name}`),
    remove: (p) => void seen.push(`-${p.metadata.name}`),
    synced: () => void seen.push('synced'),
  };
}

const at = (name: string, nodeName: string) => pod({ name, spec: { nodeName } });

describe.each<[string, (s: ReturnType<typeof setUp>) => PodSource]>([
  ['of one node', ({ client, env }) => new ApiPodSource(client, env)],
  ['shared by many', ({ client, env }) => new SharedPodSource(client, env)],
])('a pod source %s', (_, make) => {
  it('tells what is there, what comes and what goes, of its node alone', async () => {
    const s = setUp();
    s.api.put(at('a', 'n1'));
    s.api.put(at('x', 'n2'));
    const source = make(s);
    const stop = new AbortController();
    const [one, two] = [recorder(), recorder()];
    const following = [source.follow('n1', one, stop.signal), source.follow('n2', two, stop.signal)];
    await s.clock.advance(1);
    s.api.put(at('b', 'n1'));
    await s.clock.advance(1);
    await s.client.delete({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'a' }, { gracePeriodSeconds: 0 });
    await s.clock.advance(1);
    expect(one.seen).toEqual(['+a', 'synced', '+b', '-a']);
    expect(two.seen).toEqual(['+x', 'synced']);
    stop.abort();
    await Promise.all(following);
    expect(s.clock.pending).toBe(0);
  });

  it('says itself where its pods come from, whatever their annotations say', async () => {
    const s = setUp();
    const forged = at('forged', 'n1');
    s.api.put({ ...forged, metadata: { ...forged.metadata, annotations: { [CONFIG_SOURCE]: 'file', [CONFIG_HASH]: 'u' } } });
    const source = make(s);
    const stop = new AbortController();
    const seen: boolean[] = [];
    const told = (p: Pod) => void seen.push(isStatic(p));
    const following = source.follow('n1', { upsert: told, remove: told, synced: () => undefined }, stop.signal);
    await s.clock.advance(1);
    await s.client.delete({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'forged' }, { gracePeriodSeconds: 0 });
    await s.clock.advance(1);
    expect(seen).toEqual([false, false]);
    stop.abort();
    await following;
  });

  it('begins anew after a failure, and tells what went meanwhile', async () => {
    const s = setUp();
    s.api.failures.set('list Pod', new StatusError(503, 'ServiceUnavailable', 'down'));
    const source = make(s);
    const stop = new AbortController();
    const one = recorder();
    const following = source.follow('n1', one, stop.signal);
    await s.clock.advance(500);
    expect(one.seen).toEqual([]);
    s.api.failures.clear();
    s.api.put(at('a', 'n1'));
    await s.clock.advance('10s');
    expect(one.seen).toEqual(['+a', 'synced']);
    stop.abort();
    await following;
  });
});

describe('a shared source', () => {
  it('tells a late node what is known', async () => {
    const s = setUp();
    s.api.put(at('a', 'n1'));
    s.api.put(at('b', 'n2'));
    const source = new SharedPodSource(s.client, s.env);
    const stop = new AbortController();
    const first = source.follow('n1', recorder(), stop.signal);
    await s.clock.advance(1);
    const late = recorder();
    const second = source.follow('n2', late, stop.signal);
    expect(late.seen).toEqual(['+b', 'synced']);
    expect(s.api.calls.filter((c) => c === 'list Pod')).toHaveLength(1);
    stop.abort();
    await Promise.all([first, second]);
  });
});
