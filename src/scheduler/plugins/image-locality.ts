/** ImageLocality: rather where the images are already. */
import { definePlugin, MAX_SCORE } from '../framework.js';

const MB = 1024 * 1024;
const LEAST = 23 * MB;
const MOST_PER_CONTAINER = 1000 * MB;

/** `nginx` and `nginx:latest` are the same image. */
const normalized = (image: string): string => (image.lastIndexOf(':') <= image.lastIndexOf('/') ? `${image}:latest` : image);

export const imageLocality = definePlugin({
  name: 'ImageLocality',
  score({ pod }, node, _state, snapshot) {
    const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
    let sum = 0;
    for (const c of containers) {
      const size = node.images.get(normalized(c.image ?? ''));
      // An image that few nodes have draws less, or all its pods would gather there.
      if (size) sum += (size * snapshot.imageSpread(normalized(c.image ?? ''))) / snapshot.nodes.length;
    }
    const most = MOST_PER_CONTAINER * containers.length;
    const clamped = Math.min(Math.max(sum, LEAST), most);
    return Math.floor((MAX_SCORE * (clamped - LEAST)) / (most - LEAST));
  },
});
