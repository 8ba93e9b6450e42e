/**
 * The shape of resource.k8s.io/v1beta2. One line a field; `src/meta/schema/parse.ts` says how to read it.
 */
export const resourceV1beta2 = `
package io.k8s.api.resource.v1beta2
version resource.k8s.io/v1beta2

enum AllocationConfigSource FromClass | FromClaim
enum DeviceAllocationMode ExactCount | All
enum DeviceTaintEffect None | NoSchedule | NoExecute
enum DeviceTolerationOperator Exists | Equal

AllocatedDeviceStatus
  1 driver!      string
  2 pool!        string
  3 device!      string
  4 conditions+  [meta.Condition]  map(type)
  5 data?        RawExtension
  6 networkData? NetworkDeviceData
  7 shareID?     string            gate(DRAConsumableCapacity)

AllocationResult
  1 devices              DeviceAllocationResult
  3 nodeSelector?        core.NodeSelector
  5 allocationTimestamp? Time                   gate(DRADeviceBindingConditions,DRAResourceClaimDeviceStatus)

CELDeviceSelector
  1 expression! string

CapacityRequestPolicy
  1 default?+   Quantity
  3 validValues [Quantity]                 atomic oneOf(ValidRequestValues)
  4 validRange? CapacityRequestPolicyRange oneOf(ValidRequestValues)

CapacityRequestPolicyRange
  1 min?* Quantity
  2 max?  Quantity
  3 step? Quantity

CapacityRequirements
  1 requests {Quantity}

Counter
  1 value! Quantity

CounterSet
  1 name!     string
  2 counters* {Counter}

Device
   1 name!                           string
   2 attributes                      {DeviceAttribute}
   3 capacity                        {DeviceCapacity}
   4 consumesCounters                [DeviceCounterConsumption]     atomic gate(DRAPartitionableDevices)
   5 nodeName?                       string                         oneOf(DeviceNodeSelection) gate(DRAPartitionableDevices)
   6 nodeSelector?                   core.NodeSelector              oneOf(DeviceNodeSelection) gate(DRAPartitionableDevices)
   7 allNodes?                       bool                           oneOf(DeviceNodeSelection) gate(DRAPartitionableDevices)
   8 taints                          [DeviceTaint]                  atomic gate(DRADeviceTaints)
   9 bindsToNode?                    bool                           gate(DRADeviceBindingConditions,DRAResourceClaimDeviceStatus)
  10 bindingConditions               [string]                       atomic gate(DRADeviceBindingConditions,DRAResourceClaimDeviceStatus)
  11 bindingFailureConditions        [string]                       atomic gate(DRADeviceBindingConditions,DRAResourceClaimDeviceStatus)
  12 allowMultipleAllocations?       bool                           gate(DRAConsumableCapacity)
  13 nodeAllocatableResourceMappings {NodeAllocatableResourceMapping} gate(DRANodeAllocatableResources)

DeviceAllocationConfiguration
  1 source!                AllocationConfigSource
  2 requests               [string]               atomic
  3 ...DeviceConfiguration

DeviceAllocationResult
  1 results [DeviceRequestAllocationResult] atomic
  2 config  [DeviceAllocationConfiguration] atomic

DeviceAttribute
  2 int?     int64
  3 bool?    bool
  4 string?  string
  5 version? string
  6 ints     [int64]  atomic gate(DRAListTypeAttributes)
  7 bools    [bool]   atomic gate(DRAListTypeAttributes)
  8 strings  [string] atomic gate(DRAListTypeAttributes)
  9 versions [string] atomic gate(DRAListTypeAttributes)

DeviceCapacity
  1 value!         Quantity
  2 requestPolicy? CapacityRequestPolicy gate(DRAConsumableCapacity)

DeviceClaim
  1 requests+   [DeviceRequest]            atomic
  2 constraints [DeviceConstraint]         atomic
  3 config      [DeviceClaimConfiguration] atomic

DeviceClaimConfiguration
  1 requests               [string] atomic
  2 ...DeviceConfiguration

DeviceClass: kind
  1 metadata meta.ObjectMeta
  2 spec!    DeviceClassSpec

DeviceClassConfiguration
  1 ...DeviceConfiguration

DeviceClassList: list
  1 metadata meta.ListMeta
  2 items!   [DeviceClass]

DeviceClassSpec
  1 selectors             [DeviceSelector]           atomic
  2 config                [DeviceClassConfiguration] atomic
  4 extendedResourceName? string                     gate(DRAExtendedResource)

DeviceConfiguration
  1 opaque? OpaqueDeviceConfiguration oneOf(ConfigurationType)

DeviceConstraint
  1 requests           [string] atomic
  2 matchAttribute?    string   oneOf(ConstraintType)
  3 distinctAttribute? string   oneOf(ConstraintType) gate(DRAConsumableCapacity)

DeviceCounterConsumption
  1 counterSet! string
  2 counters*   {Counter}

DeviceRequest
  1 name!          string
  2 exactly?       ExactDeviceRequest oneOf(deviceRequestType)
  3 firstAvailable [DeviceSubRequest] atomic oneOf(deviceRequestType) gate(DRAPrioritizedList)

DeviceRequestAllocationResult
   1 request!                 string
   2 driver!                  string
   3 pool!                    string
   4 device!                  string
   5 adminAccess?             bool               gate(DRAAdminAccess)
   6 tolerations              [DeviceToleration] atomic gate(DRADeviceTaints)
   7 bindingConditions        [string]           atomic gate(DRADeviceBindingConditions,DRAResourceClaimDeviceStatus)
   8 bindingFailureConditions [string]           atomic gate(DRADeviceBindingConditions,DRAResourceClaimDeviceStatus)
   9 shareID?                 string             gate(DRAConsumableCapacity)
  10 consumedCapacity         {Quantity}         gate(DRAConsumableCapacity)

DeviceSelector
  1 cel? CELDeviceSelector oneOf(SelectorType)

DeviceSubRequest
  1 name!            string
  2 deviceClassName! string
  3 selectors        [DeviceSelector]     atomic
  4 allocationMode   DeviceAllocationMode fill("ExactCount")
  5 count            int64                oneOf(AllocationMode)
  6 tolerations      [DeviceToleration]   atomic gate(DRADeviceTaints)
  7 capacity?        CapacityRequirements gate(DRAConsumableCapacity)

DeviceTaint
  1 key!       string
  2 value      string
  3 effect!    DeviceTaintEffect
  4 timeAdded? Time

DeviceTaintRule: kind
  1 metadata meta.ObjectMeta
  2 spec!    DeviceTaintRuleSpec
  3 status   DeviceTaintRuleStatus

DeviceTaintRuleList: list
  1 metadata meta.ListMeta
  2 items!   [DeviceTaintRule]

DeviceTaintRuleSpec
  1 deviceSelector? DeviceTaintSelector
  2 taint*          DeviceTaint

DeviceTaintRuleStatus
  1 conditions [meta.Condition] map(type) merge(type)

DeviceTaintSelector
  2 driver? string
  3 pool?   string
  4 device? string

DeviceToleration
  1 key                string
  2 operator           DeviceTolerationOperator default("Equal")
  3 value              string
  4 effect             DeviceTaintEffect
  5 tolerationSeconds? int64

ExactDeviceRequest
  1 deviceClassName! string
  2 selectors        [DeviceSelector]     atomic
  3 allocationMode   DeviceAllocationMode fill("ExactCount")
  4 count            int64                oneOf(AllocationMode)
  5 adminAccess?     bool                 gate(DRAAdminAccess)
  6 tolerations      [DeviceToleration]   atomic gate(DRADeviceTaints)
  7 capacity?        CapacityRequirements gate(DRAConsumableCapacity)

NetworkDeviceData
  1 interfaceName   string
  2 ips             [string] atomic
  3 hardwareAddress string

NodeAllocatableResourceMapping
  1 capacityKey?          string
  2 allocationMultiplier? Quantity fill("1")

OpaqueDeviceConfiguration
  1 driver!     string
  2 parameters! RawExtension

ResourceClaim: kind
  1 metadata meta.ObjectMeta
  2 spec!    ResourceClaimSpec
  3 status   ResourceClaimStatus

ResourceClaimConsumerReference
  1 apiGroup  string
  3 resource! string
  4 name!     string
  5 uid!      string

ResourceClaimList: list
  1 metadata meta.ListMeta
  2 items!   [ResourceClaim]

ResourceClaimSpec
  1 devices+ DeviceClaim

ResourceClaimStatus
  1 allocation? AllocationResult
  2 reservedFor [ResourceClaimConsumerReference] map(uid) merge(uid)
  4 devices     [AllocatedDeviceStatus]        map(driver,device,pool,shareID) gate(DRAResourceClaimDeviceStatus)

ResourceClaimTemplate: kind
  1 metadata meta.ObjectMeta
  2 spec!    ResourceClaimTemplateSpec

ResourceClaimTemplateList: list
  1 metadata meta.ListMeta
  2 items!   [ResourceClaimTemplate]

ResourceClaimTemplateSpec
  1 metadata meta.ObjectMeta
  2 spec!    ResourceClaimSpec

ResourcePool
  1 name!               string
  2 generation!         int64
  3 resourceSliceCount! int64

ResourceSlice: kind
  1 metadata meta.ObjectMeta
  2 spec!    ResourceSliceSpec

ResourceSliceList: list
  1 metadata meta.ListMeta
  2 items!   [ResourceSlice]

ResourceSliceSpec
  1 driver!                 string
  2 pool!                   ResourcePool
  3 nodeName?               string            oneOf(NodeSelection)
  4 nodeSelector?           core.NodeSelector oneOf(NodeSelection)
  5 allNodes?               bool              oneOf(NodeSelection)
  6 devices                 [Device]          atomic
  7 perDeviceNodeSelection? bool              oneOf(NodeSelection) gate(DRAPartitionableDevices)
  8 sharedCounters          [CounterSet]      atomic gate(DRAPartitionableDevices)
`;
