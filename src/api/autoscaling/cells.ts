/** How an autoscaler's metrics are shown: `cpu: 12%/80%, 5/10 + 1 more...`. */
import type { HorizontalPodAutoscaler, MetricSpec, MetricStatus, MetricTarget, MetricValueStatus } from '../types/autoscaling/v2.js';

const SHOWN = 2;
const UNKNOWN = '<unknown>';

export function targetsCell({ spec, status }: HorizontalPodAutoscaler): string {
  const metrics = spec.metrics ?? [];
  if (!metrics.length) return '<none>';
  const texts = metrics.map((m, i) => metricText(m, status.currentMetrics?.[i]));
  const more = texts.length - SHOWN;
  return texts.slice(0, SHOWN).join(', ') + (more > 0 ? ` + ${more} more...` : '');
}

function metricText(m: MetricSpec, now: MetricStatus | undefined): string {
  switch (m.type) {
    case 'External':
      return valueText(m.external?.target, now?.external?.current);
    case 'Object':
      return valueText(m.object?.target, now?.object?.current);
    case 'Pods':
      return `${now?.pods?.current.averageValue ?? UNKNOWN}/${m.pods?.target.averageValue ?? '0'}`;
    case 'Resource':
      return `${m.resource?.name}: ${resourceText(m.resource?.target, now?.resource?.current)}`;
    case 'ContainerResource':
      return `${m.containerResource?.name}: ${resourceText(m.containerResource?.target, now?.containerResource?.current)}`;
    default:
      return '<unknown type>';
  }
}

function valueText(target: MetricTarget | undefined, now: MetricValueStatus | undefined): string {
  if (target?.averageValue !== undefined) return `${now?.averageValue ?? UNKNOWN}/${target.averageValue} (avg)`;
  return `${now?.value ?? UNKNOWN}/${target?.value ?? '0'}`;
}

function resourceText(target: MetricTarget | undefined, now: MetricValueStatus | undefined): string {
  if (target?.averageValue !== undefined) return `${now?.averageValue ?? UNKNOWN}/${target.averageValue}`;
  const percent = (n: number | undefined, otherwise: string): string => (n === undefined ? otherwise : `${n}%`);
  return `${percent(now?.averageUtilization, UNKNOWN)}/${percent(target?.averageUtilization, '<auto>')}`;
}
