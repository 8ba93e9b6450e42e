/** Who may do what: users and roles kept with the store, tokens, and the answer for each call. Off until it is enabled. */
import { maintenanceOf } from '../../store/maintenance.js';
import type { KeyRange, Store } from '../../store/store.js';
import { AtMost } from '../../util/at-most.js';
import type { Env } from '../../util/component.js';
import type { Caller } from '../grpc/router.js';
import { errors, notDone } from '../grpc/status.js';
import type { Change } from './changes.js';
import { BCRYPT_COST, hashPassword, isPassword } from './password.js';
import { KeyRanges } from './ranges.js';
import { AUTH_NOTE, type AuthState, PermissionType, ROOT, readAuthState, writeAuthState } from './state.js';
import { Tokens } from './tokens.js';

export interface AuthOptions {
  /** Seconds that a token lives unused. */
  readonly tokenTtl: number;
  readonly bcryptCost: number;
}

export const DEFAULT_AUTH: AuthOptions = { tokenTtl: 300, bcryptCost: BCRYPT_COST.default };

interface Rights {
  readonly root: boolean;
  readonly read: KeyRanges;
  readonly write: KeyRanges;
}

export class Auth {
  private state_: AuthState;
  /** What each user may, worked out when it is first asked for; thrown away with each change. */
  private readonly rights = new Map<string, Rights>();
  private readonly tokens: Tokens;
  private readonly changes = new AtMost(1);
  /** Two at once would take no less time, and the others wait twice as long for their turn. */
  private readonly hashing = new AtMost(1);

  constructor(
    private readonly store: Store,
    private readonly env: Env,
    private readonly options: AuthOptions,
  ) {
    this.state_ = readAuthState(maintenanceOf(store)?.note(AUTH_NOTE));
    this.tokens = new Tokens(env.clock, env.random, options.tokenTtl * 1000);
  }

  get state(): AuthState {
    return this.state_;
  }

  /** False: every caller may do everything, and nothing else here needs to be asked. */
  get enabled(): boolean {
    return this.state_.enabled;
  }

  /** Makes a change durable, then lets it count. One at a time. */
  change(change: Change): Promise<void> {
    return this.changes.run(() => this.apply(change));
  }

  /** The bcrypt hash to keep for a password. */
  hash(password: string): Promise<Uint8Array> {
    return this.hashing.run(() => hashPassword(password, this.options.bcryptCost, this.env.random));
  }

  /** A token for a user who knows the password. */
  async authenticate(name: string, password: string): Promise<string> {
    for (;;) {
      const { enabled, revision, users } = this.state_;
      if (!enabled) throw errors.authNotEnabled();
      const user = users.get(name);
      if (!user) throw errors.authFailed();
      if (user.options?.noPassword) throw errors.noPasswordUser();
      if (!(await this.hashing.run(() => isPassword(password, user.password)))) throw errors.authFailed();
      // A change since then may be about this very user.
      if (this.state_.revision === revision && this.state_.enabled) return this.tokens.make(name);
    }
  }

  /** Tokens of the user are good no more. */
  forget(name: string): void {
    this.tokens.forget(name);
  }

  /** The user who calls; undefined where the call does not say. Throws where its token is not one of ours. */
  userOf(caller: Caller): string | undefined {
    const { token } = caller;
    if (token === undefined) return caller.commonName;
    const user = this.tokens.use(token);
    if (user === undefined) throw errors.invalidAuthToken();
    return user;
  }

  needUser(caller: Caller): void {
    if (this.enabled && !this.userOf(caller)) throw errors.userEmpty();
  }

  needRoot(caller: Caller): void {
    if (!this.enabled) return;
    const name = this.userOf(caller);
    if (!name) throw errors.userEmpty();
    if (!this.state_.users.has(name)) throw errors.userNotFound();
    if (!this.isRoot(name)) throw errors.permissionDenied();
  }

  isRoot(name: string | undefined): boolean {
    return name !== undefined && this.rightsOf(name).root;
  }

  /** Throws unless the user may do that with every key of the range. */
  need(name: string | undefined, what: 'read' | 'write', range: KeyRange): void {
    if (!this.enabled) return;
    if (!name) throw errors.userEmpty();
    const rights = this.rightsOf(name);
    if (!rights.root && !rights[what].holds(range)) throw errors.permissionDenied();
  }

  private async apply(change: Change): Promise<void> {
    const kept = maintenanceOf(this.store);
    if (!kept) throw notDone('users and roles are kept by the store, and this one is not kept here; ask the etcd that keeps it');
    const next = change(this.state_);
    if (next === this.state_) return;
    await kept.setNote(AUTH_NOTE, writeAuthState(next));
    if (this.state_.enabled && !next.enabled) this.tokens.clear();
    this.state_ = next;
    this.rights.clear();
  }

  private rightsOf(name: string): Rights {
    const known = this.rights.get(name);
    if (known) return known;
    const user = this.state_.users.get(name);
    if (!user) return NO_RIGHTS;
    const permissions = user.roles.flatMap((role) => this.state_.roles.get(role)?.keyPermission ?? []);
    const ranges = (type: number) =>
      new KeyRanges(
        permissions
          .filter((p) => p.permType === type || p.permType === PermissionType.readWrite)
          .map(({ key, rangeEnd }) => (rangeEnd === '' ? { key } : { key, end: rangeEnd })),
      );
    const rights = { root: user.roles.includes(ROOT), read: ranges(PermissionType.read), write: ranges(PermissionType.write) };
    this.rights.set(name, rights);
    return rights;
  }
}

const NO_RIGHTS: Rights = { root: false, read: new KeyRanges([]), write: new KeyRanges([]) };
