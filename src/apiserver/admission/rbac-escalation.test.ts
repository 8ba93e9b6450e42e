/** Which of the permissions that a role grants its author does not hold. */
import { describe, expect, it } from 'vitest';
import type { PolicyRule } from '../../api/types/rbac/v1.js';
import { missingOf } from './rbac-escalation.js';

const rule = (verbs: string, groups: string, resources: string, names?: string): PolicyRule => ({
  verbs: verbs.split(','),
  apiGroups: groups.split(','),
  resources: resources.split(','),
  ...(names ? { resourceNames: names.split(',') } : {}),
});
const urls = (verbs: string, list: string): PolicyRule => ({ verbs: verbs.split(','), nonResourceURLs: list.split(',') });
const text = (r: PolicyRule) => [r.verbs, r.apiGroups, r.resources, r.resourceNames, r.nonResourceURLs].filter(Boolean).join(' ');

describe('missing permissions', () => {
  it.each<[string, PolicyRule[], PolicyRule[], string[]]>([
    ['held as it is', [rule('get', '', 'pods')], [rule('get,list', '', 'pods,services')], []],
    ['everything', [rule('get', 'a,b', 'x,y')], [rule('*', '*', '*')], []],
    ['held by several rules together', [rule('get,list', '', 'pods')], [rule('get', '', 'pods'), rule('list', '', 'pods')], []],
    ['one verb is not', [rule('get,delete', '', 'pods')], [rule('get', '', 'pods')], ['delete  pods']],
    ['another group', [rule('get', 'apps', 'pods')], [rule('get', '', 'pods')], ['get apps pods']],
    ['a star is not held by all that there is', [rule('*', '', 'pods')], [rule('get,list,watch', '', 'pods')], ['*  pods']],
    ['a name is held by a rule without names', [rule('get', '', 'pods', 'a')], [rule('get', '', 'pods')], []],
    ['a rule without names is not held by names', [rule('get', '', 'pods')], [rule('get', '', 'pods', 'a')], ['get  pods']],
    ['of two names one', [rule('get', '', 'pods', 'a,b')], [rule('get', '', 'pods', 'a')], ['get  pods b']],
    ['a subresource', [rule('get', '', 'pods/log')], [rule('get', '', 'pods')], ['get  pods/log']],
    ['any subresource of that name', [rule('get', '', 'pods/log')], [rule('get', '', '*/log')], []],
    ['not the resource itself', [rule('get', '', 'pods')], [rule('get', '', '*/')], ['get  pods']],
    ['a path below', [urls('get', '/healthz/x')], [urls('get', '/healthz/*')], []],
    ['a path beside', [urls('get', '/healthz,/metrics')], [urls('get', '/healthz')], ['get /metrics']],
    ['all paths', [urls('get', '*')], [urls('get', '/a/*')], ['get *']],
    ['nothing is wanted', [{ verbs: [], apiGroups: [''], resources: ['pods'] }], [], []],
    ['rules that grant nothing', [{ verbs: ['get'], apiGroups: [''], resources: [] }], [], []],
  ])('%s', (_what, wanted, own, missing) => expect(missingOf(wanted, own)?.map(text)).toEqual(missing));

  it('products beyond measure are not worked out', () => {
    const n = (prefix: string) => Array.from({ length: 100_000 }, (_, i) => `${prefix}${i}`);
    const bomb = { verbs: n('v'), apiGroups: n('g'), resources: n('r'), resourceNames: n('n') };
    expect(missingOf([bomb], [rule('get', '', 'pods')])).toBeUndefined();
    // One who has all of it as it is, or everything, may grant it all the same.
    expect(missingOf([bomb], [rule('*', '*', '*')])).toEqual([]);
    expect(missingOf([bomb], [bomb])).toEqual([]);
  });
});
