/** Deployment: rolls its pods from one template to the next through ReplicaSets. `plan` decides; here it is carried out. */
import type { Deployment, ReplicaSet } from '../../api/types/apps/v1.js';
import { keyOf } from '../../client/informer.js';
import { DEPLOYMENTS, PODS, REPLICA_SETS } from '../../client/kinds.js';
import { isAlreadyExists, isNamespaceTerminating, isNotFound } from '../../meta/errors.js';
import { type ControllerContext, controllerOf, defineController, own, owned, splitKey, watch } from '../framework.js';
import { claim } from '../kit/claim.js';
import { controlledBy, indexByController } from '../kit/owners.js';
import { isFinished } from '../kit/pod-state.js';
import { writeStatus } from '../kit/status.js';
import { compiledSelector, indexSelectors, maySelect } from '../selecting.js';
import { type Plan, plan } from './plan.js';
import { REVISION, revisionOf, sameTemplate, split } from './replica-sets.js';
import { statusOf } from './status.js';

export const deploymentController = defineController({
  name: 'deployment',
  account: 'deployment-controller',
  watches: [
    own(DEPLOYMENTS),
    owned(REPLICA_SETS, DEPLOYMENTS),
    // A set without an owner may be one that a Deployment takes in.
    watch(REPLICA_SETS, (rs, c) =>
      controllerOf(rs as never)
        ? []
        : maySelect(c.informers.for(DEPLOYMENTS), rs.metadata.namespace, rs.metadata.labels)
            .filter((d) => compiledSelector(d.spec.selector!).matches(rs.metadata.labels))
            .map(keyOf),
    ),
    // Recreate waits for the last old pod to be gone.
    watch(PODS, (pod, c) => {
      const set = controllerOf(pod as never);
      const rs = set?.kind === 'ReplicaSet' ? c.informers.for(REPLICA_SETS).get(pod.metadata.namespace ?? '', set.name) : undefined;
      const ref = rs && controllerOf(rs as never);
      if (ref?.kind !== 'Deployment') return [];
      const d = c.informers.for(DEPLOYMENTS).get(pod.metadata.namespace ?? '', ref.name);
      return d?.spec.strategy.type === 'Recreate' ? [`${pod.metadata.namespace}/${ref.name}`] : [];
    }),
  ],
  setup(c) {
    indexSelectors(c.informers.for(DEPLOYMENTS), (d) => d.spec.selector);
    indexByController(c.informers.for(PODS));
    indexByController(c.informers.for(REPLICA_SETS));
  },
  async reconcile(key, c) {
    const { namespace, name } = splitKey(key);
    const d = c.informers.for(DEPLOYMENTS).get(namespace, name);
    if (!d) return undefined;
    const sets = await claim(c, d, REPLICA_SETS, c.informers.for(REPLICA_SETS));
    const podsLeft = (rs: ReplicaSet) => controlledBy(c.informers.for(PODS), rs.metadata.uid).filter((p) => !isFinished(p)).length;
    const decided = plan(d, { sets, podsLeft, now: c.env.clock.now() });
    await carryOut(c, d, sets, decided);
    return decided.again;
  },
});

async function carryOut(c: ControllerContext, d: Deployment, sets: readonly ReplicaSet[], p: Plan): Promise<void> {
  const tell = (event: string | undefined) => event && c.events.normal(d, 'ScalingReplicaSet', event);
  let { revision } = p;
  if (p.create) {
    const made = await create(c, d, sets, p.create);
    if (!made) return;
    if (made.is === 'present') revision = String(revisionOf(made.set) || revision);
    else tell(p.create.event);
  }
  for (const { next, event } of p.changes) {
    await c.client.update(next);
    tell(event);
  }
  for (const { metadata } of p.remove)
    await c.client
      .delete({ ...REPLICA_SETS, namespace: metadata.namespace, name: metadata.name }, { propagationPolicy: 'Background' })
      .catch((e) => {
        if (!isNotFound(e)) throw e;
      });
  if (revision === undefined) return writeStatus(c, DEPLOYMENTS, d, p.status);
  // Through status: it is no change of what is wanted, and raises no generation.
  const annotations = { ...d.metadata.annotations, [REVISION]: revision };
  await c.client.update({ ...d, metadata: { ...d.metadata, annotations }, status: p.status }, { subresource: 'status' }).catch((e) => {
    if (!isNotFound(e)) throw e;
  });
}

/** undefined: another template has the set's name; the next round takes another one. */
async function create(
  c: ControllerContext,
  d: Deployment,
  sets: readonly ReplicaSet[],
  { set }: NonNullable<Plan['create']>,
): Promise<{ readonly is: 'made' | 'present'; readonly set: ReplicaSet } | undefined> {
  const { name, namespace } = set.metadata!;
  try {
    return { is: 'made', set: (await c.client.create(set as never)) as ReplicaSet };
  } catch (e) {
    if (isNamespaceTerminating(e)) throw e;
    if (!isAlreadyExists(e)) {
      const message = `Failed to create new replica set "${name}": ${(e as Error).message}`;
      const progress = { reason: 'ReplicaSetCreateError', message, failed: true };
      await writeStatus(c, DEPLOYMENTS, d, statusOf(d, { ...split(d, sets), now: c.env.clock.now(), progress }));
      c.events.warning(d, 'ReplicaSetCreateError', message);
      throw e;
    }
    const present = await c.client.get({ ...REPLICA_SETS, namespace, name: name! });
    if (controllerOf(present)?.uid === d.metadata.uid && sameTemplate(present.spec.template, d.spec.template))
      return { is: 'present', set: present };
    await writeStatus(c, DEPLOYMENTS, d, { ...d.status, collisionCount: (d.status.collisionCount ?? 0) + 1 });
    return undefined;
  }
}
