/** Cells of `kubectl get services`. */
import type { LoadBalancerStatus, Service, ServicePort } from '../../types/core/v1.js';

/** A long list of addresses is cut. */
const ADDRESSES_WIDTH = 16;

export function loadBalancerText(status: LoadBalancerStatus | undefined): string {
  const text = [...new Set((status?.ingress ?? []).map((i) => i.ip || i.hostname || '').filter(Boolean))].sort().join(',');
  return text.length > ADDRESSES_WIDTH ? `${text.slice(0, ADDRESSES_WIDTH - 3)}...` : text;
}

export function externalIpCell({ spec, status }: Service): string {
  const own = spec.externalIPs ?? [];
  switch (spec.type) {
    case 'LoadBalancer': {
      const given = loadBalancerText(status.loadBalancer);
      if (own.length) return [...(given ? given.split(',') : []), ...own].join(',');
      return given || '<pending>';
    }
    case 'ExternalName':
      return spec.externalName ?? '';
    default:
      return own.join(',') || '<none>';
  }
}

export const portsCell = (ports: readonly ServicePort[] | undefined): string =>
  (ports ?? []).map((p) => `${p.port}${p.nodePort ? `:${p.nodePort}` : ''}/${p.protocol ?? ''}`).join(',') || '<none>';
