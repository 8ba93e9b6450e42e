/**
 * The plugins there are, and those of the default profile in the order in which they are asked. Not built yet: InterPodAffinity, PodTopologySpread,
 * the volume plugins; DynamicResources and DefaultPreemption only say that they did nothing (docs/limits.md).
 * Source: https://kubernetes.io/docs/reference/scheduling/config/#scheduling-plugins
 */

import { table } from '../../util/own.js';
import type { Registry } from '../profiles.js';
import { defaultBinder } from './default-binder.js';
import { defaultPreemption } from './default-preemption.js';
import { dynamicResources } from './dynamic-resources.js';
import { imageLocality } from './image-locality.js';
import { nodeAffinity } from './node-affinity.js';
import { nodeName } from './node-name.js';
import { nodePorts } from './node-ports.js';
import { nodeResourcesBalancedAllocation } from './node-resources-balanced-allocation.js';
import { nodeResourcesFit } from './node-resources-fit.js';
import { nodeUnschedulable } from './node-unschedulable.js';
import { prioritySort } from './priority-sort.js';
import { schedulingGates } from './scheduling-gates.js';
import { taintToleration } from './taint-toleration.js';

const factories = [
  schedulingGates,
  prioritySort,
  nodeUnschedulable,
  nodeName,
  taintToleration,
  nodeAffinity,
  nodePorts,
  nodeResourcesFit,
  dynamicResources,
  defaultPreemption,
  nodeResourcesBalancedAllocation,
  imageLocality,
  defaultBinder,
];

const WEIGHTS: Readonly<Record<string, number>> = table({ TaintToleration: 3, NodeAffinity: 2 });

export const registry: Registry = { factories, defaults: factories.map(({ name }) => ({ name, weight: WEIGHTS[name] ?? 1 })) };
