/** ComponentStatuses: how the parts of the control plane do. Read only, made when asked. */
import { column, nameColumn } from '../columns.js';
import { defineResource } from '../define.js';
import type { ComponentStatus } from '../types/core/v1.js';

export const componentStatus = defineResource<ComponentStatus>({
  group: '',
  version: 'v1',
  kind: 'ComponentStatus',
  plural: 'componentstatuses',
  deprecated: 'v1 ComponentStatus is deprecated in v1.19+',
  shortNames: ['cs'],
  namespaced: false,
  verbs: ['get', 'list'],
  keyPrefix: undefined,
  columns: [
    nameColumn,
    column('Status', (s) => (healthy(s)?.status === 'True' ? 'Healthy' : healthy(s)?.status === 'False' ? 'Unhealthy' : 'Unknown')),
    column('Message', (s) => healthy(s)?.message ?? ''),
    column('Error', (s) => healthy(s)?.error ?? ''),
  ],
});

const healthy = (s: ComponentStatus) => s.conditions?.find((c) => c.type === 'Healthy');
