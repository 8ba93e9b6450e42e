/** Makes sure that a container's image is there: pull policy, credentials, back-off, and the events that tell of it. */
import type { Container, Pod, Secret } from '../api/types/core/v1.js';
import { AtMost } from '../util/at-most.js';
import type { Clock } from '../util/clock.js';
import { BackOff, PULL_BACKOFF } from './backoff.js';
import { credentialsFor, type PullCredential } from './credentials.js';
import { goDuration } from './duration.js';
import type { PodEvents } from './events.js';
import { defaultPullPolicy, imageWithoutTag, parseImageName, withDefaultTag } from './image-name.js';
import { uidOf } from './pods.js';
import type { PullRecords, PullSource } from './pull-records.js';
import { type ContainerRuntime, type Image, RuntimeError, type SandboxConfig } from './runtime.js';
import { StartError } from './start-error.js';

export interface ReadyImage {
  readonly ref: string;
  readonly image: Image | undefined;
}

/** After a failed pull the error shows for so long, then that the kubelet waits. */
const SHOW_BACKOFF_MS = 2000;
/** Pulls that run at one time; 0 in Kubernetes' default means one after the other, which starts a node slowly. */
export const MAX_PARALLEL_PULLS = 5;

export class ImageManager {
  private readonly backOff: BackOff;
  private readonly lastError = new Map<string, string>();
  /** Pulls under way, by image and credentials: two pods that want one image wait for one pull. */
  private readonly pulls = new Map<string, Promise<{ ref: string; by: number }>>();
  private readonly turns = new AtMost(MAX_PARALLEL_PULLS);

  constructor(
    private readonly runtime: ContainerRuntime,
    private readonly clock: Clock,
    private readonly events: PodEvents,
    private readonly records: PullRecords,
  ) {
    this.backOff = new BackOff(clock, PULL_BACKOFF);
  }

  forget(podUid: string): void {
    this.backOff.forget(`${podUid}_`);
    for (const key of this.lastError.keys()) if (key.startsWith(`${podUid}_`)) this.lastError.delete(key);
  }

  /** Rejects with a StartError whose reason is the container's waiting reason. */
  async ensure(pod: Pod, c: Container, secrets: readonly Secret[], sandbox: SandboxConfig): Promise<ReadyImage> {
    const requested = c.image ?? '';
    let image: string;
    try {
      image = withDefaultTag(requested);
    } catch (e) {
      const message = `Failed to apply default image tag ${JSON.stringify(requested)}: ${(e as Error).message}`;
      this.events.warn(pod, 'InspectFailed', message, c);
      throw new StartError('InvalidImageName', message);
    }
    const policy = c.imagePullPolicy ?? defaultPullPolicy(requested);
    if (policy !== 'Always') {
      const present = await this.inspect(pod, c, image);
      // Whoever may not pull it is not told that it is there, either.
      if (
        present &&
        (await this.records.mayUse(imageWithoutTag(requested), requested, present.id, sources(this.credentials(image, secrets))))
      ) {
        this.events.normal(
          pod,
          'Pulled',
          `Container image ${JSON.stringify(requested)} already present on machine and can be accessed by the pod`,
          c,
        );
        return { ref: present.id, image: present };
      }
      if (policy === 'Never') {
        const message = `Container image ${JSON.stringify(requested)} is not present with pull policy of Never`;
        this.events.warn(pod, 'ErrImageNeverPull', message, c);
        throw new StartError('ErrImageNeverPull', message);
      }
    }
    return this.pull(pod, c, image, secrets, sandbox);
  }

  private async inspect(pod: Pod, c: Container, image: string): Promise<Image | undefined> {
    try {
      return await this.runtime.imageStatus(image);
    } catch (e) {
      const message = `Failed to inspect image "": ${(e as Error).message}`;
      this.events.warn(pod, 'InspectFailed', message, c);
      throw new StartError('ImageInspectError', message);
    }
  }

  private async pull(pod: Pod, c: Container, image: string, secrets: readonly Secret[], sandbox: SandboxConfig): Promise<ReadyImage> {
    const requested = c.image ?? '';
    const key = `${uidOf(pod)}_${requested}`;
    const wait = this.backOff.remaining(key, this.backOff.updatedAt(key));
    if (wait > 0) {
      const message = `Back-off pulling image ${JSON.stringify(requested)}`;
      this.events.normal(pod, 'BackOff', message, c);
      const last = this.lastError.get(key);
      throw new StartError('ImagePullBackOff', last ? `${message}: ${last}` : message, wait);
    }
    this.events.normal(pod, 'Pulling', `Pulling image ${JSON.stringify(requested)}`, c);
    const asked = this.clock.now();
    let began = asked;
    const credentials = this.credentials(image, secrets);
    await this.records.begin(requested);
    try {
      const { ref, by } = await this.pullOnce(image, credentials, sandbox, () => {
        began = this.clock.now();
      });
      const now = this.clock.now();
      const status = await this.runtime.imageStatus(ref);
      await this.records.pulled(imageWithoutTag(requested), requested, status?.id ?? ref, by < 0 ? undefined : credentials[by]!.source);
      const took = `${goDuration(now - began)} (${goDuration(now - asked)} including waiting)`;
      this.events.normal(
        pod,
        'Pulled',
        `Successfully pulled image ${JSON.stringify(requested)} in ${took}. Image size: ${status?.size ?? 0} bytes.`,
        c,
      );
      this.lastError.delete(key);
      return { ref: status?.id ?? ref, image: status };
    } catch (e) {
      await this.records.failed(requested);
      const message = (e as Error).message;
      this.events.warn(pod, 'Failed', `Failed to pull image ${JSON.stringify(requested)}: ${message}`, c);
      this.backOff.next(key, this.clock.now());
      const { reason, text } = pullFailure(requested, message);
      this.lastError.set(key, `${reason}: ${text}`);
      throw new StartError(reason, text, SHOW_BACKOFF_MS);
    }
  }

  private credentials(image: string, secrets: readonly Secret[]): PullCredential[] {
    return credentialsFor(parseImageName(image).repository, secrets, this.records.digest);
  }

  /** One pull for all who ask for the same with the same credentials. `by` is the credential that opened the registry; -1: none was needed. */
  private pullOnce(
    image: string,
    credentials: readonly PullCredential[],
    sandbox: SandboxConfig,
    onStart: () => void,
  ): Promise<{ ref: string; by: number }> {
    const key = JSON.stringify([image, credentials.map((c) => c.auth)]);
    const under = this.pulls.get(key);
    if (under) return under;
    const pull = this.turns
      .run(async () => {
        onStart();
        if (!credentials.length) return { ref: await this.runtime.pullImage(image, undefined, sandbox), by: -1 };
        const errors: string[] = [];
        for (const [by, { auth }] of credentials.entries()) {
          try {
            return { ref: await this.runtime.pullImage(image, auth, sandbox), by };
          } catch (e) {
            errors.push((e as Error).message);
          }
        }
        const unique = [...new Set(errors)];
        throw new RuntimeError('Unknown', unique.length === 1 ? unique[0]! : `[${unique.join(', ')}]`);
      })
      .finally(() => this.pulls.delete(key));
    this.pulls.set(key, pull);
    return pull;
  }
}

const sources = (credentials: readonly PullCredential[]): PullSource[] => credentials.map((c) => c.source);

const SPECIAL: readonly (readonly [string, string])[] = [
  ['RegistryUnavailable', 'the registry is unavailable'],
  ['SignatureValidationFailed', 'the signature validation failed'],
];

function pullFailure(image: string, message: string): { reason: string; text: string } {
  for (const [code, words] of SPECIAL) {
    if (message.startsWith(code))
      return { reason: code, text: `image pull failed for ${image} because ${words}${message.slice(code.length)}` };
  }
  return { reason: 'ErrImagePull', text: message };
}
