/**
 * The shape of apps/v1. One line a field; `src/meta/schema/parse.ts` says how to read it.
 */
export const appsV1 = `
package io.k8s.api.apps.v1
version apps/v1

enum DaemonSetUpdateStrategyType RollingUpdate | OnDelete
open DeploymentConditionType Available | Progressing | ReplicaFailure
enum DeploymentStrategyType Recreate | RollingUpdate
open PersistentVolumeClaimRetentionPolicyType Retain | Delete
enum PodManagementPolicyType OrderedReady | Parallel
open ReplicaSetConditionType ReplicaFailure
enum StatefulSetUpdateStrategyType RollingUpdate | OnDelete

ControllerRevision: kind
  1 metadata  meta.ObjectMeta
  2 data      RawExtension
  3 revision! int64

ControllerRevisionList: list
  1 metadata meta.ListMeta
  2 items!   [ControllerRevision]

DaemonSet: kind
  1 metadata meta.ObjectMeta
  2 spec     DaemonSetSpec
  3 status   DaemonSetStatus

DaemonSetCondition
  1 type!              string
  2 status!            core.ConditionStatus
  3 lastTransitionTime Time
  4 reason             string
  5 message            string

DaemonSetList: list
  1 metadata meta.ListMeta
  2 items!   [DaemonSet]

DaemonSetSpec
  1 selector?!            meta.LabelSelector
  2 template!             core.PodTemplateSpec
  3 updateStrategy        DaemonSetUpdateStrategy
  4 minReadySeconds       int32
  6 revisionHistoryLimit? int32 fill(10)

DaemonSetStatus
   1 currentNumberScheduled! int32
   2 numberMisscheduled!     int32
   3 desiredNumberScheduled! int32
   4 numberReady!            int32
   5 observedGeneration      int64
   6 updatedNumberScheduled  int32
   7 numberAvailable         int32
   8 numberUnavailable       int32
   9 collisionCount?         int32
  10 conditions              [DaemonSetCondition] map(type) merge(type)

DaemonSetUpdateStrategy
  1 type           DaemonSetUpdateStrategyType fill("RollingUpdate")
  2 rollingUpdate? RollingUpdateDaemonSet

Deployment: kind
  1 metadata meta.ObjectMeta
  2 spec     DeploymentSpec
  3 status   DeploymentStatus

DeploymentCondition
  1 type!              DeploymentConditionType
  2 status!            core.ConditionStatus
  4 reason             string
  5 message            string
  6 lastUpdateTime     Time
  7 lastTransitionTime Time

DeploymentList: list
  1 metadata meta.ListMeta
  2 items!   [Deployment]

DeploymentSpec
  1 replicas?                int32 fill(1)
  2 selector?!               meta.LabelSelector
  3 template!                core.PodTemplateSpec
  4 strategy                 DeploymentStrategy   retainKeys
  5 minReadySeconds          int32
  6 revisionHistoryLimit?    int32 fill(10)
  7 paused                   bool
  9 progressDeadlineSeconds? int32 fill(600)

DeploymentStatus
  1 observedGeneration   int64
  2 replicas             int32
  3 updatedReplicas      int32
  4 availableReplicas    int32
  5 unavailableReplicas  int32
  6 conditions           [DeploymentCondition] map(type) merge(type)
  7 readyReplicas        int32
  8 collisionCount?      int32
  9 terminatingReplicas? int32

DeploymentStrategy
  1 type           DeploymentStrategyType fill("RollingUpdate")
  2 rollingUpdate? RollingUpdateDeployment

ReplicaSet: kind
  1 metadata meta.ObjectMeta
  2 spec     ReplicaSetSpec
  3 status   ReplicaSetStatus

ReplicaSetCondition
  1 type!              ReplicaSetConditionType
  2 status!            core.ConditionStatus
  3 lastTransitionTime Time
  4 reason             string
  5 message            string

ReplicaSetList: list
  1 metadata meta.ListMeta
  2 items!   [ReplicaSet]

ReplicaSetSpec
  1 replicas?       int32 fill(1)
  2 selector?!      meta.LabelSelector
  3 template        core.PodTemplateSpec
  4 minReadySeconds int32

ReplicaSetStatus
  1 replicas!            int32
  2 fullyLabeledReplicas int32
  3 observedGeneration   int64
  4 readyReplicas        int32
  5 availableReplicas    int32
  6 conditions           [ReplicaSetCondition] map(type) merge(type)
  7 terminatingReplicas? int32

RollingUpdateDaemonSet
  1 maxUnavailable? IntOrString
  2 maxSurge?       IntOrString

RollingUpdateDeployment
  1 maxUnavailable? IntOrString
  2 maxSurge?       IntOrString

RollingUpdateStatefulSetStrategy
  1 partition?      int32
  2 maxUnavailable? IntOrString gate(MaxUnavailableStatefulSet)

StatefulSet: kind
  1 metadata meta.ObjectMeta
  2 spec     StatefulSetSpec
  3 status   StatefulSetStatus

StatefulSetCondition
  1 type!              string
  2 status!            core.ConditionStatus
  3 lastTransitionTime Time
  4 reason             string
  5 message            string

StatefulSetList: list
  1 metadata meta.ListMeta
  2 items!   [StatefulSet]

StatefulSetOrdinals
  1 start+ int32

StatefulSetPersistentVolumeClaimRetentionPolicy
  1 whenDeleted PersistentVolumeClaimRetentionPolicyType
  2 whenScaled  PersistentVolumeClaimRetentionPolicyType

StatefulSetSpec
   1 replicas?                          int32 fill(1)
   2 selector?!                         meta.LabelSelector
   3 template!                          core.PodTemplateSpec
   4 volumeClaimTemplates               [core.PersistentVolumeClaim]   atomic
   5 serviceName+                       string
   6 podManagementPolicy                PodManagementPolicyType fill("OrderedReady")
   7 updateStrategy                     StatefulSetUpdateStrategy
   8 revisionHistoryLimit?              int32 fill(10)
   9 minReadySeconds                    int32
  10 persistentVolumeClaimRetentionPolicy? StatefulSetPersistentVolumeClaimRetentionPolicy
  11 ordinals?                          StatefulSetOrdinals

StatefulSetStatus
   1 observedGeneration int64
   2 replicas!          int32
   3 readyReplicas      int32
   4 currentReplicas    int32
   5 updatedReplicas    int32
   6 currentRevision    string
   7 updateRevision     string
   9 collisionCount?    int32
  10 conditions         [StatefulSetCondition] map(type) merge(type)
  11 availableReplicas+ int32

StatefulSetUpdateStrategy
  1 type           StatefulSetUpdateStrategyType fill("RollingUpdate")
  2 rollingUpdate? RollingUpdateStatefulSetStrategy
`;
