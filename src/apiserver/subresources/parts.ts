/** Subresources that are a part of the object: only that part is taken from what was sent. */

import type { Container, Pod } from '../../api/types/core/v1.js';
import type { AnyObject } from '../../meta/object.js';
import { table } from '../../util/own.js';
import type { Call } from '../core.js';

const PARTS: Record<string, (to: Pod, from: Pod) => void> = table({
  approval: (to, from) => {
    // Of a CertificateSigningRequest; labels and annotations may come along.
    to.status.conditions = from.status?.conditions;
    to.metadata = from.metadata;
  },
  ephemeralcontainers: (to, from) => {
    if (from.spec.ephemeralContainers) to.spec.ephemeralContainers = from.spec.ephemeralContainers;
    else delete to.spec.ephemeralContainers;
  },
  resize: (to, from) => {
    const copy = (a: Container[] | undefined, b: Container[] | undefined) => {
      const byName = new Map((b ?? []).map((x) => [x.name, x]));
      for (const c of a ?? []) {
        const sent = byName.get(c.name);
        if (!sent) continue;
        c.resources = sent.resources;
        if (sent.resizePolicy) c.resizePolicy = sent.resizePolicy;
      }
    };
    copy(to.spec.containers, from.spec.containers);
    copy(to.spec.initContainers, from.spec.initContainers);
  },
});

/** The sent Pod reduced to the old one with the subresource's part changed. */
export function withPart(call: Call, sent: AnyObject, old: AnyObject): AnyObject {
  const part = PARTS[call.info.subresource];
  if (!part) return sent;
  const next = structuredClone(old);
  part(next as unknown as Pod, sent as unknown as Pod);
  next.metadata.resourceVersion = sent.metadata.resourceVersion;
  if (sent.metadata.managedFields) next.metadata.managedFields = sent.metadata.managedFields;
  return next;
}
