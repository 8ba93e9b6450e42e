/** The `k8ts` command. Each command is a file; this one only knows their names. */
import { Command } from 'commander';
import { componentCommands } from './components.js';
import { etcdCommand } from './etcd.js';
import { snapshotCommand } from './etcd-snapshot.js';
import { kubeApiServer } from './kube-apiserver.js';
import { upCommands } from './up.js';

const program = new Command('k8ts')
  .description('Kubernetes, whole, in TypeScript')
  .version('0.1.0')
  .showHelpAfterError()
  // An option belongs to the command that it follows: `etcd --version`, `etcd snapshot restore --data-dir`.
  .enablePositionalOptions();
upCommands(program);
kubeApiServer(program);
componentCommands(program);
snapshotCommand(etcdCommand(program));
await program.parseAsync();
