/** Every schema table of the API, under the name by which other tables refer to it. */
import { SchemaRegistry } from '../meta/schema/parse.js';
import { metaV1 } from '../meta/schema/v1.schema.js';
import { metaVersion } from '../meta/schema/version.schema.js';
import { admissionV1 } from './admission/v1.schema.js';
import { admissionregistrationV1 } from './admissionregistration/v1.schema.js';
import { admissionregistrationV1beta1 } from './admissionregistration/v1beta1.schema.js';
import { apidiscoveryV2 } from './apidiscovery/v2.schema.js';
import { apidiscoveryV2beta1 } from './apidiscovery/v2beta1.schema.js';
import { apiextensionsV1 } from './apiextensions/v1.schema.js';
import { apiregistrationV1 } from './apiregistration/v1.schema.js';
import { appsV1 } from './apps/v1.schema.js';
import { authenticationV1 } from './authentication/v1.schema.js';
import { authorizationV1 } from './authorization/v1.schema.js';
import { autoscalingV1 } from './autoscaling/v1.schema.js';
import { autoscalingV2 } from './autoscaling/v2.schema.js';
import { batchV1 } from './batch/v1.schema.js';
import { certificatesV1 } from './certificates/v1.schema.js';
import { certificatesV1beta1 } from './certificates/v1beta1.schema.js';
import { coordinationV1 } from './coordination/v1.schema.js';
import { coordinationV1beta1 } from './coordination/v1beta1.schema.js';
import { coreV1 } from './core/v1.schema.js';
import { discoveryV1 } from './discovery/v1.schema.js';
import { eventsV1 } from './events/v1.schema.js';
import { flowcontrolV1 } from './flowcontrol/v1.schema.js';
import { metricsV1beta1 } from './metrics/v1beta1.schema.js';
import { networkingV1 } from './networking/v1.schema.js';
import { networkingV1beta1 } from './networking/v1beta1.schema.js';
import { nodeV1 } from './node/v1.schema.js';
import { policyV1 } from './policy/v1.schema.js';
import { rbacV1 } from './rbac/v1.schema.js';
import { resourceV1 } from './resource/v1.schema.js';
import { resourceV1beta1 } from './resource/v1beta1.schema.js';
import { resourceV1beta2 } from './resource/v1beta2.schema.js';
import { schedulingV1 } from './scheduling/v1.schema.js';
import { storageV1 } from './storage/v1.schema.js';
import { storageV1beta1 } from './storage/v1beta1.schema.js';
import { storagemigrationV1beta1 } from './storagemigration/v1beta1.schema.js';

const tables: readonly (readonly [alias: string, text: string])[] = [
  ['meta', metaV1],
  ['meta.version', metaVersion],
  ['admission', admissionV1],
  ['admissionregistration', admissionregistrationV1],
  ['admissionregistration.v1beta1', admissionregistrationV1beta1],
  ['apidiscovery.v2', apidiscoveryV2],
  ['apidiscovery.v2beta1', apidiscoveryV2beta1],
  ['apiextensions', apiextensionsV1],
  ['apiregistration', apiregistrationV1],
  ['apps', appsV1],
  ['authentication', authenticationV1],
  ['authorization', authorizationV1],
  ['autoscaling', autoscalingV1],
  ['autoscaling.v2', autoscalingV2],
  ['batch', batchV1],
  ['certificates', certificatesV1],
  ['certificates.v1beta1', certificatesV1beta1],
  ['coordination', coordinationV1],
  ['coordination.v1beta1', coordinationV1beta1],
  ['core', coreV1],
  ['discovery', discoveryV1],
  ['events', eventsV1],
  ['flowcontrol', flowcontrolV1],
  ['metrics.v1beta1', metricsV1beta1],
  ['networking', networkingV1],
  ['networking.v1beta1', networkingV1beta1],
  ['node', nodeV1],
  ['policy', policyV1],
  ['rbac', rbacV1],
  ['resource', resourceV1],
  ['resource.v1beta1', resourceV1beta1],
  ['resource.v1beta2', resourceV1beta2],
  ['scheduling', schedulingV1],
  ['storage', storageV1],
  ['storage.v1beta1', storageV1beta1],
  ['storagemigration.v1beta1', storagemigrationV1beta1],
];

export const schemas = new SchemaRegistry();
for (const [alias, text] of tables) schemas.register(alias, text);
