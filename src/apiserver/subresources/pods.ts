/** What a Pod has beside its object: binding, eviction, ephemeral containers, resize. */
import { schemas } from '../../api/schemas.js';
import type { Binding, Pod, PodCondition } from '../../api/types/core/v1.js';
import type { PodDisruptionBudget } from '../../api/types/policy/v1.js';
import { reads } from '../../meta/decode.js';
import { badRequest, conflictError, invalidError, isConflict, notFoundError, StatusError } from '../../meta/errors.js';
import { notSupported, required } from '../../meta/field-error.js';
import { selectorFromObject } from '../../meta/labels.js';
import type { AnyObject } from '../../meta/object.js';
import { timestamp } from '../../util/clock.js';
import { type Answer, objectAnswer } from '../answer.js';
import { aboutOf, type Call } from '../core.js';
import { readObject } from '../handlers/body.js';
import { checkDeleteOptions, checkDeletePreconditions, deleteObject } from '../handlers/delete.js';
import { writeParameters } from '../handlers/options.js';
import { admit } from '../handlers/prepare.js';
import { find } from '../handlers/read.js';
import { header } from '../request.js';

const created = (): Answer => objectAnswer(201, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 });

/** POST pods/x/binding, or a Binding in the namespace: the scheduler's decision. */
export async function bind(call: Call): Promise<Answer> {
  const { core, info } = call;
  const parameters = writeParameters(call.request.query, 'CreateOptions', header(call.request, 'user-agent') ?? '');
  const binding = readObject(
    call.request,
    { apiVersion: 'v1', kind: 'Binding', read: reads(schemas.kind('v1', 'Binding')!), group: '' },
    parameters.fieldValidation,
    call.warnings,
  ) as unknown as Binding;
  const name = info.subresource === 'binding' ? info.name : binding.metadata.name;
  if (!name) throw badRequest('name is required');
  if (info.subresource === 'binding' && binding.metadata.name && binding.metadata.name !== name)
    throw badRequest(`name in URL does not match name in Binding object`);
  const errors = [];
  if (binding.target.kind && binding.target.kind !== 'Node')
    errors.push(notSupported('target.kind', binding.target.kind, ['Node', '<empty>']));
  if (!binding.target.name) errors.push(required('target.name'));
  if (errors.length) throw invalidError('', 'Binding', name, errors);
  const pods = core.resources.find('', 'v1', 'pods')!;
  const podCall: Call = { ...call, definition: pods, info: { ...info, resource: 'pods', name, subresource: 'binding' } };
  await admit(podCall, 'CREATE', binding as unknown as AnyObject, parameters.dryRun);
  const about = { group: '', resource: 'pods/binding' };
  await core.storage.write({ dryRun: parameters.dryRun, what: { definition: pods, namespace: info.namespace, name } }, (entry) => {
    if (!entry) throw notFoundError(aboutOf(pods), name);
    const pod = structuredClone(entry.object) as unknown as Pod;
    if (binding.metadata.uid && binding.metadata.uid !== pod.metadata.uid)
      throw conflictError(
        about,
        name,
        `Precondition failed: UID in precondition: ${binding.metadata.uid}, UID in object meta: ${pod.metadata.uid}`,
      );
    if (pod.metadata.deletionTimestamp) throw conflictError(about, name, `pod ${name} is being deleted, cannot be assigned to a host`);
    if (pod.spec.nodeName) throw conflictError(about, name, `pod ${name} is already assigned to node ${JSON.stringify(pod.spec.nodeName)}`);
    if (pod.spec.schedulingGates?.length) throw conflictError(about, name, `pod ${name} has non-empty .spec.schedulingGates`);
    pod.spec.nodeName = binding.target.name ?? '';
    if (binding.metadata.labels) pod.metadata.labels = { ...pod.metadata.labels, ...binding.metadata.labels };
    if (binding.metadata.annotations) pod.metadata.annotations = { ...pod.metadata.annotations, ...binding.metadata.annotations };
    setCondition(pod, { type: 'PodScheduled', status: 'True', lastTransitionTime: timestamp(core.env.clock.now()) });
    return { put: pods.read(pod, 'Ignore').object };
  });
  return created();
}

/** How often an eviction tries to take its part of a disruption budget. */
const BUDGET_ATTEMPTS = 20;

/** POST pods/x/eviction: a deletion that respects disruption budgets. Source: https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/ */
export async function evict(call: Call): Promise<Answer> {
  const { info } = call;
  const parameters = writeParameters(call.request.query, 'CreateOptions', header(call.request, 'user-agent') ?? '');
  const eviction = readObject(
    call.request,
    {
      apiVersion: 'policy/v1',
      olderVersions: ['policy/v1beta1'], // what `kubectl drain` before 1.22 sends
      kind: 'Eviction',
      read: reads(schemas.kind('policy/v1', 'Eviction')!),
      group: 'policy',
    },
    parameters.fieldValidation,
    call.warnings,
  );
  if (eviction.metadata.name && eviction.metadata.name !== info.name)
    throw badRequest('name in URL does not match name in Eviction object');
  const given = (eviction as unknown as { deleteOptions?: { dryRun?: string[] } }).deleteOptions;
  const options = checkDeleteOptions(given ?? {});
  const dryRun = parameters.dryRun || options.dryRun;
  await admit(call, 'CREATE', eviction, dryRun);
  // Whoever is refused spends no one's budget: all that can be said against the deletion is said first.
  const entry = find(call, info.name);
  checkDeletePreconditions(call, options, entry);
  const pod = entry.object as unknown as Pod;
  if (!free(pod)) await takeFromBudget(call, pod, dryRun);
  await deleteObject({ ...call, info: { ...info, subresource: '' } }, { ...options, dryRun }, { admitted: true, before: disturbed });
  return created();
}

/** Told on the Pod before it goes, so that whoever owns it knows why. */
function disturbed(object: AnyObject, now: number): AnyObject {
  const pod = structuredClone(object) as unknown as Pod;
  setCondition(pod, {
    type: 'DisruptionTarget',
    status: 'True',
    observedGeneration: pod.metadata.generation,
    lastTransitionTime: timestamp(now),
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
  });
  return pod as unknown as AnyObject;
}

/** One that says the same already keeps its time. Mutates `pod`. */
function setCondition(pod: Pod, condition: PodCondition): void {
  const conditions = (pod.status.conditions ??= []);
  const at = conditions.findIndex((c) => c.type === condition.type);
  if (at < 0) conditions.push(condition);
  else if (conditions[at]!.status !== condition.status || conditions[at]!.reason !== condition.reason) conditions[at] = condition;
}

/** Pods that disturb no one when they go. */
const free = (p: Pod): boolean =>
  p.status.phase === 'Succeeded' || p.status.phase === 'Failed' || p.status.phase === 'Pending' || Boolean(p.metadata.deletionTimestamp);
const ready = (p: Pod): boolean => p.status.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ?? false;

async function takeFromBudget(call: Call, pod: Pod, dryRun: boolean): Promise<void> {
  const { core, info } = call;
  const budgets = core.resources.find('policy', 'v1', 'poddisruptionbudgets')!;
  const mine = core.storage
    .list(budgets, info.namespace)
    .filter((e) => selectorFromObject((e.object as unknown as PodDisruptionBudget).spec.selector).matches(pod.metadata.labels));
  if (mine.length > 1)
    throw new StatusError(
      500,
      'InternalError',
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    );
  const [entry] = mine;
  if (!entry) return;
  const now = core.env.clock.now();
  for (let i = 0; ; i++) {
    try {
      await core.storage.write({ dryRun, what: { definition: budgets, namespace: info.namespace, name: entry.name } }, (current) => {
        if (!current) return { keep: true };
        const b = structuredClone(current.object) as unknown as PodDisruptionBudget;
        if (
          !ready(pod) &&
          (b.spec.unhealthyPodEvictionPolicy === 'AlwaysAllow' ||
            (b.status.currentHealthy >= b.status.desiredHealthy && b.status.desiredHealthy > 0))
        )
          return { keep: true };
        if ((b.status.observedGeneration ?? 0) < (b.metadata.generation ?? 0))
          throw refused(
            "Cannot evict pod as it would violate the pod's disruption budget.",
            `The disruption budget ${entry.name} is still being processed by the server.`,
          );
        if (b.status.disruptionsAllowed <= 0)
          throw refused(
            "Cannot evict pod as it would violate the pod's disruption budget.",
            `The disruption budget ${entry.name} needs ${b.status.desiredHealthy} healthy pods and has ${b.status.currentHealthy} currently`,
          );
        b.status.disruptionsAllowed--;
        (b.status.disruptedPods ??= {})[pod.metadata.name] = timestamp(now);
        return { put: b as unknown as AnyObject };
      });
      return;
    } catch (e) {
      if (!isConflict(e) || i >= BUDGET_ATTEMPTS) throw e;
    }
  }
}

const refused = (message: string, cause: string): StatusError =>
  new StatusError(429, 'TooManyRequests', message, { causes: [{ reason: 'DisruptionBudget', message: cause }] });
