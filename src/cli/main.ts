/** The `k8ts` command. Each command is a file; this one only knows their names, and reads the file of the one that is asked for. */
import { Command } from 'commander';

const program = new Command('k8ts')
  .description('Kubernetes, whole, in TypeScript')
  .version('0.1.0')
  .showHelpAfterError()
  // An option belongs to the command that it follows: `etcd --version`, `etcd snapshot restore --data-dir`.
  .enablePositionalOptions();

/** In the order of the help text. */
const FILES: readonly { readonly commands: readonly string[]; add(): Promise<void> }[] = [
  { commands: ['up', 'down', 'status'], add: async () => (await import('./up.js')).upCommands(program) },
  { commands: ['kube-apiserver'], add: async () => (await import('./kube-apiserver.js')).kubeApiServer(program) },
  {
    commands: ['kube-controller-manager', 'kube-scheduler', 'kube-proxy'],
    add: async () => (await import('./components.js')).componentCommands(program),
  },
  {
    commands: ['etcd'],
    async add() {
      const [{ etcdCommand }, { snapshotCommand }] = await Promise.all([import('./etcd.js'), import('./etcd-snapshot.js')]);
      snapshotCommand(etcdCommand(program));
    },
  },
];

const asked = process.argv[2] ?? '';
const file = FILES.find(({ commands }) => commands.includes(asked));
const quick = asked === '--version' || asked === '-V';
for (const { add } of file ? [file] : quick ? [] : FILES) await add();
await program.parseAsync();
