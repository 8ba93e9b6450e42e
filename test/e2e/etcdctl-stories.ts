/** What is asked of an etcd, command by command. Each story has a server of its own. */
import type { Step } from './etcdctl-run.js';

export interface Story {
  readonly name: string;
  /** Bytes of `--quota-backend-bytes`, where the story needs one. */
  readonly quota?: number;
  readonly steps: readonly Step[];
}

const run = (line: string, input?: string): Step => ({
  args: line.split(' ').map((word) => (word === "''" ? '' : word)),
  ...(input !== undefined ? { input } : {}),
});
const as = (who: string, line: string): Step => run(`--user ${who} ${line}`);
const root = (line: string): Step => as('root:pw', line);
const ann = (line: string): Step => as('ann:ann', line);

const accounts: Story = {
  name: 'users-and-roles',
  steps: [
    run('auth enable'),
    run('auth disable'),
    run('user list'),
    run('role list'),
    run('user add ann:secret'),
    run('user add ann:secret'),
    run('user add ben --no-password'),
    run('user add cid --interactive=false', 'pass\n'),
    run('user list'),
    run('user get ann'),
    run('user get nobody'),
    run('role add reader'),
    run('role add reader'),
    run('role add writer'),
    run('role grant-permission reader read a'),
    run('role grant-permission reader read pre/ --prefix=true'),
    run('role grant-permission reader read from --from-key=true'),
    run('role grant-permission reader write r1 r5'),
    run('role grant-permission reader readwrite r1 r5'),
    run('role grant-permission reader read z a'),
    run('role grant-permission nobody read a'),
    run('role get reader'),
    run('role get reader -w json'),
    run('role get nobody'),
    run('role revoke-permission reader a'),
    run('role revoke-permission reader a'),
    run('role revoke-permission reader pre/ --prefix=true'),
    run('role get reader'),
    run('user grant-role ann reader'),
    run('user grant-role ann reader'),
    run('user grant-role ann nobody'),
    run('user grant-role nobody reader'),
    run('user grant-role ann writer'),
    run('user get ann'),
    run('user get ann --detail'),
    run('user revoke-role ann writer'),
    run('user revoke-role ann writer'),
    run('user passwd ann --interactive=false', 'new\n'),
    run('user passwd nobody --interactive=false', 'new\n'),
    run('role delete reader'),
    run('role delete reader'),
    run('user get ann -w json'),
    run('user delete ann'),
    run('user delete ann'),
    run('user list -w json'),
    run('role list -w json'),
    run('get a --user ann:x'),
  ],
};

const protectedKeys: Story = {
  name: 'permissions',
  steps: [
    run('put a 1'),
    run('put pre/1 one'),
    run('put other o'),
    run('auth enable'),
    run('user add root:pw'),
    run('auth enable'),
    run('user grant-role root root'),
    run('user add ann:ann'),
    run('user add ben --no-password'),
    run('role add reader'),
    run('role grant-permission reader read pre/ --prefix=true'),
    run('role grant-permission reader readwrite own/ --prefix=true'),
    run('role grant-permission reader write out'),
    run('user grant-role ann reader'),
    run('auth enable'),
    run('get a'),
    run('put a 2'),
    run('user list'),
    as('root:wrong', 'get a'),
    as('nobody:x', 'get a'),
    as('ben:x', 'get a'),
    root('get a'),
    root('put a 3'),
    root('auth enable'),
    root('user delete root'),
    root('role delete root'),
    root('user revoke-role root root'),
    root('role add root'),
    root('role get root'),
    ann('get a'),
    ann('get pre/1'),
    ann('get pre/ --prefix'),
    ann('get pre/ --prefix --keys-only'),
    ann('get pre --prefix'),
    ann('get pre/ --from-key'),
    ann("get '' --prefix"),
    ann('put pre/1 x'),
    ann('put own/1 mine'),
    ann('put own/1 again --prev-kv'),
    ann('put out 1'),
    ann('put out 2 --prev-kv'),
    ann('get out'),
    ann('del own/1 --prev-kv'),
    ann('del own/ --prefix'),
    ann('del pre/1'),
    ann('del out'),
    ann('user list'),
    ann('user get ann'),
    ann('user get root'),
    ann('role get reader'),
    ann('role list'),
    ann('user add eve:eve'),
    ann('compact 2'),
    ann('auth disable'),
    ann('lease list'),
    { args: ['--user', 'ann:ann', 'txn'], input: 'value("pre/1") = "one"\n\nput own/2 yes\n\nput own/2 no\n\n' },
    { args: ['--user', 'ann:ann', 'txn'], input: 'value("other") = "o"\n\nput own/2 yes\n\nput own/2 no\n\n' },
    { args: ['--user', 'ann:ann', 'txn'], input: 'value("pre/1") = "one"\n\nput own/2 yes\n\nput other no\n\n' },
    { args: ['--user', 'ann:ann', 'txn'], input: 'value("pre/1") = "one"\n\nget own/2\n\nget a\n\n' },
    root('user passwd ann --interactive=false'),
    root('compact 3'),
    root('auth disable'),
    run('user list'),
    run('put a 4'),
  ],
};

const leases: Story = {
  name: 'leases',
  steps: [
    run('user add root:pw'),
    run('user grant-role root root'),
    run('user add ann:ann'),
    run('role add own'),
    run('role grant-permission own readwrite own/ --prefix=true'),
    run('role grant-permission own write blind'),
    run('user grant-role ann own'),
    run('auth enable'),
    run('lease timetolive 1234'),
    ann('lease timetolive 1234'),
    ann('lease revoke 1234'),
    ann('lease keep-alive --once 1234'),
    root('lease list'),
  ],
};

const alarms: Story = {
  name: 'alarms',
  quota: 100_000,
  steps: [run('alarm list'), run('alarm disarm'), ...Array.from({ length: 3 }, (_, i) => run(`put small/${i} x`))],
};

const member: Story = {
  name: 'member',
  steps: [
    run('member list'),
    run('member list -w json'),
    run('member list -w table'),
    run('endpoint status -w table'),
    run('endpoint health'),
    run('member remove 1234'),
    run('member promote 1234'),
    run('member update 1234 --peer-urls=http://127.0.0.1:1'),
    run('member add two --peer-urls=nonsense'),
    run('move-leader 1234'),
  ],
};

export const stories: readonly Story[] = [accounts, protectedKeys, leases, alarms, member];
