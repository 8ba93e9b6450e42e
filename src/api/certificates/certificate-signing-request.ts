/** CertificateSigningRequests: someone asks a signer for a certificate. Source: https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/ */

import { duplicate, forbidden, invalid, required } from '../../meta/field-error.js';
import { humanDuration } from '../../meta/human-duration.js';
import { pathSegmentName } from '../../meta/names.js';
import { addAll } from '../../util/add-all.js';
import { differences, type Errors, oneOf, repeats, same } from '../check.js';
import { ageColumn, column, nameColumn } from '../columns.js';
import { defineResource } from '../define.js';
import type { ValidationContext } from '../resource.js';
import type { CertificateSigningRequest, CertificateSigningRequestCondition } from '../types/certificates/v1.js';
import { signerName } from './signer-name.js';

const MIN_SECONDS = 600;
const LEGACY_SIGNER = 'kubernetes.io/legacy-unknown';
const USAGES = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
];
const DECISIONS = ['Approved', 'Denied'];
const LASTING = [...DECISIONS, 'Failed'];

export const certificateSigningRequest = defineResource<CertificateSigningRequest>({
  group: 'certificates.k8s.io',
  version: 'v1',
  kind: 'CertificateSigningRequest',
  plural: 'certificatesigningrequests',
  shortNames: ['csr'],
  namespaced: false,
  storageVersionHash: '95fRKMXA+00=',
  subresources: { status: true, other: { approval: { kind: 'CertificateSigningRequest', verbs: ['get', 'patch', 'update'] } } },
  metadataLooks: 2,
  validateName: pathSegmentName,
  requestedBy({ spec }, user) {
    spec.username = user.name;
    spec.groups = [...user.groups];
    delete spec.uid;
    if (user.uid) spec.uid = user.uid;
    delete spec.extra;
    if (user.extra) spec.extra = Object.fromEntries(Object.entries(user.extra).map(([k, v]) => [k, [...v]]));
  },
  prepareUpdate(object, old) {
    object.spec = old.spec;
  },
  prepareStatusUpdate(object, old) {
    // Whether a request is approved is told at its own subresource.
    const decided = (o: CertificateSigningRequest) => (o.status.conditions ?? []).filter((c) => DECISIONS.includes(c.type));
    const [now, before] = [decided(object), decided(old)];
    if (now.length !== before.length) return;
    let at = 0;
    object.status.conditions = (object.status.conditions ?? []).map((c) => (DECISIONS.includes(c.type) ? (before[at++] ?? c) : c));
  },
  validate: (object) => validateRequest(object),
  validateUpdate: validateChange,
  validateStatusUpdate: (object, old, context) => validateChange(object, old, { ...context, subresource: 'status' }),
  selectableFields: { 'spec.signerName': ({ spec }) => spec.signerName ?? '' },
  columns: [
    nameColumn,
    ageColumn,
    column('SignerName', ({ spec }) => spec.signerName || '<none>'),
    column('Requestor', ({ spec }) => spec.username ?? ''),
    column('RequestedDuration', ({ spec }) =>
      spec.expirationSeconds === undefined ? '<none>' : humanDuration(spec.expirationSeconds * 1000),
    ),
    column('Condition', stateCell),
  ],
});

function stateCell({ status }: CertificateSigningRequest): string {
  const has = (type: string): boolean => (status.conditions ?? []).some((c) => c.type === type);
  const decision = has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending';
  return [decision, ...(has('Failed') ? ['Failed'] : []), ...(status.certificate ? ['Issued'] : [])].join(',');
}

function validateRequest({ spec, status }: CertificateSigningRequest, old?: CertificateSigningRequest): Errors {
  const usages = (spec.usages ?? []) as string[];
  const path = 'spec.usages';
  const knownBefore = (old?.spec.usages ?? []) as string[];
  const again = repeats(usages);
  const wrongRequest = requestProblem(spec.request ?? '');
  return [
    ...(wrongRequest ? [invalid('spec.request', spec.request ?? null, wrongRequest)] : []),
    ...(usages.length ? [] : [required(path)]),
    ...(knownBefore.some((u) => !USAGES.includes(u)) ? [] : usages.flatMap((u, i) => oneOf(u, USAGES, `${path}[${i}]`))),
    ...(new Set(knownBefore).size < knownBefore.length ? [] : usages.flatMap((u, i) => (again[i] ? [duplicate(`${path}[${i}]`, u)] : []))),
    ...(spec.signerName === LEGACY_SIGNER && old?.spec.signerName !== LEGACY_SIGNER
      ? [invalid('spec.signerName', spec.signerName, 'the legacy signerName is not allowed via this API version')]
      : signerName(spec.signerName, 'spec.signerName')),
    ...((spec.expirationSeconds ?? MIN_SECONDS) < MIN_SECONDS
      ? [
          invalid(
            'spec.expirationSeconds',
            spec.expirationSeconds,
            `may not specify a duration less than ${MIN_SECONDS} seconds (10 minutes)`,
          ),
        ]
      : []),
    ...conditions(status.conditions ?? [], old?.status.conditions ?? []),
    ...(same(status.certificate, old?.status.certificate) ? [] : certificate(status.certificate)),
  ];
}

const pem = (base64: string): string => {
  try {
    return atob(base64);
  } catch {
    return '';
  }
};

/** That the text is a request in PEM; what is in it is read, and its signature checked, right after (admission/certificates). */
function requestProblem(base64: string): string | undefined {
  const block = /-----BEGIN ([^-]+)-----/.exec(pem(base64));
  return block?.[1] === 'CERTIFICATE REQUEST' ? undefined : 'PEM block type must be CERTIFICATE REQUEST';
}

function certificate(base64: string | undefined): Errors {
  if (!base64) return [];
  const refuse = (why: string): Errors => [invalid('status.certificate', '<certificate data>', why)];
  const types = [...pem(base64).matchAll(/-----BEGIN ([^-]+)-----/g)].map((m) => m[1]!);
  const other = types.find((type) => type !== 'CERTIFICATE');
  if (other !== undefined) return refuse(`only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(other)}`);
  return types.length ? [] : refuse('must contain at least one CERTIFICATE PEM block');
}

function conditions(list: readonly CertificateSigningRequestCondition[], old: readonly CertificateSigningRequestCondition[]): Errors {
  const path = 'status.conditions';
  const hadBoth = DECISIONS.every((type) => old.some((c) => c.type === type));
  const seen = new Set<string>();
  return list.flatMap((c, i) => {
    const at = `${path}[${i}]`;
    const errors: Errors = c.type ? [] : [required(`${at}.type`)];
    const allowed = LASTING.includes(c.type) ? ['True'] : ['False', 'True', 'Unknown'];
    addAll(errors, c.status ? oneOf(c.status, allowed, `${at}.status`) : [required(`${at}.status`)]);
    if (!hadBoth && DECISIONS.includes(c.type) && DECISIONS.some((type) => type !== c.type && seen.has(type)))
      errors.push(invalid(path, c.type, 'Approved and Denied conditions are mutually exclusive'));
    if (seen.has(c.type)) errors.push(duplicate(`${at}.type`, c.type));
    seen.add(c.type);
    return errors;
  });
}

/** Conditions that decide are set at `approval`, the certificate at `status`; neither is taken back. */
function validateChange(object: CertificateSigningRequest, old: CertificateSigningRequest, { subresource }: ValidationContext): Errors {
  const errors = validateRequest(object, old);
  const refuse = (text: string) => errors.push(forbidden('status.conditions', text));
  const of = (o: CertificateSigningRequest, type: string) => (o.status.conditions ?? []).filter((c) => c.type === type);
  for (const type of LASTING)
    if (of(object, type).length < of(old, type).length) refuse(`updates may not remove a condition of type ${JSON.stringify(type)}`);
  if (subresource !== 'approval') {
    for (const type of DECISIONS) {
      const [now, before] = [of(object, type), of(old, type)];
      if (now.length > before.length) refuse(`updates may not add a condition of type ${JSON.stringify(type)}`);
      else if (now.length === before.length && !same(now, before))
        refuse(`updates may not modify a condition of type ${JSON.stringify(type)}\n${differences(before, now)}`);
    }
  }
  if (same(object.status.certificate, old.status.certificate)) return errors;
  if (subresource !== 'status') errors.push(forbidden('status.certificate', 'updates may not set certificate content'));
  else if (old.status.certificate) errors.push(forbidden('status.certificate', 'updates may not modify existing certificate content'));
  return errors;
}
