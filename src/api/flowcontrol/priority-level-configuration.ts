/** PriorityLevelConfigurations: how many requests of a level run at once, and what happens to the rest. Source: https://kubernetes.io/docs/concepts/cluster-administration/flow-control/#prioritylevelconfiguration */
import { forbidden, invalid, required } from '../../meta/field-error.js';
import { type Errors, oneOf, same } from '../check.js';
import { ageColumn, column, nameColumn } from '../columns.js';
import { defineResource } from '../define.js';
import { ALL_METADATA } from '../resource.js';
import type {
  LimitedPriorityLevelConfiguration,
  LimitResponse,
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
  QueuingConfiguration,
} from '../types/flowcontrol/v1.js';
import { validateConditionTypes } from './flow-schema.js';
import { MANDATORY_LEVELS } from './mandatory.js';

const MAX_QUEUES = 10_000_000;
const MAX_HASH_BITS = 60;
const KEPT_ZERO = 'flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares';

type Cell = (spec: PriorityLevelConfigurationSpec) => number | undefined;
const limit = (name: string, value: Cell) => column<PriorityLevelConfiguration>(name, ({ spec }) => value(spec) ?? '<none>');

export const priorityLevelConfiguration = defineResource<PriorityLevelConfiguration>({
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  kind: 'PriorityLevelConfiguration',
  plural: 'prioritylevelconfigurations',
  namespaced: false,
  storageVersionHash: 'Kir5PVfvNeI=',
  subresources: { status: true },
  statusKeeps: ALL_METADATA,
  hasGeneration: true,
  validate({ metadata, spec, status }) {
    const name = metadata.name ?? '';
    const kept = metadata.annotations?.[KEPT_ZERO] !== undefined;
    return [
      ...(kept ? [forbidden('metadata.annotations', `annotation '${KEPT_ZERO}' is forbidden`)] : []),
      ...validateSpec(name, spec),
      ...mandatory(name, spec),
      ...validateConditionTypes(status.conditions ?? []),
    ];
  },
  validateStatusUpdate: ({ status }) => validateConditionTypes(status.conditions ?? []),
  columns: [
    nameColumn,
    column('Type', ({ spec }) => spec.type),
    limit('NominalConcurrencyShares', (spec) => spec.limited?.nominalConcurrencyShares),
    limit('Queues', (spec) => spec.limited?.limitResponse?.queuing?.queues),
    limit('HandSize', (spec) => spec.limited?.limitResponse?.queuing?.handSize),
    limit('QueueLengthLimit', (spec) => spec.limited?.limitResponse?.queuing?.queueLengthLimit),
    ageColumn,
  ],
});

/** The level `exempt` may change its shares, nothing else. */
function mandatory(name: string, spec: PriorityLevelConfigurationSpec): Errors {
  const fixed = MANDATORY_LEVELS[name];
  if (!fixed || same(spec, fixed)) return [];
  if (name !== 'exempt') return [invalid('spec', spec, `spec of '${name}' must equal the fixed value`)];
  if (same({ ...spec, exempt: fixed.exempt }, fixed)) return [];
  return [invalid('spec', spec, `spec of '${name}' except the 'spec.exempt' field must equal the fixed value`)];
}

function validateSpec(name: string, { type, limited, exempt }: PriorityLevelConfigurationSpec): Errors {
  const errors: Errors = [];
  if ((name === 'exempt') !== (type === 'Exempt'))
    errors.push(invalid('spec.type', type ?? '', "must be 'Exempt' if and only if `name` is 'exempt'"));
  if (type === 'Exempt') {
    if (limited) errors.push(forbidden('spec.limited', 'must be nil if the type is not Limited'));
    return [...errors, ...shares(exempt?.nominalConcurrencyShares, 'spec.exempt'), ...percent(exempt?.lendablePercent, 'spec.exempt')];
  }
  if (type !== 'Limited') return [...errors, ...oneOf(type, ['Exempt', 'Limited'], 'spec.type')];
  if (exempt) errors.push(forbidden('spec.exempt', 'must be nil if the type is Limited'));
  return [...errors, ...(limited ? limits(limited, 'spec.limited') : [required('spec.limited', 'must not be empty when type is Limited')])];
}

const shares = (n: number | undefined, path: string): Errors =>
  (n ?? 0) < 0 ? [invalid(`${path}.nominalConcurrencyShares`, n, 'must be a non-negative integer')] : [];
const percent = (n: number | undefined, path: string): Errors =>
  (n ?? 0) < 0 || (n ?? 0) > 100 ? [invalid(`${path}.lendablePercent`, n, 'must be between 0 and 100, inclusive')] : [];

const limits = (l: LimitedPriorityLevelConfiguration, path: string): Errors => [
  ...shares(l.nominalConcurrencyShares, path),
  ...limitResponse(l.limitResponse, `${path}.limitResponse`),
  ...percent(l.lendablePercent, path),
  ...((l.borrowingLimitPercent ?? 0) < 0
    ? [invalid(`${path}.borrowingLimitPercent`, l.borrowingLimitPercent, 'if specified, must be a non-negative integer')]
    : []),
];

function limitResponse(response: LimitResponse | undefined, path: string): Errors {
  const { type, queuing } = response ?? { type: '' };
  if (type === 'Reject') return queuing ? [forbidden(`${path}.queuing`, 'must be nil if limited.limitResponse.type is not Limited')] : [];
  if (type !== 'Queue') return oneOf(type, ['Queue', 'Reject'], `${path}.type`);
  return queuing
    ? queues(queuing, `${path}.queuing`)
    : [required(`${path}.queuing`, 'must not be empty if limited.limitResponse.type is Limited')];
}

function queues({ queues: deck = 0, handSize: hand = 0, queueLengthLimit: length = 0 }: QueuingConfiguration, path: string): Errors {
  const errors: Errors = [];
  if (length <= 0) errors.push(invalid(`${path}.queueLengthLimit`, length, 'must be positive'));
  if (deck <= 0) errors.push(invalid(`${path}.queues`, deck, 'must be positive'));
  else if (deck > MAX_QUEUES) errors.push(invalid(`${path}.queues`, deck, `must not be greater than ${MAX_QUEUES}`));
  const at = `${path}.handSize`;
  if (hand <= 0) errors.push(invalid(at, hand, 'must be positive'));
  else if (hand > deck) errors.push(invalid(at, hand, `should not be greater than queues (${deck})`));
  else if (entropyBits(deck, hand) > MAX_HASH_BITS)
    errors.push(
      invalid(at, hand, `required entropy bits of deckSize ${deck} and handSize ${hand} should not be greater than ${MAX_HASH_BITS}`),
    );
  return errors;
}

/** How many bits choose a hand from the deck. */
function entropyBits(deck: number, hand: number): number {
  let bits = 0;
  for (let i = 0; i < hand && bits <= MAX_HASH_BITS; i++) bits += Math.log2(deck - i);
  return Math.ceil(bits);
}
