/** Flags of the original's kube-apiserver that are taken as they are in unit files, beside those that are described in `kube-apiserver.ts`. */
import fs from 'node:fs';
import type { Command } from 'commander';
import { Option } from 'commander';
import { UserError } from './fail.js';

/** Flags without meaning here: each is taken, and said to be. */
const WITHOUT_MEANING: readonly (readonly [flag: string, why: string])[] = [
  ['--feature-gates <gates>', 'what is built is on'],
  ['--endpoint-reconciler-type <type>', 'endpoints of API servers are always reconciled by lease'],
  ['--kubelet-https [bool]', 'kubelets are always reached over HTTPS'],
  ['--kubelet-port <port>', 'each Node tells the port of its kubelet'],
  ['--logtostderr [bool]', 'logs always go there'],
  ['--enable-aggregator-routing [bool]', 'API servers of others are not built yet'],
  ['--proxy-client-cert-file <file>', 'API servers of others are not built yet'],
  ['--proxy-client-key-file <file>', 'API servers of others are not built yet'],
  ['--requestheader-client-ca-file <file>', 'authentication by a proxy in front is not built yet: nobody is let in by it'],
  ['--requestheader-allowed-names <names>', 'authentication by a proxy in front is not built yet'],
  ['--requestheader-extra-headers-prefix <prefixes>', 'authentication by a proxy in front is not built yet'],
  ['--requestheader-group-headers <names>', 'authentication by a proxy in front is not built yet'],
  ['--requestheader-username-headers <names>', 'authentication by a proxy in front is not built yet'],
];

export interface FileFlags {
  clientCaFile?: string;
  kubeletCertificateAuthority?: string;
  kubeletClientCertificate?: string;
  kubeletClientKey?: string;
  tlsCertFile?: string;
  tlsPrivateKeyFile?: string;
}

export function moreFlags(command: Command): Command {
  command
    .option('--client-ca-file <file>', "authorities of client certificates, beside the cluster's own")
    .option('--tls-cert-file <file>', 'certificate to serve with')
    .option('--tls-private-key-file <file>', 'its key')
    .option('--kubelet-certificate-authority <file>', "authority of the kubelets' certificates")
    .option('--kubelet-client-certificate <file>', 'certificate shown to kubelets')
    .option('--kubelet-client-key <file>', 'its key');
  for (const [flag, why] of WITHOUT_MEANING) command.addOption(new Option(flag, why).hideHelp());
  return command;
}

/** One line for each flag that was given and does nothing. */
export const warnings = (given: Readonly<Record<string, unknown>>): string[] =>
  WITHOUT_MEANING.flatMap(([flag, why]) => {
    const option = new Option(flag);
    return given[option.attributeName()] === undefined ? [] : [`${option.long} has no meaning here: ${why}`];
  });

/** The files that are named, read. */
export function filesOf(f: FileFlags): {
  clientCa?: string;
  serving?: { certificate: string; key: string };
  kubelet: { certificate?: string; key?: string; ca?: string };
} {
  const read = (flag: string, file: string | undefined): string | undefined => {
    if (file === undefined) return undefined;
    try {
      return fs.readFileSync(file, 'utf8');
    } catch (e) {
      throw new UserError(`${flag}: ${(e as Error).message}`);
    }
  };
  const pair = (certFlag: string, cert: string | undefined, keyFlag: string, key: string | undefined) => {
    if (!cert !== !key) throw new UserError(`${certFlag} and ${keyFlag} go together: give both or neither`);
    return cert ? { certificate: read(certFlag, cert)!, key: read(keyFlag, key)! } : undefined;
  };
  return {
    clientCa: read('--client-ca-file', f.clientCaFile),
    serving: pair('--tls-cert-file', f.tlsCertFile, '--tls-private-key-file', f.tlsPrivateKeyFile),
    kubelet: {
      ...pair('--kubelet-client-certificate', f.kubeletClientCertificate, '--kubelet-client-key', f.kubeletClientKey),
      ca: read('--kubelet-certificate-authority', f.kubeletCertificateAuthority),
    },
  };
}
