/** Makes a pod's volumes ready on the host, keeps the ones that show API objects fresh, and takes them away. */

import type {
  ConfigMap,
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeSpec,
  Pod,
  Secret,
  Volume,
} from '../../api/types/core/v1.js';
import { eachApart } from '../../util/apart.js';
import type { Clock } from '../../util/clock.js';
import { table } from '../../util/own.js';
import { amount } from '../amount.js';
import type { DownwardFacts } from '../downward.js';
import type { FileInfo, Host } from '../host.js';
import type { ObjectReader } from '../objects.js';
import { type Folders, podDir, volumeDir, volumesDir } from '../paths.js';
import { namespaceOf, uidOf } from '../pods.js';
import { podLimits } from '../qos.js';
import { writeAtomically } from './atomic-writer.js';
import { hostPath } from './host-path.js';
import { isPayloadVolume, PAYLOAD_LIMIT, type Payload, payloadNeeds, payloadOf } from './payload.js';
import type { TokenCache } from './tokens.js';

export interface MountedVolume {
  readonly path: string;
  readonly readonly: boolean;
}
export type MountedVolumes = ReadonlyMap<string, MountedVolume>;

/** Mount points below a pod's volumes. */
type Mounted = () => Promise<ReadonlySet<string>>;

/** A volume could not be made ready. The message is that of the FailedMount event. */
export class VolumeError extends Error {
  constructor(
    readonly volume: string,
    message: string,
  ) {
    super(message);
    this.name = 'VolumeError';
  }
}

export interface VolumeContext {
  readonly host: Host;
  readonly folders: Folders;
  readonly objects: ObjectReader;
  readonly tokens: TokenCache;
  readonly clock: Clock;
  /** False: tokens are left empty, for nodes whose containers read none (thousands of simulated ones). */
  readonly requestTokens: boolean;
  /** What Pods of this node have of its memory, in bytes. */
  readonly memory: number;
}

const PLUGINS: Readonly<Record<string, string>> = table({
  configMap: 'configmap',
  secret: 'secret',
  downwardAPI: 'downward-api',
  projected: 'projected',
});

const CLAIM_PROTECTION = 'kubernetes.io/pvc-protection';

/** Why a volume is not this claim's; undefined where both point at each other. A claim's word alone does not open a volume. */
function notOf(volume: PersistentVolume, claim: PersistentVolumeClaim): string | undefined {
  const found = `found PV object ${volume.metadata.name} but`;
  const ref = volume.spec.claimRef;
  if (!ref) return `${found} it has a nil pv.Spec.ClaimRef indicating it is not yet bound to the claim`;
  const { namespace, name, uid } = claim.metadata;
  if (ref.uid !== uid) return `${found} its pv.Spec.ClaimRef.UID ${ref.uid ?? ''} does not point to claim.UID ${uid}`;
  if (ref.namespace !== namespace || ref.name !== name) return `${found} its pv.Spec.ClaimRef is ${ref.namespace}/${ref.name}`;
  return undefined;
}

/** Whether a volume's root is as a change of its group would leave it. */
const isGroups = (info: FileInfo, gid: number): boolean => info.gid === gid && (info.mode & 0o2770) === 0o2770;

export class VolumeManager {
  /** Pod -> volume -> bytes of its files, of those volumes that show API objects. */
  private readonly shown = new Map<string, Map<string, number>>();

  constructor(private readonly ctx: VolumeContext) {}

  /** All volumes that containers mount. Rejects with a VolumeError for the first that fails. Idempotent. */
  async setUp(pod: Pod, facts: DownwardFacts): Promise<MountedVolumes> {
    let read: Promise<Set<string>> | undefined;
    // The machine's whole list, which grows with the volumes: read once for all of them.
    const mounted = () => (read ??= this.ctx.host.mounter.mountsUnder(volumesDir(this.ctx.folders, uidOf(pod))).then((m) => new Set(m)));
    // All come to their end before the first failure is told: another try must not meet what this one still mounts.
    const volumes = await Promise.allSettled(
      (pod.spec.volumes ?? []).map(async (v) => {
        try {
          return [v.name, await this.one(pod, v, facts, mounted)] as const;
        } catch (e) {
          throw new VolumeError(v.name, `MountVolume.SetUp failed for volume ${JSON.stringify(v.name)} : ${(e as Error).message}`);
        }
      }),
    );
    return new Map(
      volumes.map((v) => {
        if (v.status === 'rejected') throw v.reason;
        return v.value;
      }),
    );
  }

  /** Writes anew what has changed in the API, and tokens that grow old. Volumes that are optional or gone keep what they have. */
  async refresh(pod: Pod, facts: DownwardFacts): Promise<void> {
    // A token among them must not run out because another one is gone.
    await eachApart((pod.spec.volumes ?? []).filter(isPayloadVolume), (v) => this.writePayload(pod, v, facts));
  }

  /** Unmounts and removes the pod's folder. Never touches what a mount still shows: an unmount that fails is an error. */
  async tearDown(podUid: string): Promise<void> {
    const dir = podDir(this.ctx.folders, podUid);
    for (const mount of await this.ctx.host.mounter.mountsUnder(dir)) await this.ctx.host.mounter.unmount(mount);
    await this.ctx.host.files.remove(dir);
    this.ctx.tokens.forget(podUid);
    this.shown.delete(podUid);
  }

  private async one(pod: Pod, v: Volume, facts: DownwardFacts, mounted: Mounted): Promise<MountedVolume> {
    if (isPayloadVolume(v)) return { path: await this.payload(pod, v, facts, mounted), readonly: true };
    if (v.emptyDir) return { path: await this.emptyDir(pod, v, mounted), readonly: false };
    if (v.hostPath) return { path: await hostPath(this.ctx.host.files, v.hostPath), readonly: false };
    if (v.persistentVolumeClaim) return this.claim(pod, v.persistentVolumeClaim.claimName, v.persistentVolumeClaim.readOnly === true);
    const kind = Object.keys(v).find((k) => k !== 'name') ?? '';
    throw new Error(kind ? `volume type ${kind} is not supported by this kubelet` : 'no volume plugin matched');
  }

  private pathOf(pod: Pod, v: Volume): string {
    const kind = Object.keys(PLUGINS).find((k) => v[k as keyof Volume]);
    return volumeDir(this.ctx.folders, uidOf(pod), kind ? PLUGINS[kind]! : 'empty-dir', v.name);
  }

  private async emptyDir(pod: Pod, v: Volume, mounted: Mounted): Promise<string> {
    const path = this.pathOf(pod, v);
    const medium = v.emptyDir!.medium ?? '';
    if (medium && medium !== 'Memory') throw new Error(`emptyDir medium ${JSON.stringify(medium)} is not supported by this kubelet`);
    const limit = v.emptyDir!.sizeLimit ? amount(v.emptyDir!.sizeLimit) : 0;
    const { files } = this.ctx.host;
    const fresh = !(await files.stat(path));
    if (medium === 'Memory') await this.memory(pod, path, mounted, limit);
    else await files.mkdir(path);
    if (fresh) {
      await files.chmod(path, medium === 'Memory' ? 0o1777 : 0o777);
      const gid = pod.spec.securityContext?.fsGroup;
      if (gid !== undefined) {
        await files.chown(path, -1, gid);
        await files.chmod(path, 0o2777);
      }
    }
    return path;
  }

  /** A tmpfs, unless one is there already: the kubelet may have been away. No larger than what its Pod may use, or all Pods together. */
  private async memory(pod: Pod, path: string, mounted: Mounted, limit = 0): Promise<void> {
    const { files, mounter } = this.ctx.host;
    await files.mkdir(path);
    if ((await mounted()).has(path)) return;
    const sizes = [limit, podLimits(pod).memoryLimit ?? 0, this.ctx.memory].filter((n) => n > 0);
    await mounter.tmpfs(path, { mode: 0o1777, ...(sizes.length ? { sizeBytes: Math.min(...sizes) } : {}) });
  }

  private async payload(pod: Pod, v: Volume, facts: DownwardFacts, mounted: Mounted): Promise<string> {
    const path = this.pathOf(pod, v);
    // First what can fail for the user's sake, then the mount.
    const content = await this.content(pod, v, facts);
    // Secrets and tokens never reach a disk.
    if (v.configMap) await this.ctx.host.files.mkdir(path, 0o777);
    else await this.memory(pod, path, mounted);
    await this.write(pod, path, content);
    return path;
  }

  private async writePayload(pod: Pod, v: Volume, facts: DownwardFacts): Promise<void> {
    await this.write(pod, this.pathOf(pod, v), await this.content(pod, v, facts));
  }

  private async write(pod: Pod, path: string, content: Payload): Promise<void> {
    const gid = pod.spec.securityContext?.fsGroup;
    await writeAtomically(this.ctx.host.files, path, content, this.ctx.clock.now(), gid === undefined ? {} : { gid });
  }

  private async content(pod: Pod, v: Volume, facts: DownwardFacts): Promise<Payload> {
    const namespace = namespaceOf(pod);
    const needs = payloadNeeds(v);
    const settle = <T>(names: readonly string[], get: (name: string) => Promise<T>) =>
      Promise.all(
        [...new Set(names)].map(
          async (n) =>
            [
              n,
              await get(n).then(
                (value) => ({ value }),
                (error: Error) => ({ error }),
              ),
            ] as const,
        ),
      ).then((l) => new Map(l));
    const [configMaps, secrets] = await Promise.all([
      settle(needs.configMaps, (n) => this.ctx.objects.configMap(namespace, n)),
      settle(needs.secrets, (n) => this.ctx.objects.secret(namespace, n)),
    ]);
    const tokens = new Map<string, string>();
    for (const t of needs.tokens) {
      const value = this.ctx.requestTokens ? await this.ctx.tokens.get(pod, t.audience, t.expirationSeconds) : '';
      tokens.set(`${t.audience}/${t.expirationSeconds}`, value);
    }
    const take = <T>(map: Map<string, { value: T } | { error: Error }>, name: string): T => {
      const r = map.get(name)!;
      if ('error' in r) throw r.error;
      return r.value;
    };
    const shown = this.shown.get(uidOf(pod)) ?? new Map<string, number>();
    this.shown.set(uidOf(pod), shown);
    shown.delete(v.name);
    let others = 0;
    for (const bytes of shown.values()) others += bytes;
    const payload = payloadOf(
      pod,
      v,
      {
        configMap: (n) => take<ConfigMap>(configMaps, n),
        secret: (n) => take<Secret>(secrets, n),
        token: (audience, seconds) => tokens.get(`${audience}/${seconds}`) ?? '',
      },
      facts,
      PAYLOAD_LIMIT - others,
    );
    let bytes = 0;
    for (const { data } of payload.values()) bytes += data.length;
    shown.set(v.name, bytes);
    return payload;
  }

  /** A claim whose volume is a folder of this host. Other volumes name themselves in the error. */
  private async claim(pod: Pod, name: string, readonly: boolean): Promise<MountedVolume> {
    const namespace = namespaceOf(pod);
    const claim = await this.ctx.objects.get(
      { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name } as const,
      'persistentvolumeclaim',
    );
    const failed = (why: string) => new Error(`error processing PVC ${namespace}/${name}: ${why}`);
    if (claim.metadata.deletionTimestamp && !claim.metadata.finalizers?.includes(CLAIM_PROTECTION)) throw failed('PVC is being deleted');
    if (claim.status?.phase !== 'Bound') throw failed('PVC is not bound');
    if (!claim.spec.volumeName) throw failed('PVC has empty pvc.Spec.VolumeName');
    const volume = await this.ctx.objects.get(
      { apiVersion: 'v1', kind: 'PersistentVolume', name: claim.spec.volumeName } as const,
      'persistentvolume',
    );
    const why = notOf(volume, claim);
    if (why) throw failed(why);
    const spec: PersistentVolumeSpec = volume.spec;
    if (spec.volumeMode === 'Block') throw failed('volumes of mode Block are not supported by this kubelet');
    if (spec.hostPath) return { path: await hostPath(this.ctx.host.files, spec.hostPath), readonly };
    if (spec.local) {
      const info = await this.ctx.host.files.stat(spec.local.path);
      if (!info) throw new Error(`path ${JSON.stringify(spec.local.path)} does not exist`);
      const { fsGroup, fsGroupChangePolicy } = pod.spec.securityContext ?? {};
      if (
        fsGroup !== undefined &&
        !readonly &&
        info.type === 'directory' &&
        !(fsGroupChangePolicy === 'OnRootMismatch' && isGroups(info, fsGroup))
      )
        await this.ctx.host.files.giveToGroup(spec.local.path, fsGroup);
      return { path: spec.local.path, readonly };
    }
    const kind = Object.keys(spec).find(
      (k) =>
        !/^(accessModes|capacity|claimRef|persistentVolumeReclaimPolicy|storageClassName|volumeMode|mountOptions|nodeAffinity|volumeAttributesClassName)$/.test(
          k,
        ),
    );
    throw new Error(`persistent volume type ${kind ?? '(none)'} is not supported by this kubelet`);
  }

  /** Folders of pods that have volumes on disk. */
  async podsOnDisk(): Promise<string[]> {
    const dir = `${this.ctx.folders.root}/pods`;
    return (await this.ctx.host.files.stat(dir)) ? this.ctx.host.files.list(dir) : [];
  }

  volumesDirOf(podUid: string): string {
    return volumesDir(this.ctx.folders, podUid);
  }
}
