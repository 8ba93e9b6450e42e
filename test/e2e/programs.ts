/** What a test needs on the machine. */
import { onPath } from './lab/kubectl.js';

/** Why a test is left out: the first program that is absent; undefined where all are there. */
export function missing(...programs: string[]): string | undefined {
  const absent = programs.find((p) => !onPath(p));
  return absent && `no ${absent} on this machine`;
}

/** For a title: empty, or the reason in brackets. */
export const leftOut = (why: string | undefined): string => (why ? ` (left out: ${why})` : '');

/** What etcdctl is told to reach the store of a cluster that `up --etcd-listen` opened. */
export const etcdCertificates = (dataDir: string): string[] =>
  ['cacert ca.crt', 'cert client.crt', 'key client.key'].flatMap((w) => {
    const [flag, file] = w.split(' ');
    return [`--${flag}`, `${dataDir}/pki/etcd/${file}`];
  });
