/**
 * ServiceAccount: every Pod runs as an account, and finds a token, the cluster's CA and its namespace in a projected volume.
 * Source: https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#serviceaccount-admission-controller
 */
import type { Container, PodSpec, ServiceAccount } from '../../api/types/core/v1.js';
import type { Env } from '../../util/component.js';
import { suffix } from '../../util/random.js';
import type { AdmissionPlugin } from './chain.js';
import { isPod, type Lookup, refusal } from './lookup.js';

const MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';
const VOLUME_PREFIX = 'kube-api-access-';
const MIRROR = 'kubernetes.io/config.mirror';
/** A little over an hour: kubelets renew it at 80 % of that. */
const TOKEN_SECONDS = 3607;

export const serviceAccount = (lookup: Lookup, env: Env): AdmissionPlugin => ({
  name: 'ServiceAccount',
  admit(a) {
    if (!isPod(a.definition) || a.subresource || a.operation !== 'CREATE') return;
    const spec = (a.object as unknown as { spec: PodSpec }).spec;
    const refuse = (why: string) => refusal(a, why);
    if (a.object!.metadata.annotations?.[MIRROR] !== undefined) {
      if (spec.serviceAccountName) throw refuse('a mirror pod may not reference service accounts');
      return;
    }
    spec.serviceAccountName ||= 'default';
    spec.serviceAccount = spec.serviceAccountName;
    const account = lookup.get<ServiceAccount>('', 'v1', 'serviceaccounts', a.namespace, spec.serviceAccountName);
    if (!account)
      throw refuse(
        `error looking up service account ${a.namespace}/${spec.serviceAccountName}: serviceaccount ${JSON.stringify(spec.serviceAccountName)} not found`,
      );
    if (spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true) mountToken(spec, env);
    if (!spec.imagePullSecrets?.length && account.imagePullSecrets?.length)
      spec.imagePullSecrets = structuredClone(account.imagePullSecrets);
  },
});

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
