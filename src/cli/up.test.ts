import { describe, expect, it } from 'vitest';
import { etcdUrl } from './up.js';

describe('--etcd-listen', () => {
  it.each<[string, string | RegExp]>([
    ['127.0.0.1:2379', 'https://127.0.0.1:2379/'],
    ['https://0.0.0.0:2379', 'https://0.0.0.0:2379/'],
    ['10.0.0.1:2379', 'https://10.0.0.1:2379/'],
    ['http://127.0.0.1:2379', 'http://127.0.0.1:2379/'],
    ['http://localhost:2379', 'http://localhost:2379/'],
    ['http://[::1]:2379', 'http://[::1]:2379/'],
    ['http://0.0.0.0:2379', /would give every Secret .* use https:\/\/0\.0\.0\.0:2379/],
    ['http://127.0.0.1.example.com:2379', /would give every Secret/],
    ['http://2130706433:2379', 'http://127.0.0.1:2379/'],
    ['unix:///x', /only https and http/],
    ['https://u:p@127.0.0.1:2379', /host and port alone/],
    ['127.0.0.1:2379/x', /host and port alone/],
    ['127.0.0.1:port', /not an address/],
  ])('%s', (given, right) => {
    if (typeof right === 'string') expect(etcdUrl(given).href).toBe(right);
    else expect(() => etcdUrl(given)).toThrow(right);
  });
});
