import type { Reserved } from '../../kubelet/reserved.js';
import type { RemoteEtcd } from '../remote-etcd.js';

/** What `k8ts up` is told. */
export interface UpOptions {
  readonly dataDir: string;
  readonly port: number;
  readonly nodeName: string;
  readonly runtime: 'containerd' | 'simulated';
  readonly nodes: number;
  readonly clusterDomain: string;
  readonly podCidr: string;
  readonly serviceCidr: string;
  readonly nodePortRange: string;
  readonly registryMirrors: Readonly<Record<string, string>>;
  /** `https://127.0.0.1:2379`; undefined: no etcd listener. */
  readonly etcdListen?: URL;
  /** Keep the data in this etcd; undefined: in `dataDir`. */
  readonly etcd?: RemoteEtcd;
  /** How often old revisions are forgotten; 0: never. */
  readonly compactionIntervalMs: number;
  /** What of a real node is not for Pods; by default a part for k8ts itself. */
  readonly kubeReserved?: Reserved;
  readonly docs?: () => Readonly<Record<string, string>>;
}
