/** CSIDrivers: what the cluster must know about a driver of volumes. Source: https://kubernetes-csi.github.io/docs/csi-driver-object.html */
import { duplicate, invalid, notSupported } from '../../meta/field-error.js';
import { type Errors, immutable, oneOf, repeats, same } from '../check.js';
import { ageColumn, boolean, column, nameColumn } from '../columns.js';
import { defineResource } from '../define.js';
import type { CSIDriver, CSIDriverSpec, TokenRequest } from '../types/storage/v1.js';

const MIN_TOKEN_SECONDS = 600;
const MAX_TOKEN_SECONDS = 2 ** 32;
const MIN_PERIOD_SECONDS = 10;
const MODES = ['Persistent', 'Ephemeral'];
const TOKENS_IN_CLEAR =
  'spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes';

export const csiDriver = defineResource<CSIDriver>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSIDriver',
  plural: 'csidrivers',
  namespaced: false,
  storageVersionHash: 'hL6j/rwBV5w=',
  unconditionalUpdate: false,
  validate: ({ spec }) => validateSpec(spec),
  validateUpdate: ({ spec }, old) => [
    ...validateSpec(spec),
    ...immutable(spec.attachRequired, old.spec.attachRequired, 'spec.attachedRequired'),
    ...immutable(spec.volumeLifecycleModes, old.spec.volumeLifecycleModes, 'spec.volumeLifecycleModes'),
  ],
  warnings({ spec }, old) {
    const changed = !old || !same(spec.tokenRequests, old.spec.tokenRequests);
    return changed && spec.tokenRequests?.length && spec.serviceAccountTokenInSecrets === undefined ? [TOKENS_IN_CLEAR] : [];
  },
  columns: [
    nameColumn,
    boolean('AttachRequired', ({ spec }) => spec.attachRequired ?? true),
    boolean('PodInfoOnMount', ({ spec }) => spec.podInfoOnMount ?? false),
    boolean('StorageCapacity', ({ spec }) => spec.storageCapacity ?? false),
    column('TokenRequests', ({ spec }) => spec.tokenRequests?.map((t) => t.audience).join(',') ?? '<unset>'),
    boolean('RequiresRepublish', ({ spec }) => spec.requiresRepublish ?? false),
    column('Modes', ({ spec }) => spec.volumeLifecycleModes?.join(',') || '<none>'),
    ageColumn,
  ],
});

function validateSpec(spec: CSIDriverSpec): Errors {
  const { nodeAllocatableUpdatePeriodSeconds: period, serviceAccountTokenInSecrets: inSecrets, tokenRequests } = spec;
  return [
    ...(spec.fsGroupPolicy === undefined
      ? []
      : oneOf(spec.fsGroupPolicy, ['File', 'None', 'ReadWriteOnceWithFSType'], 'spec.fsGroupPolicy')),
    ...tokens(tokenRequests ?? []),
    ...(spec.volumeLifecycleModes ?? [])
      .filter((mode) => !MODES.includes(mode))
      .map((mode) => notSupported('spec.volumeLifecycleModes', mode, MODES)),
    ...(period !== undefined && period < MIN_PERIOD_SECONDS
      ? [invalid('spec.nodeAllocatableUpdatePeriodSeconds', period, `must be greater than or equal to ${MIN_PERIOD_SECONDS} seconds`)]
      : []),
    ...(inSecrets !== undefined && !tokenRequests?.length
      ? [invalid('spec.serviceAccountTokenInSecrets', inSecrets, 'serviceAccountTokenInSecrets is set but no tokenRequests are specified')]
      : []),
  ];
}

function tokens(requests: readonly TokenRequest[]): Errors {
  const again = repeats(requests, (r) => r.audience);
  return requests.flatMap(({ audience, expirationSeconds: seconds }, i) => {
    const path = `spec.tokenRequests[${i}]`;
    if (again[i]) return [duplicate(`${path}.audience`, audience)];
    const wrong = (text: string): Errors => [invalid(`${path}.expirationSeconds`, seconds, text)];
    if (seconds === undefined) return [];
    if (seconds < MIN_TOKEN_SECONDS) return wrong('may not specify a duration less than 10 minutes');
    return seconds > MAX_TOKEN_SECONDS ? wrong('may not specify a duration larger than 2^32 seconds') : [];
  });
}
