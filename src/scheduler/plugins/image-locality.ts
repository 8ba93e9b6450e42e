/** ImageLocality: rather where the images are already. */
import { StateKey } from '../cycle-state.js';
import { definePlugin, MAX_SCORE, SKIP } from '../framework.js';

const MB = 1024 * 1024;
const LEAST = 23 * MB;
const MOST_PER_CONTAINER = 1000 * MB;

/** `nginx` and `nginx:latest` are the same image. */
const normalized = (image: string): string => (image.lastIndexOf(':') <= image.lastIndexOf('/') ? `${image}:latest` : image);

interface Wanted {
  /** What the bytes of each image count: how many containers have it, times the part of the nodes that have it. */
  readonly images: readonly (readonly [name: string, factor: number])[];
  readonly most: number;
}

const WANTED = new StateKey<Wanted>();

export const imageLocality = definePlugin('ImageLocality', () => ({
  preScore(state, { pod }, _nodes, snapshot) {
    const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
    const images = new Map<string, number>();
    for (const c of containers) {
      const name = normalized(c.image ?? '');
      // An image that few nodes have draws less, or all its pods would gather there.
      const part = snapshot.imageSpread(name) / snapshot.nodes.length;
      if (part) images.set(name, (images.get(name) ?? 0) + part);
    }
    // No node has any: all are worth the same.
    if (!images.size) return SKIP;
    state.write(WANTED, { images: [...images], most: MOST_PER_CONTAINER * containers.length });
    return undefined;
  },
  score(state, _pod, node) {
    const { images, most } = state.read(WANTED)!;
    let sum = 0;
    for (const [name, factor] of images) sum += (node.images.get(name) ?? 0) * factor;
    const clamped = Math.min(Math.max(sum, LEAST), most);
    return Math.floor((MAX_SCORE * (clamped - LEAST)) / (most - LEAST));
  },
}));
