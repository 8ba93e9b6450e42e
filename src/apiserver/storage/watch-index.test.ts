import { describe, expect, it } from 'vitest';
import type { AnyObject } from '../../meta/object.js';
import { seededRandom } from '../../util/random.js';
import { ResourceCache } from './cache.js';
import { Entry, serialize } from './entry.js';
import type { Selection } from './selection.js';

type Placed = AnyObject & { spec: { nodeName: string } };

const nodeOf = (e: Entry): string => (e.object as Placed).spec.nodeName;
const pod = (name: string, revision: number, nodeName: string, namespace = 'ns') =>
  new Entry(
    `/registry/pods/${namespace}/${name}`,
    namespace,
    name,
    revision,
    serialize({ kind: 'Pod', apiVersion: 'v1', metadata: { name, namespace }, spec: { nodeName } } as unknown as AnyObject),
  );
const onNode = (value: string, asked = () => {}, namespace = ''): Selection => ({
  namespace,
  matches: (o) => {
    asked();
    return (o as Placed).spec.nodeName === value;
  },
  pin: { field: 'spec.nodeName', value, of: nodeOf },
  text: `spec.nodeName=${value}`,
});
const cache = () => new ResourceCache('/registry/pods/', 0, undefined, ['spec.nodeName']);
const follow = (c: ResourceCache, selection: Selection, since?: number): string[] => {
  const got: string[] = [];
  c.watch(selection, since, 0).listen(
    (i) => {
      got.push(i.type === 'BOOKMARK' ? i.type : `${i.type} ${i.entry.name} ${i.revision}`);
      return true;
    },
    () => undefined,
  );
  return got;
};

describe('watches by what they select', () => {
  it('an event asks those alone that may select it, and those that select alike once', () => {
    const c = cache();
    let asked = 0;
    const count = () => void asked++;
    const got = Array.from({ length: 300 }, (_, i) => follow(c, onNode(`n${i % 100}`, count), 0));
    c.apply('put', pod('a', 1, 'n7'));
    expect(asked).toBe(1);
    expect(got.filter((g) => g.length)).toEqual(Array(3).fill(['ADDED a 1']));
  });

  it('an object that moves is told to those it leaves and those it comes to', () => {
    const c = cache();
    const [one, two] = [follow(c, onNode('one'), 0), follow(c, onNode('two'), 0)];
    c.apply('put', pod('a', 1, 'one'));
    c.apply('put', pod('a', 2, 'two'));
    c.apply('delete', pod('a', 3, 'two'));
    expect([one, two]).toEqual([
      ['ADDED a 1', 'DELETED a 2'],
      ['ADDED a 2', 'DELETED a 3'],
    ]);
  });

  it('nothing is left of watches that ended', () => {
    const c = cache();
    const selections: Selection[] = [onNode('a'), onNode('a'), { namespace: 'ns' }, { namespace: '' }, { namespace: 'ns', text: '' }];
    const watches = selections.map((s) => c.watch(s, 0, 0));
    expect(c.watcherCount).toBe(5);
    for (const w of watches) w.close();
    expect(c.watcherCount).toBe(0);
    const { groups, groupOf, everywhere, byNamespace, byField } = (c as unknown as { watches: Record<string, Map<unknown, unknown>> })
      .watches;
    expect([groups, groupOf, everywhere, byNamespace, byField].map((m) => m!.size)).toEqual([0, 0, 0, 0, 0]);
  });

  it('tells everyone what a filter over all changes would', () => {
    const random = seededRandom(3);
    const pick = (of: readonly string[]): string => of[Math.floor(random.float() * of.length)]!;
    const c = cache();
    const plain = new ResourceCache('/registry/pods/', 0);
    const selections: Selection[] = ['x', 'y', 'z'].flatMap((n) => ['', 'ns', 'other'].map((ns) => onNode(n, undefined, ns)));
    selections.push({ namespace: '', text: '' }, { namespace: 'ns', text: '' });
    const got = selections.map((s) => follow(c, s, 0));
    const want = selections.map(({ namespace, matches }) => follow(plain, { namespace, matches }, 0));
    for (let revision = 1; revision < 2000; revision++) {
      const [name, ns] = [pick(['a', 'b', 'c']), pick(['ns', 'other'])];
      const previous = c.get(`/registry/pods/${ns}/${name}`);
      const gone = previous && random.float() < 0.3;
      for (const each of [c, plain]) {
        if (gone) each.apply('delete', previous.deletedAt(revision));
        else each.apply('put', pod(name, revision, pick(['x', 'y', 'z']), ns));
      }
    }
    // The two caches drew nodes of their own: each must agree with its own history.
    expect(got.map((g) => g.length > 0)).toEqual(want.map((g) => g.length > 0));
    for (const [i, s] of selections.entries()) expect(got[i]).toEqual(follow(c, { namespace: s.namespace, matches: s.matches }, 0));
  });
});

describe('lists by the value of an indexed field', () => {
  it('hold what a filter would choose, in order, through every change', () => {
    const random = seededRandom(5);
    const c = cache();
    const pin = (value: string) => onNode(value).pin!;
    const names = (value: string): string[] => {
      const out: string[] = [];
      c.present(pin(value)).scan('', undefined, (e) => void out.push(`${e.name}@${e.revision}`));
      return out;
    };
    c.apply('put', pod('first', 1, 'x'));
    expect(names('x')).toEqual(['first@1']);
    for (let revision = 2; revision < 1500; revision++) {
      const name = `p${Math.floor(random.float() * 40)}`;
      const last = c.get(`/registry/pods/ns/${name}`);
      if (last && random.float() < 0.3) c.apply('delete', last.deletedAt(revision));
      else c.apply('put', pod(name, revision, ['x', 'y', ''][Math.floor(random.float() * 3)]!));
    }
    for (const value of ['x', 'y', '', 'none']) {
      const want = c.list('').filter((e) => nodeOf(e) === value);
      expect(names(value)).toEqual(want.map((e) => `${e.name}@${e.revision}`));
    }
  });
});

describe('a state that a list goes on from', () => {
  const names = (c: ResourceCache, revision: number): string[] | undefined => {
    const view = c.at(revision);
    if (!view) return undefined;
    const out: string[] = [];
    view.scan('', undefined, (e) => void out.push(`${e.name}@${e.revision}`));
    return out;
  };

  it('stays as it was while objects come, change and go', () => {
    const c = cache();
    for (const [i, n] of ['a', 'b', 'c'].entries()) c.apply('put', pod(n, i + 1, ''));
    c.keep(3);
    c.apply('put', pod('a', 4, 'x'));
    c.apply('delete', c.get('/registry/pods/ns/b')!.deletedAt(5));
    c.apply('put', pod('d', 6, ''));
    expect(names(c, 3)).toEqual(['a@1', 'b@2', 'c@3']);
    expect(names(c, 4)).toBeUndefined();
  });

  it('goes when too much is only there for it, when newer ones are wanted, and when nobody asks', () => {
    const c = cache();
    c.apply('put', pod('a', 1, 'x'.repeat(1_000_000)));
    c.keep(1);
    for (let r = 2; r < 30; r++) c.apply('put', pod('a', r, 'x'.repeat(1_000_000)));
    expect(c.at(1)).toBeUndefined();
    for (let r = 30; r < 36; r++) c.keep(r);
    expect([29, 30, 31, 32, 33, 34, 35].filter((r) => c.at(r))).toEqual([32, 33, 34, 35]);
    c.forgetUnused();
    expect(c.at(33)).toBeDefined();
    c.forgetUnused();
    expect([32, 33, 34, 35].filter((r) => c.at(r))).toEqual([33]);
  });
});
