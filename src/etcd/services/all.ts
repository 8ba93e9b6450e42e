import type { EtcdContext } from '../context.js';
import type { Methods } from '../grpc/router.js';
import { reflectionService } from '../reflection/service.js';
import { authService } from './auth.js';
import { clusterService } from './cluster.js';
import { electionService } from './election.js';
import { healthService } from './health.js';
import { kvService } from './kv.js';
import { leaseService } from './lease.js';
import { lockService } from './lock.js';
import { maintenanceService } from './maintenance.js';
import { watchService } from './watch.js';

/** Everything that is served, by its path. */
export const allMethods = (c: EtcdContext): Methods =>
  new Map(
    [
      kvService,
      watchService,
      leaseService,
      clusterService,
      maintenanceService,
      authService,
      lockService,
      electionService,
      healthService,
      reflectionService,
    ].flatMap((make) => make(c)),
  );
