/** An applied configuration laid over the live object: what it names wins, what it does not name stays; lists keep their order as well as both can. */
import { getOwn, setOwn } from '../../util/own.js';
import { elementOf, isObject, type Json, memberOf, type Plan } from './plan.js';

export const merge = (plan: Plan, live: Json, applied: Json): Json => (mergeValue(plan, live, applied) as Json | undefined) ?? {};

/** Undefined: absent. The result shares what did not change. */
function mergeValue(plan: Plan, live: unknown, applied: unknown): unknown {
  if (applied === undefined) return live;
  if (plan.is === 'leaf') return applied;
  if (plan.is === 'list') {
    const l = Array.isArray(live) ? live : [];
    const a = Array.isArray(applied) ? applied : [];
    if ((!l.length && !a.length) || (applied !== null && !Array.isArray(applied))) return applied;
    const merged = mergeItems(plan, l, a);
    return merged.length ? merged : undefined;
  }
  const l = isObject(live) ? live : {};
  const a = isObject(applied) ? applied : {};
  if ((!Object.keys(l).length && !Object.keys(a).length) || (applied !== null && !isObject(applied))) return applied;
  const out: Json = { ...l };
  for (const name of Object.keys(a)) {
    if (a[name] === undefined) continue;
    const merged = mergeValue(memberOf(plan, name)?.plan ?? { is: 'leaf' }, getOwn(l, name), a[name]);
    if (merged === undefined) delete out[name];
    else setOwn(out, name, merged);
  }
  return out;
}

function mergeItems(plan: Extract<Plan, { is: 'list' }>, live: readonly unknown[], applied: readonly unknown[]): unknown[] {
  const right = new Map<string, unknown>();
  const rightOrder: string[] = [];
  for (const item of applied) {
    // What was applied has the shape of its type (check.ts): every item has a key of its own.
    const element = elementOf(plan.keys, item);
    if (element === undefined) throw new Error('an applied item has no key: the configuration was not checked');
    right.set(element, item);
    rightOrder.push(element);
  }
  const left = new Map<string, unknown>();
  const leftOrder = live.map((item, i) => {
    const element = elementOf(plan.keys, item) ?? `\0${i}`;
    // The same key twice in the live object: neither is merged with, both go when the key is applied.
    left.set(element, left.has(element) ? undefined : item);
    return element;
  });
  const shared = rightOrder.filter((e) => left.has(e));
  let firstShared = 0;
  const done = new Set<string>();
  const out: unknown[] = [];
  const take = (element: string): void => {
    done.add(element);
    out.push(mergeValue(plan.of, left.get(element), right.get(element)));
    if (shared[firstShared] === element) firstShared++;
  };
  // Both in step; items that only the live object has stay in front of the shared item that follows them.
  for (let l = 0, r = 0; l < leftOrder.length || r < rightOrder.length; ) {
    const a = leftOrder[l];
    const b = rightOrder[r];
    if (a !== undefined && b !== undefined) {
      if (a === b) {
        take(a);
        l++;
        r++;
        continue;
      }
      if (right.has(a) && firstShared < shared.length && shared[firstShared] !== a) {
        l++;
        continue;
      }
    }
    if (a !== undefined) {
      if (!right.has(a)) {
        out.push(live[l]);
        l++;
        continue;
      }
      if (done.has(a)) l++;
    }
    if (b !== undefined) {
      take(b);
      r++;
    }
  }
  return out;
}
