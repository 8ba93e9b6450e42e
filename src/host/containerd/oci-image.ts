/** Makes an OCI image archive (one layer) of given files: what `ctr images import` takes. Source: https://github.com/opencontainers/image-spec */
import { createHash } from 'node:crypto';
import { type TarEntry, tar } from './tar.js';

export interface ImageRecipe {
  /** Full reference, `host/name:tag`. */
  readonly name: string;
  /** Go's names: amd64, arm64. */
  readonly architecture: string;
  readonly files: readonly TarEntry[];
  readonly config: {
    readonly Entrypoint?: readonly string[];
    readonly Cmd?: readonly string[];
    readonly Env?: readonly string[];
    readonly User?: string;
    readonly WorkingDir?: string;
  };
}

const digest = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

export function ociArchive(recipe: ImageRecipe): Buffer {
  const blobs: TarEntry[] = [];
  const blob = (mediaType: string, data: Buffer) => {
    blobs.push({ path: `blobs/sha256/${digest(data).slice('sha256:'.length)}`, data });
    return { mediaType, digest: digest(data), size: data.length };
  };
  const layer = tar(recipe.files);
  const layerDescriptor = blob('application/vnd.oci.image.layer.v1.tar', layer);
  const config = blob(
    'application/vnd.oci.image.config.v1+json',
    json({
      architecture: recipe.architecture,
      os: 'linux',
      config: recipe.config,
      rootfs: { type: 'layers', diff_ids: [digest(layer)] },
      history: [],
    }),
  );
  const manifest = blob(
    'application/vnd.oci.image.manifest.v1+json',
    json({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.manifest.v1+json', config, layers: [layerDescriptor] }),
  );
  const annotations = {
    'io.containerd.image.name': recipe.name,
    'org.opencontainers.image.ref.name': recipe.name.slice(recipe.name.lastIndexOf(':') + 1),
  };
  return tar([
    { path: 'oci-layout', data: json({ imageLayoutVersion: '1.0.0' }) },
    {
      path: 'index.json',
      data: json({
        schemaVersion: 2,
        manifests: [{ ...manifest, platform: { os: 'linux', architecture: recipe.architecture }, annotations }],
      }),
    },
    { path: 'blobs/' },
    { path: 'blobs/sha256/' },
    ...blobs,
  ]);
}
