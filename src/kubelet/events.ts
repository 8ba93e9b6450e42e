/** Events of the kubelet: what it says about which pod. */
import type { Container, ObjectReference, Pod } from '../api/types/core/v1.js';
import type { EventSink } from '../client/events.js';
import { named } from '../util/named.js';
import { CONFIG_HASH, ephemeralContainers, initContainers, isStatic, namespaceOf } from './pods.js';

/** Events about pods and their containers. */
export class PodEvents {
  constructor(private readonly sink: EventSink) {}

  normal(pod: Pod, reason: string, message: string, container?: Container): void {
    this.sink.event(reference(pod, container), 'Normal', reason, message);
  }
  warn(pod: Pod, reason: string, message: string, container?: Container): void {
    this.sink.event(reference(pod, container), 'Warning', reason, message);
  }
}

function fieldPath(pod: Pod, c: Container): string {
  if (named(pod.spec.containers, c.name)) return `spec.containers{${c.name}}`;
  if (named(initContainers(pod), c.name)) return `spec.initContainers{${c.name}}`;
  if (named(ephemeralContainers(pod), c.name)) return `spec.ephemeralContainers{${c.name}}`;
  return 'implicitly required container';
}

function reference(pod: Pod, container?: Container): ObjectReference {
  // A static pod is known to the API by its mirror, whose uid is not its own; events name it by the manifest's hash.
  const uid = isStatic(pod) ? (pod.metadata.annotations?.[CONFIG_HASH] ?? pod.metadata.uid) : pod.metadata.uid;
  return {
    kind: 'Pod',
    namespace: namespaceOf(pod),
    name: pod.metadata.name,
    uid,
    apiVersion: 'v1',
    resourceVersion: pod.metadata.resourceVersion,
    ...(container ? { fieldPath: fieldPath(pod, container) } : {}),
  };
}
