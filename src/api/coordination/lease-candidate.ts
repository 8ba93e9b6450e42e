/** LeaseCandidates: who would lead, and with which version. */
import { invalid, required } from '../../meta/field-error.js';
import { configMapKey } from '../../meta/names.js';
import { type Errors, immutable } from '../check.js';
import { ageColumn, column, nameColumn } from '../columns.js';
import { defineResource } from '../define.js';
import type { LeaseCandidate } from '../types/coordination/v1beta1.js';
import { validateStrategy } from './strategy.js';

export const leaseCandidate = defineResource<LeaseCandidate>({
  group: 'coordination.k8s.io',
  version: 'v1beta1',
  kind: 'LeaseCandidate',
  plural: 'leasecandidates',
  enabledByDefault: false,
  storageVersionHash: 'lvME0iHWE20=',
  createOnUpdate: true,
  unconditionalUpdate: false,
  anyFinalizer: true,
  validateName: configMapKey,
  validate,
  validateUpdate: (c, old) => [...validate(c), ...immutable(c.spec.leaseName, old.spec.leaseName, 'spec.leaseName')],
  columns: [
    nameColumn,
    column('LeaseName', ({ spec }) => spec.leaseName),
    column('BinaryVersion', ({ spec }) => spec.binaryVersion),
    column('EmulationVersion', ({ spec }) => spec.emulationVersion ?? ''),
    ageColumn,
  ],
});

const SEMVER = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/;

function below(a: string, b: string): boolean {
  const [x, y] = [a, b].map((v) => SEMVER.exec(v)!.slice(1, 4).map(Number)) as [number[], number[]];
  for (let i = 0; i < 3; i++) if (x[i] !== y[i]) return x[i]! < y[i]!;
  return false;
}

function validate({ spec }: LeaseCandidate): Errors {
  const errors: Errors = [];
  const { leaseName, binaryVersion, emulationVersion, strategy } = spec;
  if (!leaseName) errors.push(required('spec.leaseName'));
  if (emulationVersion && !SEMVER.test(emulationVersion))
    errors.push(invalid('spec.emulationVersion', emulationVersion, 'must be a valid semantic version'));
  if (!binaryVersion) errors.push(required('spec.binaryVersion'));
  else if (!SEMVER.test(binaryVersion)) errors.push(invalid('spec.binaryVersion', binaryVersion, 'must be a valid semantic version'));
  else if (emulationVersion && SEMVER.test(emulationVersion) && below(binaryVersion, emulationVersion))
    errors.push(invalid('spec.binaryVersion', binaryVersion, 'must be greater than or equal to `emulationVersion`'));
  if (!strategy) return [...errors, required('spec.strategy')];
  if (strategy === 'OldestEmulationVersion' && !emulationVersion)
    errors.push(required('spec.emulationVersion', "must be specified when `strategy` is 'OldestEmulationVersion'"));
  return [...errors, ...validateStrategy(strategy, 'spec.strategy')];
}
