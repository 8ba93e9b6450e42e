import { expect, it } from 'vitest';
import { covers } from './authorize/rbac.js';
import { duplicateFields, inDocumentOrder } from './encode/duplicate-fields.js';
import { requestInfo } from './request.js';

it.each([
  ['GET', '/api/v1/pods', 'list  pods   '],
  ['GET', '/api/v1/pods?watch=true', 'watch  pods   '],
  ['GET', '/api/v1/namespaces/ns/pods/a', 'get  pods a  ns'],
  ['DELETE', '/api/v1/namespaces/ns/pods', 'deletecollection  pods   ns'],
  ['PATCH', '/apis/apps/v1/namespaces/ns/deployments/a/scale', 'patch apps deployments a scale ns'],
  ['GET', '/api/v1/namespaces/ns', 'get  namespaces ns  ns'],
  ['PUT', '/api/v1/namespaces/ns/finalize', 'update  namespaces ns finalize ns'],
  ['GET', '/api/v1/namespaces', 'list  namespaces   '],
  ['GET', '/healthz', 'get     '],
  ['GET', '/api/v1/watch/namespaces/ns/pods/a', 'watch  pods a  ns'],
  // Who may watch may not therefore change anything.
  ['POST', '/api/v1/watch/namespaces/ns/serviceaccounts/a/token', 'create  watch namespaces ns '],
  ['GET', '/api/v1/watch/namespaces/ns/pods/a/exec', 'watch  watch   '],
])('%s %s', (method, url, want) => {
  const [path, query] = url.split('?');
  const i = requestInfo({ method, path: path!, query: new URLSearchParams(query), headers: {} });
  expect([i.verb, i.group, i.resource, i.name, i.subresource, i.namespace].join(' ')).toBe(want);
});

const asked = {
  user: { name: 'u', groups: [] },
  verb: 'get',
  isResource: true,
  group: '',
  version: 'v1',
  resource: 'pods',
  subresource: '',
  namespace: 'ns',
  name: 'a',
  path: '',
};
it.each([
  [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }, {}, true],
  [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }, { subresource: 'log' }, true],
  [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }, { subresource: 'log' }, false],
  [{ verbs: ['get'], apiGroups: [''], resources: ['*/log'] }, { subresource: 'log' }, true],
  [{ verbs: ['get'], apiGroups: ['apps'], resources: ['pods'] }, {}, false],
  [{ verbs: ['get'], apiGroups: [''], resources: ['pods'], resourceNames: ['b'] }, {}, false],
  [{ verbs: ['list'], apiGroups: [''], resources: ['pods'], resourceNames: ['a'] }, { verb: 'list', name: '' }, false],
  [{ verbs: ['get'], nonResourceURLs: ['/healthz/*'] }, { isResource: false, path: '/healthz/etcd' }, true],
  [{ verbs: ['get'], nonResourceURLs: ['/healthz/*'] }, { isResource: false, path: '/metrics' }, false],
])('%o covers %o: %s', (rule, a, want) => expect(covers(rule, { ...asked, ...a })).toBe(want));

it.each([
  ['{"a":1,"a":2}', ['a']],
  ['{"a":{"b":1},"c":{"b":1}}', []],
  ['{"s":[{"n":1},{"n":1,"n":2}]}', ['s[1].n']],
  ['{"a":"a\\",\\"a\\":1"}', []],
  ['{"a":1,"\\u0061":2}', ['a']],
])('%s: %o', (json, want) => expect(duplicateFields(json)).toEqual(want));

it('tells doubled and unknown fields in the order of the text', () => {
  const json = '{"spec":{"b":1,"a":1,"a":2,"c":[{"b":1,"b":2}]}}';
  expect(inDocumentOrder(json, new Set(['spec.b', 'spec.c[0].b'])).map(({ path, again }) => `${path}${again ? ' again' : ''}`)).toEqual([
    'spec.b',
    'spec.a again',
    'spec.c[0].b',
    'spec.c[0].b again',
  ]);
});
