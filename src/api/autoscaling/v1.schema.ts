/**
 * The shape of autoscaling/v1. One line a field; `src/meta/schema/parse.ts` says how to read it.
 */
export const autoscalingV1 = `
package io.k8s.api.autoscaling.v1
version autoscaling/v1

CrossVersionObjectReference: atomic
  1 kind!      string
  2 name!      string
  3 apiVersion string

HorizontalPodAutoscaler: kind
  1 metadata meta.ObjectMeta
  2 spec*    HorizontalPodAutoscalerSpec
  3 status   HorizontalPodAutoscalerStatus

HorizontalPodAutoscalerList: list
  1 metadata meta.ListMeta
  2 items!   [HorizontalPodAutoscaler]

HorizontalPodAutoscalerSpec
  1 scaleTargetRef!                 CrossVersionObjectReference
  2 minReplicas?                    int32 fill(1)
  3 maxReplicas!                    int32
  4 targetCPUUtilizationPercentage? int32

HorizontalPodAutoscalerStatus
  1 observedGeneration?              int64
  2 lastScaleTime?                   Time
  3 currentReplicas!                 int32
  4 desiredReplicas!                 int32
  5 currentCPUUtilizationPercentage? int32

Scale: kind
  1 metadata meta.ObjectMeta
  2 spec     ScaleSpec
  3 status   ScaleStatus

ScaleSpec
  1 replicas int32 default(0)

ScaleStatus
  1 replicas! int32
  2 selector  string
`;
