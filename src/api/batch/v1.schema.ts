/**
 * The shape of batch/v1. One line a field; `src/meta/schema/parse.ts` says how to read it.
 */
export const batchV1 = `
package io.k8s.api.batch.v1
version batch/v1

enum CompletionMode NonIndexed | Indexed
enum ConcurrencyPolicy Allow | Forbid | Replace
open JobConditionType Suspended | Complete | Failed | FailureTarget | SuccessCriteriaMet
enum PodFailurePolicyAction FailJob | FailIndex | Ignore | Count
enum PodFailurePolicyOnExitCodesOperator In | NotIn
enum PodReplacementPolicy TerminatingOrFailed | Failed

CronJob: kind
  1 metadata meta.ObjectMeta
  2 spec*    CronJobSpec
  3 status   CronJobStatus

CronJobList: list
  1 metadata meta.ListMeta
  2 items!   [CronJob]

CronJobSpec
  1 schedule!                   string
  2 startingDeadlineSeconds?    int64
  3 concurrencyPolicy           ConcurrencyPolicy fill("Allow")
  4 suspend?                    bool fill(false)
  5 jobTemplate!                JobTemplateSpec
  6 successfulJobsHistoryLimit? int32 fill(3)
  7 failedJobsHistoryLimit?     int32 fill(1)
  8 timeZone?                   string

CronJobStatus
  1 active              [core.ObjectReference] atomic
  4 lastScheduleTime?   Time
  5 lastSuccessfulTime? Time

Job: kind
  1 metadata meta.ObjectMeta
  2 spec     JobSpec
  3 status   JobStatus

JobCondition
  1 type!              JobConditionType
  2 status!            core.ConditionStatus
  3 lastProbeTime      Time
  4 lastTransitionTime Time
  5 reason             string
  6 message            string

JobList: list
  1 metadata meta.ListMeta
  2 items!   [Job]

JobSpec
   1 parallelism?             int32
   2 completions?             int32
   3 activeDeadlineSeconds?   int64
   4 selector?                meta.LabelSelector
   5 manualSelector?          bool
   6 template!                core.PodTemplateSpec
   7 backoffLimit?            int32
   8 ttlSecondsAfterFinished? int32
   9 completionMode?          CompletionMode
  10 suspend?                 bool
  11 podFailurePolicy?        PodFailurePolicy
  12 backoffLimitPerIndex?    int32
  13 maxFailedIndexes?        int32
  14 podReplacementPolicy?    PodReplacementPolicy
  15 managedBy?               string
  16 successPolicy?           SuccessPolicy

JobStatus
   1 conditions               [JobCondition]          atomic merge(type)
   2 startTime?               Time
   3 completionTime?          Time
   4 active                   int32
   5 succeeded                int32
   6 failed                   int32
   7 completedIndexes         string
   8 uncountedTerminatedPods? UncountedTerminatedPods
   9 ready?                   int32
  10 failedIndexes?           string
  11 terminating?             int32

JobTemplateSpec
  1 metadata meta.ObjectMeta
  2 spec     JobSpec

PodFailurePolicy
  1 rules! [PodFailurePolicyRule] atomic

PodFailurePolicyOnExitCodesRequirement
  1 containerName? string
  2 operator!      PodFailurePolicyOnExitCodesOperator
  3 values!        [int32]                        set

PodFailurePolicyOnPodConditionsPattern
  1 type!   core.PodConditionType
  2 status+ core.ConditionStatus fill("True")

PodFailurePolicyRule
  1 action!         PodFailurePolicyAction
  2 onExitCodes?    PodFailurePolicyOnExitCodesRequirement
  3 onPodConditions [PodFailurePolicyOnPodConditionsPattern] atomic

SuccessPolicy
  1 rules! [SuccessPolicyRule] atomic

SuccessPolicyRule
  1 succeededIndexes? string
  2 succeededCount?   int32

UncountedTerminatedPods
  1 succeeded [string] set
  2 failed    [string] set
`;
