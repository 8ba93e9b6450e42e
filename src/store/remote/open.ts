/** Opens a store that an etcd cluster (3.4 or later) keeps. */
import type { Env } from '../../util/component.js';
import type { RemoteTls } from './member.js';
import { Members } from './members.js';
import { RemoteStore } from './store.js';

export interface RemoteStoreOptions {
  /** `http://host:2379` or `https://…`: members of one cluster. Those that fail are left for the others. */
  readonly endpoints: readonly string[];
  readonly tls?: RemoteTls;
  /** Where etcd's authentication is on and the certificate does not say who we are. */
  readonly user?: { readonly name: string; readonly password: string };
  readonly env: Env;
  /** A connection that does not stand after this is tried at another member; 2 s. */
  readonly dialTimeoutMs?: number;
  /** Every request, with all that is repeated; 10 s. */
  readonly requestTimeoutMs?: number;
  /** How long an etcd that cannot be reached is waited for at first; 10 s. */
  readonly openTimeoutMs?: number;
}

/** Throws where no member answers in `openTimeoutMs`, with what to check. */
export async function openRemoteStore(o: RemoteStoreOptions): Promise<RemoteStore> {
  const { endpoints, tls, env, dialTimeoutMs = 2000, requestTimeoutMs = 10_000, openTimeoutMs = 10_000 } = o;
  if (endpoints.length === 0) throw new Error('no etcd endpoint: write at least one, like http://127.0.0.1:2379');
  if (!tls?.certificate !== !tls?.key) throw new Error('a client certificate for etcd needs its key, and the key its certificate');
  const members = new Members({ endpoints, tls, user: o.user, env, dialTimeoutMs, requestTimeoutMs });
  const store = new RemoteStore(members, env, requestTimeoutMs);
  try {
    if (!(await members.connected(env.clock.now() + openTimeoutMs))) throw await members.unreachable();
    await store.latest();
    return store;
  } catch (e) {
    await store.close();
    throw e;
  }
}
