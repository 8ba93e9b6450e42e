import type { Compare } from '../store.js';
import { compareBytes } from './range.js';
import type { State } from './state.js';
import type { Version } from './version.js';

/**
 * Whether a condition holds at the newest state. Of a range, every key must meet it. Where there is no key, numbers compare as 0 and
 * a value comparison does not hold, whatever it asks: that is etcd's rule.
 */
export function holds(state: State, compare: Compare): boolean {
  let any = false;
  let all = true;
  state.scan(compare, Number.POSITIVE_INFINITY, (v) => {
    any = true;
    all = meets(relation(state, compare, v), compare.result);
    return all;
  });
  if (any) return all;
  return compare.target !== 'value' && meets(relation(state, compare, undefined), compare.result);
}

function relation(state: State, compare: Compare, v: Version | undefined): number {
  switch (compare.target) {
    case 'version':
      return (v?.count ?? 0) - compare.value;
    case 'create':
      return (v?.create ?? 0) - compare.value;
    case 'mod':
      return (v?.mod ?? 0) - compare.value;
    case 'lease': {
      const lease = v?.lease ?? 0n;
      return lease < compare.value ? -1 : lease > compare.value ? 1 : 0;
    }
    case 'value':
      return v === undefined ? 0 : compareBytes(state.values.value(v), compare.value);
  }
}

function meets(relation: number, result: Compare['result']): boolean {
  switch (result) {
    case '=':
      return relation === 0;
    case '!=':
      return relation !== 0;
    case '>':
      return relation > 0;
    case '<':
      return relation < 0;
  }
}
