/** Walking over the containers of a pod. */
import type { Container, EphemeralContainer, PodSpec } from '../../types/core/v1.js';

export interface PlacedContainer {
  readonly container: Container | EphemeralContainer;
  readonly path: string;
}

/** Every container with the path of its place: init containers, containers, ephemeral containers. */
export function placedContainers(spec: PodSpec, path: string): PlacedContainer[] {
  const lists = ['initContainers', 'containers', 'ephemeralContainers'] as const;
  return lists.flatMap((list) => (spec[list] ?? []).map((container, i) => ({ container, path: `${path}.${list}[${i}]` })));
}

/** An init container that stays: a sidecar. */
export const isSidecar = (c: Container): boolean => c.restartPolicy === 'Always';
