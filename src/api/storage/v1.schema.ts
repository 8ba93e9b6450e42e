/**
 * The shape of storage.k8s.io/v1. One line a field; `src/meta/schema/parse.ts` says how to read it.
 */
export const storageV1 = `
package io.k8s.api.storage.v1
version storage.k8s.io/v1

open FSGroupPolicy ReadWriteOnceWithFSType | File | None
enum VolumeBindingMode Immediate | WaitForFirstConsumer
open VolumeLifecycleMode Persistent | Ephemeral

CSIDriver: kind
  1 metadata meta.ObjectMeta
  2 spec!    CSIDriverSpec

CSIDriverList: list
  1 metadata meta.ListMeta
  2 items!   [CSIDriver]

CSIDriverSpec
   1 attachRequired?                    bool fill(true)
   2 podInfoOnMount?                    bool fill(false)
   3 volumeLifecycleModes               [VolumeLifecycleMode] set fill(["Persistent"])
   4 storageCapacity?                   bool                  gate(CSIStorageCapacity) fill(false)
   5 fsGroupPolicy?                     FSGroupPolicy fill("ReadWriteOnceWithFSType")
   6 tokenRequests                      [TokenRequest]        atomic
   7 requiresRepublish?                 bool fill(false)
   8 seLinuxMount?                      bool                  gate(SELinuxMountReadWriteOncePod) fill(false)
   9 nodeAllocatableUpdatePeriodSeconds? int64                 gate(MutableCSINodeAllocatableCount)
  10 serviceAccountTokenInSecrets?      bool                  gate(CSIServiceAccountTokenSecrets)
  11 preventPodSchedulingIfMissing?     bool                  gate(VolumeLimitScaling)

CSINode: kind
  1 metadata meta.ObjectMeta
  2 spec!    CSINodeSpec

CSINodeDriver
  1 name!         string
  2 nodeID!       string
  3 topologyKeys+ [string]            atomic
  4 allocatable?  VolumeNodeResources

CSINodeList: list
  1 metadata meta.ListMeta
  2 items!   [CSINode]

CSINodeSpec
  1 drivers! [CSINodeDriver] map(name) merge(name)

CSIStorageCapacity: kind
  1 metadata           meta.ObjectMeta
  2 nodeTopology?      meta.LabelSelector
  3 storageClassName!  string
  4 capacity?          Quantity
  5 maximumVolumeSize? Quantity

CSIStorageCapacityList: list
  1 metadata meta.ListMeta
  2 items!   [CSIStorageCapacity]

StorageClass: kind
  1 metadata              meta.ObjectMeta
  2 provisioner!          string
  3 parameters            {string}
  4 reclaimPolicy?        core.PersistentVolumeReclaimPolicy fill("Delete")
  5 mountOptions          [string]                       atomic
  6 allowVolumeExpansion? bool
  7 volumeBindingMode?    VolumeBindingMode fill("Immediate")
  8 allowedTopologies     [core.TopologySelectorTerm]    atomic

StorageClassList: list
  1 metadata meta.ListMeta
  2 items!   [StorageClass]

TokenRequest
  1 audience!          string
  2 expirationSeconds? int64

VolumeAttachment: kind
  1 metadata meta.ObjectMeta
  2 spec!    VolumeAttachmentSpec
  3 status   VolumeAttachmentStatus

VolumeAttachmentList: list
  1 metadata meta.ListMeta
  2 items!   [VolumeAttachment]

VolumeAttachmentSource
  1 persistentVolumeName? string
  2 inlineVolumeSpec?     core.PersistentVolumeSpec

VolumeAttachmentSpec
  1 attacher! string
  2 source!   VolumeAttachmentSource
  3 nodeName! string

VolumeAttachmentStatus
  1 attached!          bool
  2 attachmentMetadata {string}
  3 attachError?       VolumeError
  4 detachError?       VolumeError

VolumeAttributesClass: kind
  1 metadata    meta.ObjectMeta
  2 driverName! string
  3 parameters  {string}

VolumeAttributesClassList: list
  1 metadata meta.ListMeta
  2 items!   [VolumeAttributesClass]

VolumeError
  1 time       Time
  2 message    string
  3 errorCode? int32  gate(MutableCSINodeAllocatableCount)

VolumeNodeResources
  1 count? int32
`;
