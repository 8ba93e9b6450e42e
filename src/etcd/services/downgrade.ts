/**
 * Maintenance.Downgrade. What is asked for is judged as etcd judges it; a downgrade that etcd would do is refused, since the data is
 * kept in no older format.
 */
import { ETCD_CLUSTER_VERSION } from '../context.js';
import { errors, notDone } from '../grpc/status.js';

export const DowngradeAction = { validate: 0, enable: 1, cancel: 2 } as const;

/** The version of the cluster, as the answer has it. */
export const CLUSTER_VERSION = ETCD_CLUSTER_VERSION.replace(/\.0$/, '');

/** Throws unless there is nothing to do. */
export function downgrade(action: number, version: string): void {
  if (action === DowngradeAction.cancel) return;
  if (action !== DowngradeAction.validate && action !== DowngradeAction.enable) throw notDone(`unknown downgrade action ${action}`);
  const target = /^(\d+)\.(\d+)(\.\d+(-[\w.-]+)?(\+[\w.-]+)?)?$/.exec(version);
  if (!target) throw errors.downgradeVersionFormat();
  const [major, minor] = CLUSTER_VERSION.split('.').map(Number) as [number, number];
  if (Number(target[1]) !== major || Number(target[2]) !== minor - 1) throw errors.downgradeTarget();
  throw notDone('Maintenance.Downgrade is not offered: the data is kept in no older format; take a snapshot for an older etcd instead');
}
