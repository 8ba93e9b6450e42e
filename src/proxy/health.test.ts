import { describe, expect, it } from 'vitest';
import { type HealthAnswer, ProxyHealth, ServiceHealth, serviceAnswer, serviceChecks } from './health.js';
import type { ServicePort } from './rules.js';

const port = (name: string, healthCheckNodePort: number | undefined, localReady: string[], externalLocal = true): ServicePort =>
  ({ name, healthCheckNodePort, localReady, externalLocal }) as unknown as ServicePort;

describe('the health of kube-proxy', () => {
  const at = (changes: (h: ProxyHealth, clock: { ms: number; now(): number }) => void) => {
    const clock = { ms: Date.UTC(2026, 0, 1), now: () => clock.ms };
    const h = new ProxyHealth(clock);
    changes(h, clock);
    return h;
  };
  it.each<[string, Parameters<typeof at>[0], number, number]>([
    ['before its first sync', () => {}, 200, 200],
    ['with all in the kernel', (h, c) => h.done(c.ms), 200, 200],
    [
      'with a change that just came',
      (h, c) => {
        h.done(c.ms);
        h.queued();
        c.ms += 59_000;
      },
      200,
      200,
    ],
    [
      'with a change that waits for long',
      (h, c) => {
        h.done(c.ms);
        h.queued();
        c.ms += 60_000;
      },
      503,
      503,
    ],
    [
      'with a change that came while an older state went in',
      (h, c) => {
        const read = c.ms;
        c.ms += 10;
        h.queued();
        h.done(read);
        c.ms += 60_000;
      },
      503,
      503,
    ],
    [
      'on a node that goes',
      (h) => {
        h.nodeEligible = false;
      },
      503,
      200,
    ],
  ])('%s', (_, changes, healthz, livez) => {
    const h = at(changes);
    expect([h.answer('/healthz').status, h.answer('/livez').status]).toEqual([healthz, livez]);
  });
  it("is told in the original's fields", () => {
    const h = at((health, c) => health.done(c.ms));
    const now = '2026-01-01T00:00:00.000Z';
    const rest = { lastUpdated: now, currentTime: now, healthy: true, status: { IPv4: { lastUpdated: now, healthy: true } } };
    expect(JSON.parse(h.answer('/healthz').body)).toEqual({ ...rest, nodeEligible: true });
    expect(JSON.parse(h.answer('/livez').body)).toEqual(rest);
    expect(h.answer('/').status).toBe(404);
  });
});

describe('health checks of Services', () => {
  it('count each ready endpoint of this node once', () => {
    const checks = serviceChecks([
      port('ns/web:http', 30001, ['a', 'b']),
      port('ns/web:https', 30001, ['b']),
      port('ns/none', 30002, []),
      port('ns/all', 30003, ['a'], false),
      port('ns/inside', undefined, ['a']),
    ]);
    expect([...checks]).toEqual([
      [30001, { namespace: 'ns', name: 'web', endpoints: 2 }],
      [30002, { namespace: 'ns', name: 'none', endpoints: 0 }],
    ]);
  });
  it.each<[number, boolean, number]>([
    [2, true, 200],
    [0, true, 503],
    [2, false, 503],
  ])('%i endpoints, proxy healthy: %s', (endpoints, healthy, status) => {
    const answer = serviceAnswer({ namespace: 'ns', name: 'web', endpoints }, healthy);
    expect(answer.status).toBe(status);
    expect(answer.headers).toEqual({
      'content-type': 'application/json',
      'x-content-type-options': 'nosniff',
      'x-load-balancing-endpoint-weight': String(endpoints),
    });
    expect(answer.body).toBe(
      `{\n\t"service": {\n\t\t"namespace": "ns",\n\t\t"name": "web"\n\t},\n\t"localEndpoints": ${endpoints},\n\t"serviceProxyHealthy": ${healthy}\n}`,
    );
  });
  it('open and close with their Services; one that cannot be opened is tried again', async () => {
    const open = new Map<number, (path: string) => HealthAnswer>();
    let taken = true;
    const failed: number[] = [];
    const listener = {
      async listen(p: number, answer: (path: string) => HealthAnswer) {
        if (taken && p === 30002) throw new Error('taken');
        open.set(p, answer);
        return { close: async () => void open.delete(p) };
      },
    };
    const s = new ServiceHealth(listener, new ProxyHealth({ now: () => 0 }), (p) => failed.push(p));
    await s.sync([port('ns/a', 30001, ['x']), port('ns/b', 30002, [])]);
    expect([[...open.keys()], failed, s.ports]).toEqual([[30001], [30002], [30001]]);
    taken = false;
    await s.sync([port('ns/a', 30001, []), port('ns/b', 30002, ['x'])]);
    expect([...open].map(([p, answer]) => [p, answer('/').status])).toEqual([
      [30001, 503],
      [30002, 200],
    ]);
    await s.sync([port('ns/b', 30002, ['x'])]);
    expect([...open.keys()]).toEqual([30002]);
    expect(s.ports).toEqual([30002]);
    await s.stop();
    expect(open.size).toBe(0);
  });
});
