/** What the client port answers over plain HTTP: /health, /livez, /readyz, /version, /metrics. */
import { maintenanceOf } from '../store/maintenance.js';
import { Alarm, alarmName } from './alarms.js';
import { ETCD_CLUSTER_VERSION, ETCD_VERSION, type EtcdContext } from './context.js';
import { metrics, type Traffic } from './metrics.js';

export interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const TEXT = 'text/plain; charset=utf-8';

/** `target`: the path, and what follows its question mark. */
export async function page(c: EtcdContext, method: string, target: string, traffic: Traffic): Promise<Page> {
  const { pathname, searchParams } = new URL(target, 'http://etcd');
  const known = PAGES.get(pathname);
  if (!known) return error(404, '404 page not found');
  if (method !== 'GET' && method !== 'HEAD') return { ...error(405, 'Method Not Allowed'), headers: { allow: 'GET' } };
  return known(c, searchParams, traffic);
}

const error = (status: number, text: string): Page => ({ status, type: TEXT, body: `${text}\n` });

/** What can be wrong; the text says how. */
type Check = (c: EtcdContext) => Promise<string | undefined>;

/** With one member a linearizable read is one from the store. */
const readable: Check = async (c) => {
  try {
    await c.store.range({ key: '\0', limit: 1, keysOnly: true });
    return undefined;
  } catch (e) {
    return `range error: ${(e as Error).message}`;
  }
};

const CHECKS: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  '/livez': { serializable_read: readable },
  '/readyz': {
    data_corruption: async (c) => (c.alarms.list.includes(Alarm.corrupt) ? 'alarm activated: CORRUPT' : undefined),
    serializable_read: readable,
    linearizable_read: readable,
    non_learner: async () => undefined,
  },
};

type Answer = (c: EtcdContext, query: URLSearchParams, traffic: Traffic) => Promise<Page>;

/** The page of some checks; `?exclude=` leaves one out, `?verbose` lists them. */
const checked =
  (checks: Readonly<Record<string, Check>>): Answer =>
  async (c, query) => {
    const left = new Set(query.getAll('exclude'));
    const results = await Promise.all(
      Object.entries(checks)
        .filter(([name]) => !left.has(name))
        .map(async ([name, check]) => ({ name, failure: await check(c) })),
    );
    const lines = results
      .map(({ name, failure }) => (failure === undefined ? `[+]${name} ok\n` : `[-]${name} failed: ${failure}\n`))
      .join('');
    if (results.some((r) => r.failure !== undefined)) return error(503, lines);
    return { status: 200, type: TEXT, body: `${query.has('verbose') ? lines : ''}ok\n` };
  };

const health: Answer = async (c, query) => {
  const left = new Set(query.getAll('exclude'));
  const alarm = c.alarms.list.map(alarmName).find((name) => name !== undefined && !left.has(name));
  const failure = maintenanceOf(c.store)?.failure ? 'the store cannot write any more' : await readable(c);
  const reason = alarm !== undefined ? `ALARM ${alarm}` : (failure ?? '');
  const body = JSON.stringify({ health: String(reason === ''), reason });
  return reason === '' ? { status: 200, type: TEXT, body } : error(503, body);
};

const version: Answer = async () => ({
  status: 200,
  type: 'application/json',
  body: JSON.stringify({ etcdserver: ETCD_VERSION, etcdcluster: ETCD_CLUSTER_VERSION, storage: ETCD_CLUSTER_VERSION }),
});

const PAGES: ReadonlyMap<string, Answer> = new Map<string, Answer>([
  ['/health', health],
  ['/version', version],
  [
    '/metrics',
    async (c, _, traffic) => ({ status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body: await metrics(c, traffic) }),
  ],
  ...Object.entries(CHECKS).flatMap(([path, checks]): [string, Answer][] => [
    [path, checked(checks)],
    ...Object.entries(checks).map(([name, check]): [string, Answer] => [`${path}/${name}`, checked({ [name]: check })]),
  ]),
]);
