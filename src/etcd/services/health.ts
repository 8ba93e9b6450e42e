/** grpc.health.v1.Health: load balancers and probes ask it. */
import { maintenanceOf } from '../../store/maintenance.js';
import { decode, encodeFramed } from '../../store/proto/codec.js';
import type { EtcdContext } from '../context.js';
import { service, unary } from '../grpc/method.js';
import type { Method } from '../grpc/router.js';
import { Code, GrpcError } from '../grpc/status.js';

const SERVING = 1;
const NOT_SERVING = 2;
const SERVICE_UNKNOWN = 3;

export const isHealthy = (c: EtcdContext): boolean => maintenanceOf(c.store)?.failure === undefined && !c.alarms.list.length;

export function healthService(c: EtcdContext): [string, Method][] {
  const status = (name: string): number => (name !== '' ? SERVICE_UNKNOWN : isHealthy(c) ? SERVING : NOT_SERVING);
  return service('grpc.health.v1.Health', {
    Check: unary('HealthCheckRequest', 'HealthCheckResponse', async ({ service: name }) => {
      if (name !== '') throw new GrpcError(Code.notFound, 'unknown service');
      return { status: status(name) };
    }),
    Watch: {
      kind: 'stream',
      open: (call) => ({
        message(bytes) {
          const { service: name } = decode('HealthCheckRequest', bytes);
          call.send(encodeFramed('HealthCheckResponse', { status: status(name) }));
        },
        end() {},
        gone() {},
      }),
    },
  });
}
