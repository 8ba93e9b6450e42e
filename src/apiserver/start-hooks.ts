/**
 * What an API server does once after it listens, by the names that the original's health checks have: probes and people exclude them by
 * name. A hook is listed when k8ts does what it stands for.
 * Source: https://kubernetes.io/docs/reference/using-api/health-checks/
 */
import type { HealthCheck } from './health.js';

/** In the order in which `/readyz?verbose` says them. */
export const START_HOOKS = [
  'start-apiserver-admission-initializer',
  'generic-apiserver-start-informers',
  'storage-object-count-tracker-hook',
  'start-system-namespaces-controller',
  'peer-endpoint-reconciler-controller',
  'start-cluster-authentication-info-controller',
  'storage-readiness',
  'start-legacy-token-tracking-controller',
  'start-service-ip-repair-controllers',
  'rbac/bootstrap-roles',
  'scheduling/bootstrap-system-priority-classes',
  'priority-and-fairness-config-producer',
  'bootstrap-controller',
  'start-kubernetes-service-cidr-controller',
  'apiservice-status-local-available-controller',
  'apiservice-registration-controller',
  'apiservice-wait-for-first-sync',
  'apiservice-discovery-controller',
  'kube-apiserver-autoregistration',
  'apiservice-openapi-controller',
  'apiservice-openapiv3-controller',
] as const;

export type StartHook = (typeof START_HOOKS)[number];

export class StartHooks {
  private readonly finished = new Set<StartHook>();

  done(...hooks: readonly StartHook[]): void {
    for (const h of hooks) this.finished.add(h);
  }

  checks(): HealthCheck[] {
    return START_HOOKS.map((h) => ({
      name: `poststarthook/${h}`,
      check: () => {
        if (!this.finished.has(h)) throw new Error('not finished');
      },
    }));
  }
}
