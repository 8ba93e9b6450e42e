import { expect, it } from 'vitest';
import { ownPortsText, parseOwnPorts } from './own-ports.js';

it('is written and read', () => {
  const ports = [
    { protocol: 'TCP', port: 6443, holder: 'kube-apiserver' },
    { protocol: 'UDP', port: 53, holder: 'dns' },
  ];
  expect(ownPortsText(ports)).toBe('TCP/6443=kube-apiserver,UDP/53=dns');
  expect(parseOwnPorts(ownPortsText(ports))).toEqual(ports);
});

it.each([undefined, '', 'x', 'TCP/=a', 'TCP/1', 'ICMP/1=a', 'TCP/123456=a', 'TCP/1=a b', ' TCP/1=a'])('%j holds no port', (text) => {
  expect(parseOwnPorts(text)).toEqual([]);
});
