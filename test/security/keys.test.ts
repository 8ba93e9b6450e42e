/** Keys that people choose are keys, whatever objects of the language have of themselves. */
import { describe, expect, it } from 'vitest';
import { ask, clusterDoor } from './raw.js';

const door = clusterDoor();

const CM = '/api/v1/namespaces/default/configmaps';
const JSON_TYPE = 'application/json';
/** As JSON text: a literal would set the prototype. */
const DATA = '{"__proto__":"p","constructor":"c","hasOwnProperty":"h","toString":"t","valueOf":"v"}';
const KEYS = ['__proto__', 'constructor', 'hasOwnProperty', 'toString', 'valueOf'];
const whole = (name: string, data = DATA) => `{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"${name}"},"data":${data}}`;
const yaml = (name: string) =>
  `kind: ConfigMap\napiVersion: v1\nmetadata: {name: ${name}}\ndata:\n${Object.entries(JSON.parse(DATA) as object)
    .map(([k, v]) => `  ${k}: ${v}`)
    .join('\n')}\n`;

describe('every way in keeps them', () => {
  it.each([
    ['JSON', 'json', 'POST', '', JSON_TYPE, () => whole('json')],
    ['YAML', 'yaml', 'POST', '', 'application/yaml', (): string => yaml('yaml')],
    ['an update', 'update', 'PUT', '/update', JSON_TYPE, () => whole('update')],
    ['a merge patch', 'merge', 'PATCH', '/merge', 'application/merge-patch+json', (): string => `{"data":${DATA}}`],
    ['a strategic patch', 'strategic', 'PATCH', '/strategic', 'application/strategic-merge-patch+json', (): string => `{"data":${DATA}}`],
    [
      'a JSON patch',
      'jsonpatch',
      'PATCH',
      '/jsonpatch',
      'application/json-patch+json',
      (): string =>
        JSON.stringify([
          { op: 'add', path: '/data', value: {} },
          ...KEYS.map((k) => ({ op: 'add', path: `/data/${k}`, value: k[0] === '_' ? 'p' : k[0] })),
        ]),
    ],
    ['an apply', 'apply', 'PATCH', '/apply?fieldManager=x', 'application/apply-patch+yaml', (): string => whole('apply')],
    [
      'an apply of YAML',
      'applyyaml',
      'PATCH',
      '/applyyaml?fieldManager=x',
      'application/apply-patch+yaml',
      (): string => yaml('applyyaml'),
    ],
  ] as const)('%s', async (_, name, method, path, type, body) => {
    if (method !== 'POST' && !name.startsWith('apply')) await ask(door, { path: CM, body: whole(name, '{"old":"1"}') });
    const done = await ask(door, { path: `${CM}${path}`, method, type, body: body() });
    expect([done.code, done.text]).toEqual([name.startsWith('apply') || method === 'POST' ? 201 : 200, expect.anything()]);
    for (const accept of [JSON_TYPE, 'application/yaml']) {
      const read = await ask(door, { path: `${CM}/${name}`, headers: { accept } });
      for (const key of KEYS) expect(read.text).toMatch(new RegExp(`"?${key}"?: ?["']?${key[0] === '_' ? 'p' : key[0]}["']?`));
    }
    const { metadata } = JSON.parse((await ask(door, { path: `${CM}/${name}` })).text) as { metadata: { managedFields: object[] } };
    for (const key of KEYS) expect(JSON.stringify(metadata.managedFields)).toContain(`"f:${key}":{}`);
  });

  it('an apply gives up one of them', async () => {
    await ask(door, { path: `${CM}/given?fieldManager=x`, method: 'PATCH', type: 'application/apply-patch+yaml', body: whole('given') });
    const left = '{"constructor":"c"}';
    await ask(door, {
      path: `${CM}/given?fieldManager=x`,
      method: 'PATCH',
      type: 'application/apply-patch+yaml',
      body: whole('given', left),
    });
    expect((await ask(door, { path: `${CM}/given` })).text).toContain(`"data":${left}`);
  });
});

it.each([
  [`${CM}?fieldSelector=constructor=x`, 400],
  [`${CM}?fieldSelector=__proto__=x`, 400],
  [`${CM}?fieldSelector=toString!=x`, 400],
  [`${CM}?labelSelector=constructor`, 200],
  ['/api/v1/constructor', 404],
  ['/api/v1/namespaces/default/__proto__', 404],
  ['/apis/constructor/v1/x', 404],
  [`${CM}/json/constructor`, 404],
  [`${CM}/constructor`, 404],
])('%s: %i', async (path, code) => {
  const answer = await ask(door, { path });
  expect(answer.code).toBe(code);
  if (code === 200) expect(JSON.parse(answer.text).items).toEqual([]);
});

it.each(['constructor', '__PROTO__', 'TOSTRING'])('the method %s is none', async (method) => {
  const code = (await ask(door, { path: CM, method }).catch(() => ({ code: 400 }))).code;
  expect([400, 403, 405]).toContain(code);
});
