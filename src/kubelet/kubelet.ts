/**
 * The kubelet: runs the pods that are bound to its node, and tells the API how they fare. It sees the cluster through `Client`, the
 * containers through `ContainerRuntime` and the machine through `Host`. Its HTTP endpoints are in `server/`.
 */
import type { Node, Pod } from '../api/types/core/v1.js';
import type { Client } from '../client/client.js';
import { EventRecorder, type EventSink } from '../client/events.js';
import { isNotFound } from '../meta/errors.js';
import type { OwnPort } from '../meta/own-ports.js';
import type { Timer } from '../util/clock.js';
import type { Component, Env } from '../util/component.js';
import { admit, NODE_AFFINITY } from './admission.js';
import { amount } from './amount.js';
import { BackOff, CRASH_BACKOFF } from './backoff.js';
import { collectDead, releaseResources, removeDeadLinks, removeOrphans, removePod } from './cleanup.js';
import { KUBELET_CONDITIONS } from './conditions.js';
import type { KubeletContext } from './context.js';
import { PodEvents } from './events.js';
import type { Host, MachineFacts } from './host.js';
import { ImageManager, MAX_PARALLEL_PULLS } from './images.js';
import { DEFAULT_ROTATION, type RotationLimits, rotateLogs } from './logs/rotate.js';
import { NodeAgent } from './node-agent.js';
import { allocatable, capacity, type NodeConfig, type NodeReadings } from './node-status.js';
import { ObjectReader } from './objects.js';
import type { Folders } from './paths.js';
import { Pleg } from './pleg.js';
import { type PodGroups, podGroups } from './pod-groups.js';
import { ApiPodSource, type PodSource } from './pod-source.js';
import { PodWorker, type WorkerDeps } from './pod-worker.js';
import { isMirror, isStatic, nameOf, namespaceOf, uidOf } from './pods.js';
import { ProbeManager } from './probe-manager.js';
import { PullRecords } from './pull-records.js';
import { POD_CGROUP_ROOT } from './qos.js';
import { overReserved, type Reserved } from './reserved.js';
import type { ContainerRuntime, RuntimeVersion } from './runtime.js';
import { ApiServiceSource, type ServiceSource } from './services.js';
import { MirrorPods, StaticPodFolder } from './static-pods.js';
import { equal } from './status.js';
import { StatusManager } from './status-manager.js';
import { unsupported } from './unsupported.js';
import { TokenCache } from './volumes/tokens.js';
import { VolumeManager } from './volumes/volume-manager.js';

export interface KubeletOptions {
  readonly nodeName: string;
  readonly client: Client;
  readonly env: Env;
  readonly runtime: ContainerRuntime;
  readonly host: Host;
  readonly folders: Folders;
  readonly clusterDNS?: readonly string[];
  readonly clusterDomain?: string;
  /** Port of the kubelet's server, as the Node tells it; read when the kubelet starts. */
  readonly port?: () => number;
  /** Beside that one: ports of the machine which programs beside the kubelet hold now. Pods do not get them. */
  readonly ownPorts?: () => readonly OwnPort[];
  readonly addresses?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: NodeConfig['taints'];
  /** The range of its pods, where the node is to be registered with one; else it is given one. */
  readonly podCIDR?: string;
  readonly maxPods?: number;
  readonly podPidsLimit?: number;
  /** What of the machine is not for Pods. */
  readonly kubeReserved?: Reserved;
  /** Pods together are held to the rest, by their common cgroup. */
  readonly enforceNodeAllocatable?: boolean;
  /** Below the root of each hierarchy. */
  readonly cgroupRoot?: string;
  readonly staticPodDir?: string;
  readonly source?: PodSource;
  readonly services?: ServiceSource;
  /** In place of events written to the API. */
  readonly events?: EventSink;
  /** False: service-account tokens are not asked for; their files are empty. */
  readonly requestTokens?: boolean;
  readonly rotation?: RotationLimits;
  /** Where kube-proxy runs in the same process: its rules forget a Pod before its containers are ended. */
  readonly withdrawn?: KubeletContext['withdrawn'];
}

const HOUSEKEEPING_MS = 10_000;
const HEALTH_MS = 5000;
const HEALTH_WHEN_BAD_MS = 1000;

export class Kubelet implements Component {
  readonly name = 'kubelet';
  private readonly workers = new Map<string, PodWorker>();
  /** Mirror pods in the API by `namespace/name`. */
  private readonly mirrors = new Map<string, Pod>();
  /** Static pods that wait for the one of their name to end, by `namespace/name`. */
  private readonly successors = new Map<string, Pod>();
  private readonly stopping = new AbortController();
  private readonly loops: Promise<void>[] = [];
  private readonly events: EventSink;
  private readonly services: ServiceSource;
  private readonly statuses: StatusManager;
  private readonly mirrorPods: MirrorPods;
  private ctxValue: KubeletContext | undefined;
  private agent: NodeAgent | undefined;
  private pleg: Pleg | undefined;
  private groups: PodGroups | undefined;
  private workerDeps: WorkerDeps | undefined;
  private synced = false;
  private staticSynced = false;
  private keeping: Promise<void> | undefined;
  private runtimeProblem: string | undefined;
  private networkProblem: string | undefined;

  constructor(readonly options: KubeletOptions) {
    const { client, env, nodeName } = options;
    this.events = options.events ?? new EventRecorder(client, env, { component: 'kubelet', host: nodeName });
    this.services = options.services ?? new ApiServiceSource(client, env);
    this.statuses = new StatusManager(client, env);
    this.mirrorPods = new MirrorPods(client, env, nodeName, () => this.agent?.uid ?? '');
  }

  /** Resolves when the node is registered and its pods are followed. */
  async start(): Promise<void> {
    const { env, runtime, host, folders, nodeName } = this.options;
    for (const dir of [`${folders.root}/pods`, folders.podLogs, folders.containerLogs]) await host.files.mkdir(dir, 0o755);
    const version = await runtime.version();
    const ctx = await this.makeContext(version);
    this.ctxValue = ctx;
    this.workerDeps = this.makeWorkerDeps(ctx, await host.machine.facts());
    await this.checkHealth();
    this.agent = new NodeAgent({
      client: this.options.client,
      env,
      config: this.nodeConfig(),
      events: this.events,
      facts: await host.machine.facts(),
      read: () => this.readings(version),
      onPodCIDR: (cidr) => runtime.updatePodCIDR(cidr),
    });
    this.pleg = new Pleg(runtime, env, {
      changed: (uid) => this.workers.get(uid)?.wake(),
      health: (e) => this.setProblem(e ? `container runtime is down: ${e.message}` : undefined, this.networkProblem),
    });
    await this.pleg.start();
    this.groups = await podGroups(this.options, this.events, () => this.syncing());
    await this.groups?.hold();
    if (!runtime.steady) {
      this.armHealth();
      this.armHousekeeping();
    }
    await this.agent.start();
    this.follow();
    env.log.info('kubelet runs', { node: nodeName, runtime: `${version.name} ${version.version}` });
  }

  /** Stops managing; containers run on. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.housekeepingTimer?.cancel();
    this.healthTimer?.cancel();
    await this.agent?.stop();
    await this.pleg?.stop();
    await Promise.all(this.loops);
    this.ctxValue?.probes.stop();
    await Promise.all([...this.workers.values()].map((w) => w.stop()));
    await this.keeping;
    await this.statuses.stop();
    // A source that was handed in serves others, too.
    if (!this.options.services) await this.services.stop();
    if (this.events instanceof EventRecorder) await this.events.stop();
  }

  get ctx(): KubeletContext {
    if (!this.ctxValue) throw new Error('the kubelet has not been started');
    return this.ctxValue;
  }

  /** The pods of this node, with the newest status. */
  pods(): Pod[] {
    return [...this.workers.values()].map((w) => ({ ...w.pod, status: this.statuses.get(w.uid) ?? w.pod.status }));
  }

  /** A pod's worker by name; `uid` narrows it where pods of one name follow each other. */
  find(namespace: string, name: string, uid?: string): PodWorker | undefined {
    const matches = [...this.workers.values()].filter(
      (w) =>
        namespaceOf(w.pod) === namespace && nameOf(w.pod) === name && (!uid || w.uid === uid || this.mirrorOf(w.pod)?.metadata.uid === uid),
    );
    return matches.find((w) => !w.orphan) ?? matches[0];
  }

  node(): Node | undefined {
    return this.agent?.current;
  }

  /** Its settings in the original's words, for `/configz`. */
  configuration(): object {
    const {
      clusterDNS = [],
      clusterDomain = 'cluster.local',
      maxPods = 110,
      podPidsLimit = -1,
      kubeReserved = {},
      enforceNodeAllocatable = false,
      staticPodDir,
      rotation = DEFAULT_ROTATION,
    } = this.options;
    return {
      kind: 'KubeletConfiguration',
      apiVersion: 'kubelet.config.k8s.io/v1beta1',
      clusterDNS,
      clusterDomain,
      maxPods,
      podPidsLimit,
      kubeReserved,
      enforceNodeAllocatable: enforceNodeAllocatable ? ['pods'] : ['none'],
      ...(staticPodDir ? { staticPodPath: staticPodDir } : {}),
      cgroupDriver: 'cgroupfs',
      cgroupRoot: this.options.cgroupRoot ?? POD_CGROUP_ROOT,
      maxParallelImagePulls: MAX_PARALLEL_PULLS,
      serializeImagePulls: false,
      containerLogMaxSize: `${rotation.maxBytes / 2 ** 20}Mi`,
      containerLogMaxFiles: rotation.maxFiles,
      imagePullCredentialsVerificationPolicy: 'NeverVerifyPreloadedImages',
      failSwapOn: false,
    };
  }

  /** Why the node is not ready; empty when it is. */
  problems(): string[] {
    return [this.runtimeProblem, this.networkProblem].filter((p) => p !== undefined);
  }

  /** Whether the pods of the API have been read once. */
  get ready(): boolean {
    return this.synced;
  }

  private ownPorts(): OwnPort[] {
    const { port, ownPorts } = this.options;
    return [...(ownPorts?.() ?? []), { protocol: 'TCP', port: port?.() ?? 10250, holder: 'kubelet' }];
  }

  private nodeConfig(): NodeConfig {
    const { nodeName, maxPods = 110, port, addresses, labels, taints, podCIDR, kubeReserved } = this.options;
    return {
      nodeName,
      maxPods,
      port: port?.() ?? 10250,
      ...(kubeReserved ? { kubeReserved } : {}),
      ...(this.options.ownPorts ? { ownPorts: this.options.ownPorts } : {}),
      ...(addresses ? { addresses } : {}),
      ...(labels ? { labels } : {}),
      ...(taints ? { taints } : {}),
      ...(podCIDR ? { podCIDR } : {}),
    };
  }

  private async makeContext(version: RuntimeVersion): Promise<KubeletContext> {
    const { client, env, runtime, host, folders, nodeName } = this.options;
    const facts = await host.machine.facts();
    const events = new PodEvents(this.events);
    const objects = new ObjectReader(client, env.clock);
    const tokens = new TokenCache(client, env.clock);
    const disk = await host.files.capacity(folders.root);
    const { kubeReserved = {} } = this.options;
    const total = capacity({ facts, disk }, this.options.maxPods ?? 110);
    const why = overReserved(total, kubeReserved);
    if (why) throw new Error(why);
    const forPods = allocatable(total, kubeReserved);
    return {
      env,
      client,
      nodeName,
      host,
      runtime,
      runtimeName: version.name,
      config: {
        folders,
        clusterDomain: this.options.clusterDomain ?? 'cluster.local',
        cgroupRoot: this.options.cgroupRoot ?? POD_CGROUP_ROOT,
        memoryCapacity: facts.memoryBytes,
      },
      clusterDNS: this.options.clusterDNS ?? [],
      events,
      images: new ImageManager(runtime, env.clock, events, await PullRecords.open(host, folders.root, runtime, env)),
      objects,
      volumes: new VolumeManager({
        host,
        folders,
        objects,
        tokens,
        clock: env.clock,
        requestTokens: this.options.requestTokens ?? true,
        memory: amount(forPods.memory ?? '0'),
      }),
      probes: new ProbeManager({ env, runtime, transport: host.probes, events, onChange: (uid) => this.workers.get(uid)?.wake() }),
      crashes: new BackOff(env.clock, CRASH_BACKOFF),
      hostIPs: this.options.addresses?.length ? this.options.addresses : facts.addresses,
      allocatable: forPods,
      podPidsLimit: this.options.podPidsLimit ?? -1,
      ...(this.options.withdrawn ? { withdrawn: this.options.withdrawn } : {}),
      services: (namespace) => this.services.services(namespace),
    };
  }

  private makeWorkerDeps(ctx: KubeletContext, facts: MachineFacts): WorkerDeps {
    return {
      ctx,
      statuses: this.statuses,
      mirrorOf: (pod) => this.mirrorOf(pod),
      admit: async (pod) => {
        const node = this.agent?.current;
        if (!node) return undefined;
        const others = [...this.workers.values()].filter((w) => w.phase !== 'terminated').map((w) => w.pod);
        const refusal = unsupported(pod, facts) ?? admit(pod, others, node, this.ownPorts());
        // The scheduler may know of a label that this kubelet has not heard of yet.
        if (refusal?.reason !== NODE_AFFINITY) return refusal;
        return admit(pod, others, await this.agent!.fresh(), this.ownPorts());
      },
      networkProblem: () => this.networkProblem,
      onTerminated: (w) => this.finish(w),
    };
  }

  private syncing(): Pod[] {
    return [...this.workers.values()].filter((w) => w.phase === 'syncing').map((w) => w.pod);
  }

  private async readings(version: RuntimeVersion): Promise<NodeReadings> {
    const { host, folders, runtime, env } = this.options;
    const [facts, usage, disk, images] = await Promise.all([
      host.machine.facts(),
      host.machine.usage(),
      host.files.capacity(folders.root),
      runtime.listImages().catch(() => []),
    ]);
    return {
      facts,
      disk,
      images,
      runtime: version,
      memoryAvailable: usage.memoryAvailable,
      processes: usage.processes,
      maxProcesses: usage.maxProcesses,
      problems: this.problems(),
      now: env.clock.now(),
    };
  }

  private mirrorOf(pod: Pod): Pod | undefined {
    return this.mirrors.get(`${namespaceOf(pod)}/${nameOf(pod)}`);
  }

  private follow(): void {
    const { client, env, nodeName, host, staticPodDir } = this.options;
    const { signal } = this.stopping;
    if (staticPodDir) {
      const folder = new StaticPodFolder(host.files, env, staticPodDir, nodeName);
      const handler = {
        upsert: (p: Pod) => this.upsert(p),
        remove: (p: Pod) => {
          const next = this.successors.get(fullName(p));
          if (next && uidOf(next) === uidOf(p)) this.successors.delete(fullName(p));
          this.workers.get(uidOf(p))?.remove();
        },
        synced: () => {
          this.staticSynced = true;
        },
      };
      this.loops.push(folder.follow(handler, signal));
    }
    const source = this.options.source ?? new ApiPodSource(client, env);
    const handler = {
      upsert: (pod: Pod) => (isMirror(pod) ? this.upsertMirror(pod) : this.upsert(pod)),
      remove: (pod: Pod) => (isMirror(pod) ? this.removeMirror(pod) : this.workers.get(uidOf(pod))?.remove()),
      synced: () => {
        this.synced = true;
        this.keep(() => this.orphans());
      },
    };
    this.loops.push(source.follow(nodeName, handler, signal));
  }

  private upsert(pod: Pod): void {
    const worker = this.workers.get(uidOf(pod));
    if (!worker) {
      // An edited manifest is another pod of the same name, ports and mirror: the first goes before the second comes.
      if (isStatic(pod) && this.staticWorkers(pod).length) {
        this.successors.set(fullName(pod), pod);
        return;
      }
      const fresh = new PodWorker(pod, this.workerDeps!);
      this.workers.set(uidOf(pod), fresh);
      this.armHousekeeping();
      if (isStatic(pod)) this.keep(() => this.mirrorPods.ensure(pod, this.mirrorOf(pod)));
      fresh.update(pod);
      return;
    }
    const changed = needsSync(worker.pod, pod);
    if (!isStatic(pod)) this.statuses.observe(uidOf(pod), pod);
    if (changed) worker.update(pod);
    else worker.pod = pod; // our own status coming back
  }

  private upsertMirror(mirror: Pod): void {
    this.mirrors.set(fullName(mirror), mirror);
    const worker = this.staticWorkers(mirror).find((w) => !w.orphan);
    if (worker) {
      this.keep(() => this.mirrorPods.ensure(worker.pod, this.mirrorOf(worker.pod)));
      this.statuses.observe(worker.uid, mirror);
      worker.wake();
    } else if (this.staticSynced || !this.options.staticPodDir) {
      this.keep(() => this.mirrorPods.remove(mirror));
    }
  }

  private removeMirror(mirror: Pod): void {
    this.mirrors.delete(fullName(mirror));
    const worker = this.staticWorkers(mirror).find((w) => !w.orphan);
    if (worker) this.keep(() => this.mirrorPods.ensure(worker.pod, undefined));
  }

  /** The API may have been away, or the namespace not there yet, when a static pod began. */
  private async mirror(): Promise<void> {
    for (const w of this.workers.values())
      if (isStatic(w.pod) && !w.orphan && w.phase !== 'terminated') await this.mirrorPods.ensure(w.pod, this.mirrorOf(w.pod));
  }

  private staticWorkers(pod: Pod): PodWorker[] {
    return [...this.workers.values()].filter((w) => isStatic(w.pod) && fullName(w.pod) === fullName(pod));
  }

  /** Nothing of the pod runs any more. */
  private async finish(worker: PodWorker): Promise<void> {
    const { ctx } = this;
    const { pod } = worker;
    const deleted = worker.orphan || !!pod.metadata.deletionTimestamp;
    if (!deleted) {
      await releaseResources(ctx, pod);
      return;
    }
    await removePod(ctx, pod, worker.lastSeen);
    const mirror = isStatic(pod) ? this.mirrorOf(pod) : undefined;
    if (mirror) await this.mirrorPods.remove(mirror);
    if (!worker.orphan) {
      await this.statuses.flushed(worker.uid);
      await this.deleteFromApi(pod);
    }
    this.statuses.forget(worker.uid);
    this.workers.delete(worker.uid);
    const next = isStatic(pod) ? this.successors.get(fullName(pod)) : undefined;
    if (!next) return;
    this.successors.delete(fullName(pod));
    this.upsert(next);
  }

  private async deleteFromApi(pod: Pod): Promise<void> {
    const ref = { apiVersion: 'v1', kind: 'Pod', namespace: namespaceOf(pod), name: nameOf(pod) } as const;
    try {
      await this.options.client.delete(ref, { gracePeriodSeconds: 0, preconditions: { uid: uidOf(pod) } });
    } catch (e) {
      if (!isNotFound(e)) throw e;
    }
  }

  /** Work that nobody waits for, but `stop`. One after the other. */
  private keep(work: () => Promise<void>): void {
    if (this.stopping.signal.aborted) return;
    this.keeping = (this.keeping ?? Promise.resolve())
      .then(work)
      .catch((e: Error) => this.options.env.log.warn('housekeeping failed', { error: e.message }));
  }

  private async orphans(): Promise<void> {
    // A pod is unknown only when all sources have been heard.
    if (this.synced && (this.staticSynced || !this.options.staticPodDir)) await removeOrphans(this.ctx, (uid) => this.workers.has(uid));
  }

  private housekeepingTimer: Timer | undefined;
  /** Every so often; on a machine that is simulated while there are pods, and once after the last. */
  private armHousekeeping(): void {
    if (this.housekeepingTimer || this.stopping.signal.aborted) return;
    this.housekeepingTimer = this.options.env.clock.after(HOUSEKEEPING_MS, () => {
      const pods = this.workers.size;
      void this.housekeeping().finally(() => {
        this.housekeepingTimer = undefined;
        if (pods || this.workers.size || !this.options.runtime.steady) this.armHousekeeping();
      });
    });
  }

  private housekeeping(): Promise<void> {
    const { host, runtime, env, rotation } = this.options;
    // Each by itself: what one pod left behind must not keep the logs of all others from being rotated.
    this.keep(() => this.orphans());
    this.keep(async () => this.groups?.hold());
    for (const w of this.workers.values())
      this.keep(async () => {
        if (w.phase === 'syncing') await collectDead(this.ctx, w.pod, w.lastSeen);
      });
    this.keep(() => removeDeadLinks(this.ctx));
    this.keep(() => rotateLogs(host.files, runtime, env.clock, rotation ?? DEFAULT_ROTATION));
    this.keep(() => this.mirror());
    return this.keeping ?? Promise.resolve();
  }

  private healthTimer: Timer | undefined;
  private armHealth(): void {
    if (this.stopping.signal.aborted) return;
    this.healthTimer = this.options.env.clock.after(this.problems().length ? HEALTH_WHEN_BAD_MS : HEALTH_MS, () => {
      this.checkHealth()
        .catch(() => {})
        .finally(() => this.armHealth());
    });
  }

  private async checkHealth(): Promise<void> {
    try {
      const conditions = await this.options.runtime.conditions();
      const say = (type: string) => {
        const c = conditions.find((x) => x.type === type);
        return c && !c.status ? `${type}=false reason:${c.reason} message:${c.message}` : undefined;
      };
      const runtime = say('RuntimeReady');
      const network = say('NetworkReady');
      this.setProblem(runtime && `container runtime not ready: ${runtime}`, network && `container runtime network not ready: ${network}`);
    } catch (e) {
      this.setProblem(`container runtime is down: ${(e as Error).message}`, this.networkProblem);
    }
  }

  private setProblem(runtime: string | undefined, network: string | undefined): void {
    const changed = runtime !== this.runtimeProblem || network !== this.networkProblem;
    this.runtimeProblem = runtime;
    this.networkProblem = network;
    if (!changed) return;
    void this.agent?.post();
    if (!network) for (const w of this.workers.values()) if (w.phase === 'syncing') w.wake();
  }
}

const fullName = (pod: Pod): string => `${namespaceOf(pod)}/${nameOf(pod)}`;

/** Whether a pod has changed in what the kubelet acts on, and not just in the status that it wrote itself. */
export function needsSync(before: Pod, after: Pod): boolean {
  const foreign = (p: Pod) => (p.status?.conditions ?? []).filter((c) => !KUBELET_CONDITIONS.has(c.type));
  return (
    before.metadata.generation !== after.metadata.generation ||
    before.metadata.deletionTimestamp !== after.metadata.deletionTimestamp ||
    before.metadata.deletionGracePeriodSeconds !== after.metadata.deletionGracePeriodSeconds ||
    !equal(before.metadata.labels, after.metadata.labels) ||
    !equal(before.metadata.annotations, after.metadata.annotations) ||
    !equal(before.spec, after.spec) ||
    !equal(foreign(before), foreign(after)) ||
    (before.status?.phase !== after.status?.phase && ['Failed', 'Succeeded'].includes(after.status?.phase ?? ''))
  );
}
