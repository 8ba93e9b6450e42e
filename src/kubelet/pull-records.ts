/**
 * Who may use an image that lies on the node: those who have pulled it, or could. An image that was pulled with a secret is open to Pods that bring
 * this secret or the same credential; others must pull it themselves. Images that were here before the kubelet are for everybody.
 * Source: https://kubernetes.io/docs/concepts/containers/images/#ensureimagepullcredentialverification
 */
import type { Env } from '../util/component.js';
import type { Host } from './host.js';
import type { ContainerRuntime } from './runtime.js';

/** A pull secret, and its credential without giving it away. */
export interface PullSource {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly hash: string;
}

interface Access {
  /** Pulled without a credential: for every Pod of the node. */
  everybody: boolean;
  secrets: PullSource[];
}

interface Kept {
  /** Pulls that were under way, by image. */
  readonly pulling: readonly string[];
  /** By image id, then by image name without its tag. */
  readonly pulled: readonly (readonly [string, readonly (readonly [string, Access])[]])[];
}

const FILE = 'image_manager/pulled.json';
/** Secrets that are remembered of one image: those who come later pull it each time. */
const MAX_SECRETS = 100;

const sameSecret = (a: PullSource, b: PullSource): boolean => a.uid === b.uid && a.namespace === b.namespace && a.name === b.name;

export class PullRecords {
  /** How many pulls of an image are under way. */
  private readonly pulling = new Map<string, number>();
  private readonly images = new Map<string, Map<string, Access>>();
  private writing: Promise<void> = Promise.resolve();
  private dirty = false;

  private constructor(
    private readonly host: Pick<Host, 'files' | 'digest'>,
    private readonly root: string,
    private readonly env: Pick<Env, 'log'>,
  ) {}

  /** Goes on with what the last kubelet knew. Of a pull that it did not see the end of, nobody knows who may use it. */
  static async open(
    host: Pick<Host, 'files' | 'digest'>,
    root: string,
    runtime: Pick<ContainerRuntime, 'listImages'>,
    env: Pick<Env, 'log'>,
  ): Promise<PullRecords> {
    const records = new PullRecords(host, root, env);
    const file = `${root}/${FILE}`;
    if (!(await host.files.stat(file))) return records;
    const present = await runtime.listImages();
    let kept: Kept;
    try {
      kept = JSON.parse(new TextDecoder().decode(await host.files.read(file))) as Kept;
    } catch (e) {
      env.log.warn('records of pulled images cannot be read: every image is asked for again', { error: (e as Error).message });
      for (const i of present) records.images.set(i.id, new Map());
      return records;
    }
    const ids = new Set(present.map((i) => i.id));
    for (const [id, names] of kept.pulled) if (ids.has(id)) records.images.set(id, new Map(names));
    const open = new Set(kept.pulling);
    for (const i of present)
      if ([...i.repoTags, ...i.repoDigests].some((n) => open.has(n)) && !records.images.has(i.id)) records.images.set(i.id, new Map());
    // A name that the runtime writes in another way stays in doubt: whoever asks for it pulls.
    for (const image of open) records.pulling.set(image, 1);
    return records;
  }

  get digest(): (secret: string) => string {
    return this.host.digest;
  }

  /** Whether a Pod with these secrets may use the image that is there. */
  async mayUse(name: string, image: string, id: string, secrets: readonly PullSource[]): Promise<boolean> {
    const record = this.images.get(id);
    if (!record) return !this.pulling.has(image);
    const access = record.get(name);
    if (!access) return false;
    if (access.everybody) return true;
    for (const s of secrets) {
      const known = access.secrets.find((k) => k.hash === s.hash || sameSecret(k, s));
      if (!known) continue;
      // The secret has been renewed, or another one holds the same: both count from now on.
      if (known.hash !== s.hash || !sameSecret(known, s)) await this.pulled(name, undefined, id, s);
      return true;
    }
    return false;
  }

  async begin(image: string): Promise<void> {
    this.pulling.set(image, (this.pulling.get(image) ?? 0) + 1);
    await this.save();
  }

  async failed(image: string): Promise<void> {
    this.end(image);
    await this.save();
  }

  /** @param by the secret that opened the registry; undefined: it was open. */
  async pulled(name: string, image: string | undefined, id: string, by: PullSource | undefined): Promise<void> {
    const record = this.images.get(id) ?? new Map<string, Access>();
    this.images.set(id, record);
    const access = record.get(name) ?? { everybody: false, secrets: [] };
    record.set(name, access);
    if (!by) Object.assign(access, { everybody: true, secrets: [] });
    else if (!access.everybody) {
      const others = access.secrets.filter((s) => !sameSecret(s, by));
      access.secrets = [...others.slice(Math.max(0, others.length - MAX_SECRETS + 1)), by];
    }
    if (image !== undefined) this.end(image);
    await this.save();
  }

  private end(image: string): void {
    const left = (this.pulling.get(image) ?? 1) - 1;
    if (left > 0) this.pulling.set(image, left);
    else this.pulling.delete(image);
  }

  /** Resolves when what is known now is on disk. Changes that come while one is written are written together. */
  private save(): Promise<void> {
    if (!this.dirty) {
      this.dirty = true;
      this.writing = this.writing.then(() => this.write());
    }
    return this.writing;
  }

  private async write(): Promise<void> {
    this.dirty = false;
    const kept: Kept = { pulling: [...this.pulling.keys()], pulled: [...this.images].map(([id, names]) => [id, [...names]]) };
    const { files } = this.host;
    const file = `${this.root}/${FILE}`;
    try {
      await files.mkdir(file.slice(0, file.lastIndexOf('/')), 0o700);
      await files.write(`${file}.new`, JSON.stringify(kept), 0o600);
      await files.rename(`${file}.new`, file);
    } catch (e) {
      this.env.log.warn('records of pulled images not written', { error: (e as Error).message });
    }
  }
}
