/** The configuration of a containerd of our own, as text. Source: https://github.com/containerd/containerd/blob/v1.6.20/docs/cri/config.md */
import { PAUSE_IMAGE } from './pause-image.js';

export interface ContainerdPaths {
  readonly root: string;
  readonly state: string;
  readonly socket: string;
  /** Folder of `<registry host>/hosts.toml`. */
  readonly registries: string;
  readonly cniBin: string;
  readonly cniConf: string;
}

export interface ContainerdFacts {
  /** The kernel lets nobody here lower an OOM score (CAP_SYS_RESOURCE): runc would fail. */
  readonly restrictOomScore: boolean;
  readonly snapshotter: 'overlayfs' | 'native';
  readonly systemdCgroup: boolean;
  /** Where containerd itself serves exec, attach and port-forward, on loopback. */
  readonly streamPort: number;
}

/** Not used by a kubelet, or failing where the kernel has no module for them: each would write an error at start. */
const UNUSED = [
  'io.containerd.snapshotter.v1.aufs',
  'io.containerd.snapshotter.v1.btrfs',
  'io.containerd.snapshotter.v1.devmapper',
  'io.containerd.snapshotter.v1.zfs',
  'io.containerd.internal.v1.opt',
  'io.containerd.internal.v1.tracing',
  'io.containerd.tracing.processor.v1.otlp',
];

const quote = (s: string): string => JSON.stringify(s);

export function containerdConfig(paths: ContainerdPaths, facts: ContainerdFacts): string {
  return `# Written by k8ts at every start: changes are lost.
version = 2
root = ${quote(paths.root)}
state = ${quote(paths.state)}
disabled_plugins = [${UNUSED.map(quote).join(', ')}]

[grpc]
  address = ${quote(paths.socket)}

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = ${quote(PAUSE_IMAGE)}
  stream_server_address = "127.0.0.1"
  stream_server_port = "${facts.streamPort}"
  restrict_oom_score_adj = ${facts.restrictOomScore}
  enable_unprivileged_ports = true
  enable_unprivileged_icmp = true
  tolerate_missing_hugetlb_controller = true
  max_concurrent_downloads = 10

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = ${quote(paths.cniBin)}
    conf_dir = ${quote(paths.cniConf)}
    max_conf_num = 1

  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = ${quote(facts.snapshotter)}
    default_runtime_name = "runc"

    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"

      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = ${facts.systemdCgroup}

  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = ${quote(paths.registries)}
`;
}

/** `hosts.toml` of one registry host that is served by `mirror` alone: what the mirror says of a missing image is what is told. Pushes are not for a node. */
export function hostsToml(mirror: string): string {
  const url = new URL(mirror);
  return `server = ${quote(mirror)}

[host.${quote(url.toString().replace(/\/$/, ''))}]
  capabilities = ["pull", "resolve"]
${url.protocol === 'http:' ? '' : '  skip_verify = false\n'}`;
}
