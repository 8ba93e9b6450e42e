/** `/metrics` and `/metrics/resource` in Prometheus' text form. The second is what a metrics server reads. */
import { table } from '../../util/own.js';
import type { ProbeCount } from '../probe-manager.js';
import type { Summary } from './stats.js';

type Labels = Readonly<Record<string, string>>;

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly values: readonly { readonly labels?: Labels; readonly value: number; readonly at?: string }[];
}

const quote = (s: string): string => `"${s.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')}"`;
const labelText = (l: Labels | undefined): string =>
  l && Object.keys(l).length
    ? `{${Object.entries(l)
        .map(([k, v]) => `${k}=${quote(v)}`)
        .join(',')}}`
    : '';

export function render(metrics: readonly Metric[]): string {
  return metrics
    .filter((m) => m.values.length)
    .map(
      (m) =>
        `# HELP ${m.name} ${m.help}\n# TYPE ${m.name} ${m.type}\n${m.values.map((v) => `${m.name}${labelText(v.labels)} ${v.value}${v.at ? ` ${Date.parse(v.at)}` : ''}\n`).join('')}`,
    )
    .join('');
}

const NANOS = 1e9;

export function resourceMetrics(s: Summary): string {
  const containers = s.pods.flatMap((p) =>
    p.containers.map((c) => ({ c, labels: { container: c.name, namespace: p.podRef.namespace, pod: p.podRef.name } })),
  );
  const pods = s.pods.map((p) => ({ p, labels: { namespace: p.podRef.namespace, pod: p.podRef.name } }));
  return render([
    {
      name: 'container_cpu_usage_seconds_total',
      help: '[STABLE] Cumulative cpu time consumed by the container in core-seconds',
      type: 'counter',
      values: containers.map(({ c, labels }) => ({ labels, value: (c.cpu.usageCoreNanoSeconds ?? 0) / NANOS, at: c.cpu.time })),
    },
    {
      name: 'container_memory_working_set_bytes',
      help: '[STABLE] Current working set of the container in bytes',
      type: 'gauge',
      values: containers.map(({ c, labels }) => ({ labels, value: c.memory.workingSetBytes ?? 0, at: c.memory.time })),
    },
    {
      name: 'container_start_time_seconds',
      help: '[STABLE] Start time of the container since unix epoch in seconds',
      type: 'gauge',
      values: containers.map(({ c, labels }) => ({ labels, value: Date.parse(c.startTime) / 1000 })),
    },
    {
      name: 'node_cpu_usage_seconds_total',
      help: '[STABLE] Cumulative cpu time consumed by the node in core-seconds',
      type: 'counter',
      values: [{ value: (s.node.cpu.usageCoreNanoSeconds ?? 0) / NANOS, at: s.node.cpu.time }],
    },
    {
      name: 'node_memory_working_set_bytes',
      help: '[STABLE] Current working set of the node in bytes',
      type: 'gauge',
      values: [{ value: s.node.memory.workingSetBytes ?? 0, at: s.node.memory.time }],
    },
    {
      name: 'pod_cpu_usage_seconds_total',
      help: '[STABLE] Cumulative cpu time consumed by the pod in core-seconds',
      type: 'counter',
      values: pods.map(({ p, labels }) => ({ labels, value: (p.cpu.usageCoreNanoSeconds ?? 0) / NANOS, at: p.cpu.time })),
    },
    {
      name: 'pod_memory_working_set_bytes',
      help: '[STABLE] Current working set of the pod in bytes',
      type: 'gauge',
      values: pods.map(({ p, labels }) => ({ labels, value: p.memory.workingSetBytes ?? 0, at: p.memory.time })),
    },
    {
      name: 'resource_scrape_error',
      help: '[STABLE] 1 if there was an error while getting container metrics, 0 otherwise',
      type: 'gauge',
      values: [{ value: 0 }],
    },
  ]);
}

export interface KubeletFigures {
  readonly nodeName: string;
  readonly pods: number;
  readonly sandboxes: number;
  readonly containers: Readonly<Record<string, number>>;
  readonly ready: boolean;
}

export function kubeletMetrics(f: KubeletFigures): string {
  return render([
    {
      name: 'kubelet_node_name',
      help: "[ALPHA] The node's name. The count is always 1.",
      type: 'gauge',
      values: [{ labels: { node: f.nodeName }, value: 1 }],
    },
    {
      name: 'kubelet_running_pods',
      help: '[BETA] Number of pods that have a running pod sandbox',
      type: 'gauge',
      values: [{ value: f.sandboxes }],
    },
    {
      name: 'kubelet_desired_pods',
      help: '[ALPHA] The number of pods the kubelet is being instructed to run',
      type: 'gauge',
      values: [{ value: f.pods }],
    },
    {
      name: 'kubelet_running_containers',
      help: '[BETA] Number of containers currently running',
      type: 'gauge',
      values: Object.entries(f.containers).map(([state, value]) => ({ labels: { container_state: state }, value })),
    },
    {
      name: 'kubelet_node_ready',
      help: 'Whether the runtime and its network are ready',
      type: 'gauge',
      values: [{ value: f.ready ? 1 : 0 }],
    },
  ]);
}

/** `/metrics/probes`. */
export const probeMetrics = (counts: readonly ProbeCount[]): string =>
  render([
    {
      name: 'prober_probe_total',
      help: '[BETA] Cumulative number of a liveness, readiness or startup probe for a container by result.',
      type: 'counter',
      values: counts.map((c) => ({
        labels: {
          container: c.container,
          namespace: c.namespace,
          pod: c.pod,
          pod_uid: c.podUid,
          probe_type: TITLES[c.kind],
          result: c.result === 'success' ? 'successful' : 'failed',
        },
        value: c.count,
      })),
    },
  ]);

const TITLES = table({ liveness: 'Liveness', readiness: 'Readiness', startup: 'Startup' } as const);

/** `/metrics/cadvisor`: what dashboards of containers read. A pod as a whole is a row without a container. */
export function cadvisorMetrics(s: Summary, machine: { readonly cpus: number; readonly memoryBytes: number }): string {
  const rows = s.pods.flatMap((p) => {
    const labels = (container: string) => ({ container, namespace: p.podRef.namespace, pod: p.podRef.name });
    return [
      { labels: labels(''), of: p, startTime: p.startTime, disk: undefined },
      ...p.containers.map((c) => ({ labels: labels(c.name), of: c, startTime: c.startTime, disk: c.rootfs.usedBytes })),
    ];
  });
  const memory = (name: string, help: string, read: (m: (typeof rows)[number]['of']['memory']) => number | undefined): Metric => ({
    name,
    help,
    type: 'gauge',
    values: rows.map(({ labels, of }) => ({ labels, value: read(of.memory) ?? 0, at: of.memory.time })),
  });
  const net = (name: string, help: string, key: 'rxBytes' | 'rxErrors' | 'txBytes' | 'txErrors'): Metric => ({
    name,
    help,
    type: 'counter',
    values: s.pods.flatMap((p) =>
      (p.network?.interfaces ?? []).map((i) => ({
        labels: { interface: i.name, namespace: p.podRef.namespace, pod: p.podRef.name },
        value: i[key],
        at: p.network!.time,
      })),
    ),
  });
  return render([
    {
      name: 'container_cpu_usage_seconds_total',
      help: 'Cumulative cpu time consumed in seconds.',
      type: 'counter',
      values: rows.map(({ labels, of }) => ({
        labels: { ...labels, cpu: 'total' },
        value: (of.cpu.usageCoreNanoSeconds ?? 0) / NANOS,
        at: of.cpu.time,
      })),
    },
    memory(
      'container_memory_usage_bytes',
      'Current memory usage in bytes, including all memory regardless of when it was accessed',
      (m) => m.usageBytes,
    ),
    memory('container_memory_working_set_bytes', 'Current working set in bytes.', (m) => m.workingSetBytes),
    memory('container_memory_rss', 'Size of RSS in bytes.', (m) => m.rssBytes),
    {
      name: 'container_fs_usage_bytes',
      help: 'Number of bytes that are consumed by the container on this filesystem.',
      type: 'gauge',
      values: rows.flatMap(({ labels, of, disk }) => (disk === undefined ? [] : [{ labels, value: disk, at: of.memory.time }])),
    },
    {
      name: 'container_start_time_seconds',
      help: 'Start time of the container since unix epoch in seconds.',
      type: 'gauge',
      values: rows.map(({ labels, startTime }) => ({ labels, value: Date.parse(startTime) / 1000 })),
    },
    net('container_network_receive_bytes_total', 'Cumulative count of bytes received', 'rxBytes'),
    net('container_network_receive_errors_total', 'Cumulative count of errors encountered while receiving', 'rxErrors'),
    net('container_network_transmit_bytes_total', 'Cumulative count of bytes transmitted', 'txBytes'),
    net('container_network_transmit_errors_total', 'Cumulative count of errors encountered while transmitting', 'txErrors'),
    { name: 'machine_cpu_cores', help: 'Number of logical CPU cores.', type: 'gauge', values: [{ value: machine.cpus }] },
    {
      name: 'machine_memory_bytes',
      help: 'Amount of memory installed on the machine.',
      type: 'gauge',
      values: [{ value: machine.memoryBytes }],
    },
  ]);
}
