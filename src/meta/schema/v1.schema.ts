/**
 * ObjectMeta, lists, options, Status, Table: what every object and answer shares. One line a field; `src/meta/schema/parse.ts` says how to read it.
 */
export const metaV1 = `
package io.k8s.apimachinery.pkg.apis.meta.v1
version v1

open CauseType NamespaceTerminating | DisruptionBudget | FieldValueNotFound | FieldValueRequired | FieldValueDuplicate | FieldValueInvalid | FieldValueNotSupported | FieldValueForbidden | FieldValueTooLong | FieldValueTooMany | InternalError | FieldValueTypeInvalid | UnexpectedServerResponse | FieldManagerConflict | ResourceVersionTooLarge
open ConditionStatus True | False | Unknown
open DeletionPropagation Orphan | Background | Foreground
open FieldSelectorOperator In | NotIn | Exists | DoesNotExist
open IncludeObjectPolicy None | Metadata | Object
open LabelSelectorOperator In | NotIn | Exists | DoesNotExist
open ManagedFieldsOperationType Apply | Update
open ResourceVersionMatch NotOlderThan | Exact
open RowConditionType Completed
open StatusReason '' | Unauthorized | Forbidden | NotFound | AlreadyExists | Conflict | Gone | Invalid | ServerTimeout | StorageReadError | Timeout | TooManyRequests | BadRequest | MethodNotAllowed | NotAcceptable | RequestEntityTooLarge | UnsupportedMediaType | InternalError | Expired | ServiceUnavailable

APIGroup: kind
  1 name!                      string
  2 versions!                  [GroupVersionForDiscovery]  atomic
  3 preferredVersion           GroupVersionForDiscovery
  4 serverAddressByClientCIDRs [ServerAddressByClientCIDR] atomic

APIGroupList: kind
  1 groups! [APIGroup] atomic

APIResource
   1 name!              string
   2 namespaced!        bool
   3 kind!              string
   4 verbs!             Verbs
   5 shortNames         [string] atomic
   6 singularName!      string
   7 categories         [string] atomic
   8 group              string
   9 version            string
  10 storageVersionHash string

APIResourceList: kind
  1 groupVersion! string
  2 resources!    [APIResource] atomic

APIVersions: kind
  1 versions!                   [string]                    atomic
  2 serverAddressByClientCIDRs! [ServerAddressByClientCIDR] atomic

ApplyOptions: kind
  1 dryRun        [string] atomic
  2 force!        bool
  3 fieldManager! string

Condition
  1 type!               string
  2 status!             ConditionStatus
  3 observedGeneration  int64
  4 lastTransitionTime! Time
  5 reason!             string
  6 message!            string

CreateOptions: kind everywhere
  1 dryRun          [string] atomic
  3 fieldManager    string
  4 fieldValidation string

DeleteOptions: kind everywhere
  1 gracePeriodSeconds?                int64
  2 preconditions?                     Preconditions
  3 orphanDependents?                  bool
  4 propagationPolicy?                 DeletionPropagation
  5 dryRun                             [string]            atomic
  6 ignoreStoreReadErrorWithClusterBreakingPotential? bool

FieldSelectorRequirement
  1 key!      string
  2 operator! FieldSelectorOperator
  3 values    [string]              atomic

GetOptions: kind everywhere
  1 resourceVersion string

GroupKind
  1 group! string
  2 kind!  string

GroupResource
  1 group!    string
  2 resource! string

GroupVersion
  1 group!   string
  2 version! string

GroupVersionForDiscovery
  1 groupVersion! string
  2 version!      string

GroupVersionKind
  1 group!   string
  2 version! string
  3 kind!    string

GroupVersionResource
  1 group!    string
  2 version!  string
  3 resource! string

LabelSelector: atomic
  1 matchLabels      {string}
  2 matchExpressions [LabelSelectorRequirement] atomic

LabelSelectorRequirement
  1 key!      string
  2 operator! LabelSelectorOperator
  3 values    [string]              atomic

List: kind
  1 metadata ListMeta
  2 items!   [RawExtension]

ListMeta
  1 selfLink            string
  2 resourceVersion     string
  3 continue            string
  4 remainingItemCount? int64
  5 shardInfo?          ShardInfo gate(ShardedListAndWatch)

ListOptions: kind everywhere
   1 labelSelector        string
   2 fieldSelector        string
   3 watch                bool
   4 resourceVersion      string
   5 timeoutSeconds?      int64
   7 limit                int64
   8 continue             string
   9 allowWatchBookmarks  bool
  10 resourceVersionMatch ResourceVersionMatch
  11 sendInitialEvents?   bool
  15 shardSelector        string               gate(ShardedListAndWatch)

ManagedFieldsEntry
  1 manager     string
  2 operation   ManagedFieldsOperationType
  3 apiVersion  string
  4 time?       Time
  6 fieldsType  string
  7 fieldsV1?   FieldsV1
  8 subresource string

ObjectMeta
   1 name                        string
   2 generateName                string
   3 namespace                   string
   4 selfLink                    string
   5 uid                         string
   6 resourceVersion             string
   7 generation                  int64
   8 creationTimestamp0          Time
   9 deletionTimestamp?          Time
  10 deletionGracePeriodSeconds? int64
  11 labels                      {string}
  12 annotations                 {string}
  13 ownerReferences             [OwnerReference]     map(uid) merge(uid)
  14 finalizers                  [string]             set merge
  17 managedFields               [ManagedFieldsEntry] atomic

OwnerReference: atomic
  1 kind!               string
  3 name!               string
  4 uid!                string
  5 apiVersion!         string
  6 controller?         bool
  7 blockOwnerDeletion? bool

PartialObjectMetadata: kind
  1 metadata ObjectMeta

PartialObjectMetadataList: list
  1 metadata ListMeta
  2 items!   [PartialObjectMetadata]

Patch

PatchOptions: kind everywhere
  1 dryRun          [string] atomic
  2 force?          bool
  3 fieldManager    string
  4 fieldValidation string

Preconditions
  1 uid?             string
  2 resourceVersion? string

RootPaths
  1 paths! [string] atomic

ServerAddressByClientCIDR
  1 clientCIDR!    string
  2 serverAddress! string

ShardInfo
  1 selector! string

Status: kind
  1 metadata ListMeta
  2 status   string
  3 message  string
  4 reason   StatusReason
  5 details? StatusDetails
  6 code     int32

StatusCause
  1 reason  CauseType
  2 message string
  3 field   string

StatusDetails
  1 name              string
  2 group             string
  3 kind              string
  4 causes            [StatusCause] atomic
  5 retryAfterSeconds int32
  6 uid               string

TableOptions: kind
  1 includeObject IncludeObjectPolicy

Timestamp
  1 seconds! int64
  2 nanos!   int32

TypeMeta
  1 kind       string
  2 apiVersion string

UpdateOptions: kind everywhere
  1 dryRun          [string] atomic
  2 fieldManager    string
  3 fieldValidation string

Verbs: alias [string]
WatchEvent: kind everywhere
  1 type!   string
  2 object! RawExtension

Table: kind noproto
  - metadata           ListMeta
  - columnDefinitions! [TableColumnDefinition] atomic
  - rows!              [TableRow]              atomic

TableColumnDefinition: noproto
  - name!        string
  - type!        string
  - format!      string
  - description! string
  - priority!    int32

TableRow: noproto
  - cells!     [any]               atomic
  - conditions [TableRowCondition] atomic
  - object     RawExtension

TableRowCondition: noproto
  - type!   RowConditionType
  - status! ConditionStatus
  - reason  string
  - message string
`;
