import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NetworkProbes } from './probes.js';

const HOST = '127.0.0.1';
const probes = new NetworkProbes();
let web: http.Server;
let silent: net.Server;
const portOf = (s: net.Server): number => (s.address() as AddressInfo).port;
const listening = <S extends net.Server>(s: S): Promise<S> => new Promise((resolve) => s.listen(0, HOST, () => resolve(s)));

beforeAll(async () => {
  web = await listening(http.createServer((_req, res) => setTimeout(() => res.end('well'), 50)));
  silent = await listening(net.createServer(() => undefined));
});
afterAll(() => {
  web.closeAllConnections();
  web.close();
  silent.close();
});

describe('the time a probe has', () => {
  // What setTimeout cannot count, it fires at once.
  const LONGEST = 2 ** 31 * 1000;
  const get = (port: number, timeoutMs: number) =>
    probes.http({ scheme: 'HTTP', host: HOST, port, path: '/', headers: [], userAgent: 'kube-probe/1.36', timeoutMs });

  it('may be any that a Pod can say', async () => {
    expect(await get(portOf(web), LONGEST)).toMatchObject({ status: 200 });
    await probes.tcp(HOST, portOf(silent), LONGEST);
  });
  it('ends it', async () => {
    await expect(get(portOf(silent), 20)).rejects.toThrow('awaiting headers');
  });
});
