/**
 * Ports of a machine that its own programs hold: the API server's, the kubelet's. A Pod that asked for one as its hostPort would take what is
 * sent to them. The kubelet tells them on its Node, as `TCP/6443=kube-apiserver,…`, for the scheduler.
 */
export const OWN_PORTS = 'k8ts.io/own-host-ports';

export interface OwnPort {
  readonly protocol: string;
  readonly port: number;
  /** Who holds it. */
  readonly holder: string;
}

export const ownPortsText = (ports: readonly OwnPort[]): string => ports.map((p) => `${p.protocol}/${p.port}=${p.holder}`).join(',');

/** What is no port is left out. */
export function parseOwnPorts(text: string | undefined): OwnPort[] {
  return (text ?? '').split(',').flatMap((part) => {
    const [, protocol, port, holder] = /^(TCP|UDP|SCTP)\/(\d{1,5})=([\w.-]+)$/.exec(part) ?? [];
    return protocol && port && holder ? [{ protocol, port: Number(port), holder }] : [];
  });
}
