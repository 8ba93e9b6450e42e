import { expect, it } from 'vitest';
import { withoutPluginChains } from './plugin-chains.js';

const TOP = `*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:CNI-DN-aaa - [0:0]
:CNI-HOSTPORT-DNAT - [0:0]
:CNI-HOSTPORT-MASQ - [0:0]
:CNI-HOSTPORT-SETMARK - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT
-A OUTPUT -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT
-A POSTROUTING -m comment --comment "CNI portfwd requiring masquerade" -j CNI-HOSTPORT-MASQ
-A CNI-DN-aaa -p tcp -m tcp --dport 80 -j CNI-HOSTPORT-SETMARK
`;
const rule = (network: string, chain: string) =>
  `-A CNI-HOSTPORT-DNAT -p tcp -m comment --comment "dnat name: \\"${network}\\" id: \\"x\\"" -m multiport --dports 80 -j ${chain}\n`;

it('takes out the chains of its own network, and the shared ones when they were the last', () => {
  expect(withoutPluginChains(`${TOP}${rule('k8ts', 'CNI-DN-aaa')}COMMIT\n`, 'k8ts')).toEqual([
    '*nat',
    `-D${rule('k8ts', 'CNI-DN-aaa').slice(2).trimEnd()}`,
    '-D PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT',
    '-D OUTPUT -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT',
    '-D POSTROUTING -m comment --comment "CNI portfwd requiring masquerade" -j CNI-HOSTPORT-MASQ',
    ...['-F', '-X'].flatMap((op) =>
      ['CNI-DN-aaa', 'CNI-HOSTPORT-DNAT', 'CNI-HOSTPORT-MASQ', 'CNI-HOSTPORT-SETMARK'].map((c) => `${op} ${c}`),
    ),
    'COMMIT',
    '',
  ]);
});

it('leaves what others on the machine use', () => {
  const saved = `${TOP}:CNI-DN-bbb - [0:0]\n${rule('k8ts', 'CNI-DN-aaa')}${rule('podman', 'CNI-DN-bbb')}COMMIT\n`;
  expect(withoutPluginChains(saved, 'k8ts')).toEqual([
    '*nat',
    `-D${rule('k8ts', 'CNI-DN-aaa').slice(2).trimEnd()}`,
    '-F CNI-DN-aaa',
    '-X CNI-DN-aaa',
    'COMMIT',
    '',
  ]);
  expect(withoutPluginChains(`${TOP}${rule('podman', 'CNI-DN-aaa')}COMMIT\n`, 'k8ts')).toEqual([]);
  expect(withoutPluginChains('*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n', 'k8ts')).toEqual([]);
});
