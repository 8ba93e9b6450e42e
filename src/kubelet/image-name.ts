/** Image references: `[host/]path[:tag][@digest]`. Pure. Source: https://github.com/distribution/reference */
import { parseReference } from '../meta/image-reference.js';

export interface ImageName {
  /** `docker.io/library/busybox`: with the default host and path filled in. */
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
}

/** Throws in the words of the reference library, which events show. */
export function parseImageName(image: string): ImageName {
  const fail = (why: string) => new Error(`couldn't parse image name ${JSON.stringify(image)}: ${why}`);
  const m = parseReference(image);
  if (!m) {
    if (!image) throw fail('invalid reference format');
    throw fail(
      parseReference(image.toLowerCase()) ? 'invalid reference format: repository name must be lowercase' : 'invalid reference format',
    );
  }
  const { name, tag = '', digest = '' } = m;
  const [first, ...rest] = name.split('/');
  const hasHost =
    rest.length > 0 && (first!.includes('.') || first!.includes(':') || first === 'localhost' || first !== first!.toLowerCase());
  const repository = hasHost ? name : `docker.io/${rest.length ? name : `library/${name}`}`;
  return { repository, tag: tag || (digest ? '' : 'latest'), digest };
}

/** The reference as it was written, without tag and digest. */
export const imageWithoutTag = (image: string): string => parseReference(image)?.name ?? image;

/** The reference with `:latest` where neither tag nor digest is given. */
export function withDefaultTag(image: string): string {
  const { tag, digest } = parseImageName(image);
  return !digest && tag && !image.endsWith(`:${tag}`) ? `${image}:${tag}` : image;
}

/** `Always` for `:latest`, else `IfNotPresent`: what the API fills in, repeated for static pods. */
export function defaultPullPolicy(image: string): 'Always' | 'IfNotPresent' {
  try {
    return parseImageName(image).tag === 'latest' ? 'Always' : 'IfNotPresent';
  } catch {
    return 'IfNotPresent';
  }
}
