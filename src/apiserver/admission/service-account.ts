/**
 * ServiceAccount: every Pod runs as an account, and finds a token, the cluster's CA and its namespace in a projected volume. An account may say
 * that its Pods mount no secrets but those it lists.
 * Source: https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#serviceaccount-admission-controller
 */
import { MIRROR } from '../../api/core/mirror.js';
import type { Container, Pod, PodSpec, ServiceAccount } from '../../api/types/core/v1.js';
import type { Env } from '../../util/component.js';
import { goBool } from '../../util/go-bool.js';
import { suffix } from '../../util/random.js';
import { secretNames } from '../authorize/pod-references.js';
import type { AdmissionPlugin, Attributes } from './chain.js';
import type { Lookup } from './lookup.js';
import { isPod, refusal } from './refusal.js';

const MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';
const VOLUME_PREFIX = 'kube-api-access-';
const ENFORCE = 'kubernetes.io/enforce-mountable-secrets';
/** A little over an hour: kubelets renew it at 80 % of that. */
const TOKEN_SECONDS = 3607;

export const serviceAccount = (lookup: Lookup, env: Env): AdmissionPlugin => ({
  name: 'ServiceAccount',
  admit(a) {
    if (!isPod(a.definition) || a.subresource || a.operation !== 'CREATE') return;
    const { spec, metadata } = a.object as unknown as Pod;
    // A mirror Pod is never changed: its kubelet would not know it again.
    if (metadata.annotations?.[MIRROR] !== undefined) return checkMirror(a, spec);
    spec.serviceAccountName ||= 'default';
    spec.serviceAccount = spec.serviceAccountName;
    const account = accountOf(lookup, a, spec);
    if (spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true) mountToken(spec, env);
    if (!spec.imagePullSecrets?.length && account.imagePullSecrets?.length)
      spec.imagePullSecrets = structuredClone(account.imagePullSecrets);
  },
  validate(a) {
    if (!isPod(a.definition)) return;
    const { spec, metadata } = (a.object ?? {}) as unknown as Pod;
    if (a.operation === 'CREATE' && !a.subresource) {
      if (metadata.annotations?.[MIRROR] !== undefined) return checkMirror(a, spec);
      const account = accountOf(lookup, a, spec);
      if (enforces(account)) throwIf(a, forbiddenSecret(spec, account));
    } else if (a.operation === 'UPDATE' && a.subresource === 'ephemeralcontainers') {
      const account = accountOf(lookup, a, spec);
      if (enforces(account)) throwIf(a, inContainers('ephemeral container', spec.ephemeralContainers as unknown as Container[], account));
    }
  },
});

function throwIf(a: Attributes, why: string | undefined): void {
  if (why) throw refusal(a, why);
}

function accountOf(lookup: Lookup, a: Attributes, { serviceAccountName: name }: PodSpec): ServiceAccount {
  if (!name) throw refusal(a, `no service account specified for pod ${a.namespace}/${a.name}`);
  const account = lookup.get<ServiceAccount>('', 'v1', 'serviceaccounts', a.namespace, name);
  if (account) return account;
  throw refusal(a, `error looking up service account ${a.namespace}/${name}: serviceaccount ${JSON.stringify(name)} not found`);
}

function checkMirror(a: Attributes, spec: PodSpec): void {
  if (spec.serviceAccountName) throw refusal(a, 'a mirror pod may not reference service accounts');
  if (secretNames(spec).length) throw refusal(a, 'a mirror pod may not reference secrets');
  if (spec.volumes?.some((v) => v.projected?.sources?.some((s) => s.serviceAccountToken)))
    throw refusal(a, 'a mirror pod may not use ServiceAccountToken volume projections');
}

const enforces = (account: ServiceAccount): boolean => goBool(account.metadata.annotations?.[ENFORCE] ?? '') === true;

/** What is wrong with the secrets of a Pod whose account lists those that may be mounted. */
function forbiddenSecret(spec: PodSpec, account: ServiceAccount): string | undefined {
  const { name } = account.metadata;
  const listed = mountable(account);
  for (const { secret } of spec.volumes ?? []) {
    if (secret && !listed.has(secret.secretName ?? ''))
      return `volume with secret.secretName="${secret.secretName ?? ''}" is not allowed because service account ${name} does not reference that secret`;
  }
  const wrong = inContainers('init container', spec.initContainers, account) ?? inContainers('container', spec.containers, account);
  if (wrong) return wrong;
  const pull = new Set((account.imagePullSecrets ?? []).map((s) => s.name));
  const i = (spec.imagePullSecrets ?? []).findIndex((s) => !pull.has(s.name));
  if (i < 0) return undefined;
  return `imagePullSecrets[${i}].name="${spec.imagePullSecrets![i]!.name}" is not allowed because service account ${name} does not reference that imagePullSecret`;
}

const mountable = (account: ServiceAccount): Set<string> => new Set((account.secrets ?? []).map((s) => s.name ?? ''));

function inContainers(what: string, containers: readonly Container[] | undefined, account: ServiceAccount): string | undefined {
  const listed = mountable(account);
  const refused = (c: Container, how: string, secret: string) =>
    `${what} ${c.name} with ${how} referencing secret.secretName="${secret}" is not allowed because service account ${account.metadata.name} does not reference that secret`;
  for (const c of containers ?? []) {
    for (const { name, valueFrom } of c.env ?? []) {
      const secret = valueFrom?.secretKeyRef;
      if (secret && !listed.has(secret.name ?? '')) return refused(c, `envVar ${name}`, secret.name ?? '');
    }
    for (const { secretRef } of c.envFrom ?? [])
      if (secretRef && !listed.has(secretRef.name ?? '')) return refused(c, 'envFrom', secretRef.name ?? '');
  }
  return undefined;
}

function mountToken(spec: PodSpec, env: Env): void {
  const containers: Container[] = [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
  const missing = containers.filter((c) => !c.volumeMounts?.some((m) => m.mountPath === MOUNT_PATH));
  if (!missing.length) return;
  const present = spec.volumes?.find((v) => v.name.startsWith(VOLUME_PREFIX));
  const name = present?.name ?? VOLUME_PREFIX + suffix(env.random);
  if (!present) {
    (spec.volumes ??= []).push({
      name,
      projected: {
        defaultMode: 0o644,
        sources: [
          { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: 'token' } },
          { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
          { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
        ],
      },
    });
  }
  for (const c of missing) (c.volumeMounts ??= []).push({ name, readOnly: true, mountPath: MOUNT_PATH });
}
