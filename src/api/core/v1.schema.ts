/**
 * The shape of v1. One line a field; `src/meta/schema/parse.ts` says how to read it.
 */
export const coreV1 = `
package io.k8s.api.core.v1
version v1

enum AppArmorProfileType Unconfined | RuntimeDefault | Localhost
enum AzureDataDiskCachingMode None | ReadOnly | ReadWrite
enum AzureDataDiskKind Shared | Dedicated | Managed
enum ClaimResourceStatus ControllerResizeInProgress | ControllerResizeInfeasible | NodeResizePending | NodeResizeInProgress | NodeResizeInfeasible
open ComponentConditionType Healthy
open ConditionStatus True | False | Unknown
open ContainerRestartPolicy Always | Never | OnFailure
open ContainerRestartRuleAction Restart | RestartAllContainers
open ContainerRestartRuleOnExitCodesOperator In | NotIn
enum DNSPolicy ClusterFirstWithHostNet | ClusterFirst | Default | None
open FinalizerName kubernetes
enum HostPathType '' | DirectoryOrCreate | Directory | FileOrCreate | File | Socket | CharDevice | BlockDevice
enum IPFamily IPv4 | IPv6 | ''
enum IPFamilyPolicy SingleStack | PreferDualStack | RequireDualStack
open LimitType Pod | Container | PersistentVolumeClaim
open LoadBalancerIPMode VIP | Proxy
enum MountPropagationMode None | HostToContainer | Bidirectional
open NamespaceConditionType NamespaceDeletionDiscoveryFailure | NamespaceDeletionContentFailure | NamespaceDeletionGroupVersionParsingFailure | NamespaceContentRemaining | NamespaceFinalizersRemaining
enum NamespacePhase Active | Terminating
open NodeAddressType Hostname | InternalIP | ExternalIP | InternalDNS | ExternalDNS
open NodeConditionType Ready | MemoryPressure | DiskPressure | PIDPressure | NetworkUnavailable
enum NodeInclusionPolicy Ignore | Honor
enum NodePhase Pending | Running | Terminated
enum NodeSelectorOperator In | NotIn | Exists | DoesNotExist | Gt | Lt
open OSName linux | windows
enum PersistentVolumeAccessMode ReadWriteOnce | ReadOnlyMany | ReadWriteMany | ReadWriteOncePod
open PersistentVolumeClaimConditionType Resizing | FileSystemResizePending | ControllerResizeError | NodeResizeError | ModifyVolumeError | ModifyingVolume | Unused
enum PersistentVolumeClaimModifyVolumeStatus Pending | InProgress | Infeasible
enum PersistentVolumeClaimPhase Pending | Bound | Lost
enum PersistentVolumeMode Block | Filesystem
enum PersistentVolumePhase Pending | Available | Bound | Released | Failed
enum PersistentVolumeReclaimPolicy Recycle | Delete | Retain
open PodConditionType ContainersReady | Initialized | Ready | PodScheduled | DisruptionTarget | PodReadyToStartContainers | PodResizePending | PodResizeInProgress | AllContainersRestarting
enum PodFSGroupChangePolicy OnRootMismatch | Always
enum PodPhase Pending | Running | Succeeded | Failed | Unknown
enum PodQOSClass Guaranteed | Burstable | BestEffort
open PodResizeStatus InProgress | Deferred | Infeasible
open PodSELinuxChangePolicy Recursive | MountOption
enum PreemptionPolicy PreemptLowerPriority | Never
enum ProcMountType Default | Unmasked
enum Protocol TCP | UDP | SCTP
enum PullPolicy Always | Never | IfNotPresent
open RecursiveReadOnlyMode Disabled | IfPossible | Enabled
open ReplicationControllerConditionType ReplicaFailure
open ResourceHealthStatus Healthy | Unhealthy | Unknown
open ResourceName cpu | memory | storage | ephemeral-storage | pods | services | replicationcontrollers | resourcequotas | secrets | configmaps | persistentvolumeclaims | services.nodeports | services.loadbalancers | requests.cpu | requests.memory | requests.storage | requests.ephemeral-storage | limits.cpu | limits.memory | limits.ephemeral-storage
enum ResourceQuotaScope Terminating | NotTerminating | BestEffort | NotBestEffort | PriorityClass | CrossNamespacePodAffinity | VolumeAttributesClass
open ResourceResizeRestartPolicy NotRequired | RestartContainer
enum RestartPolicy Always | OnFailure | Never
enum ScopeSelectorOperator In | NotIn | Exists | DoesNotExist
enum SeccompProfileType Unconfined | RuntimeDefault | Localhost
open SecretType Opaque | kubernetes.io/service-account-token | kubernetes.io/dockercfg | kubernetes.io/dockerconfigjson | kubernetes.io/basic-auth | kubernetes.io/ssh-auth | kubernetes.io/tls | bootstrap.kubernetes.io/token
enum ServiceAffinity ClientIP | None
enum ServiceExternalTrafficPolicy Cluster | Local
enum ServiceInternalTrafficPolicy Cluster | Local
enum ServiceType ClusterIP | NodePort | LoadBalancer | ExternalName
enum Signal SIGABRT | SIGALRM | SIGBUS | SIGCHLD | SIGCLD | SIGCONT | SIGFPE | SIGHUP | SIGILL | SIGINT | SIGIO | SIGIOT | SIGKILL | SIGPIPE | SIGPOLL | SIGPROF | SIGPWR | SIGQUIT | SIGSEGV | SIGSTKFLT | SIGSTOP | SIGSYS | SIGTERM | SIGTRAP | SIGTSTP | SIGTTIN | SIGTTOU | SIGURG | SIGUSR1 | SIGUSR2 | SIGVTALRM | SIGWINCH | SIGXCPU | SIGXFSZ | SIGRTMIN | SIGRTMIN+1 | SIGRTMIN+2 | SIGRTMIN+3 | SIGRTMIN+4 | SIGRTMIN+5 | SIGRTMIN+6 | SIGRTMIN+7 | SIGRTMIN+8 | SIGRTMIN+9 | SIGRTMIN+10 | SIGRTMIN+11 | SIGRTMIN+12 | SIGRTMIN+13 | SIGRTMIN+14 | SIGRTMIN+15 | SIGRTMAX-14 | SIGRTMAX-13 | SIGRTMAX-12 | SIGRTMAX-11 | SIGRTMAX-10 | SIGRTMAX-9 | SIGRTMAX-8 | SIGRTMAX-7 | SIGRTMAX-6 | SIGRTMAX-5 | SIGRTMAX-4 | SIGRTMAX-3 | SIGRTMAX-2 | SIGRTMAX-1 | SIGRTMAX
open StorageMedium '' | Memory | HugePages | HugePages-
enum SupplementalGroupsPolicy Merge | Strict
enum TaintEffect NoSchedule | PreferNoSchedule | NoExecute
enum TerminationMessagePolicy File | FallbackToLogsOnError
enum TolerationOperator Exists | Equal | Lt | Gt
enum URIScheme HTTP | HTTPS
enum UnsatisfiableConstraintAction DoNotSchedule | ScheduleAnyway

AWSElasticBlockStoreVolumeSource
  1 volumeID! string
  2 fsType    string
  3 partition int32
  4 readOnly  bool

Affinity
  1 nodeAffinity?    NodeAffinity
  2 podAffinity?     PodAffinity
  3 podAntiAffinity? PodAntiAffinity

AppArmorProfile: union
  1 type!             AppArmorProfileType discriminator
  2 localhostProfile? string

AttachedVolume
  1 name!       string
  2 devicePath! string

AvoidPods
  1 preferAvoidPods [PreferAvoidPodsEntry] atomic

AzureDiskVolumeSource
  1 diskName!    string
  2 diskURI!     string
  3 cachingMode? AzureDataDiskCachingMode default("ReadWrite")
  4 fsType?      string                   default("ext4")
  5 readOnly?    bool                     default(false)
  6 kind?        AzureDataDiskKind        default("Shared")

AzureFilePersistentVolumeSource
  1 secretName!       string
  2 shareName!        string
  3 readOnly          bool
  4 secretNamespace?+ string

AzureFileVolumeSource
  1 secretName! string
  2 shareName!  string
  3 readOnly    bool

Binding: kind
  1 metadata meta.ObjectMeta
  2 target!  ObjectReference

CSIPersistentVolumeSource
   1 driver!                     string
   2 volumeHandle!               string
   3 readOnly                    bool
   4 fsType                      string
   5 volumeAttributes            {string}
   6 controllerPublishSecretRef? SecretReference
   7 nodeStageSecretRef?         SecretReference
   8 nodePublishSecretRef?       SecretReference
   9 controllerExpandSecretRef?  SecretReference
  10 nodeExpandSecretRef?        SecretReference

CSIVolumeSource
  1 driver!               string
  2 readOnly?             bool
  3 fsType?               string
  4 volumeAttributes      {string}
  5 nodePublishSecretRef? LocalObjectReference

Capabilities
  1 add  [string] atomic
  2 drop [string] atomic

CephFSPersistentVolumeSource
  1 monitors!  [string]        atomic
  2 path       string
  3 user       string
  4 secretFile string
  5 secretRef? SecretReference
  6 readOnly   bool

CephFSVolumeSource
  1 monitors!  [string]             atomic
  2 path       string
  3 user       string
  4 secretFile string
  5 secretRef? LocalObjectReference
  6 readOnly   bool

CinderPersistentVolumeSource
  1 volumeID!  string
  2 fsType     string
  3 readOnly   bool
  4 secretRef? SecretReference

CinderVolumeSource
  1 volumeID!  string
  2 fsType     string
  3 readOnly   bool
  4 secretRef? LocalObjectReference

ClientIPConfig
  1 timeoutSeconds? int32

ClusterTrustBundleProjection
  1 name?          string
  2 signerName?    string
  3 labelSelector? meta.LabelSelector
  4 path!          string
  5 optional?      bool

ComponentCondition
  1 type!   ComponentConditionType
  2 status! ConditionStatus
  3 message string
  4 error   string

ComponentStatus: kind
  1 metadata   meta.ObjectMeta
  2 conditions [ComponentCondition] map(type) merge(type)

ComponentStatusList: list
  1 metadata meta.ListMeta
  2 items!   [ComponentStatus]

ConfigMap: kind
  1 metadata   meta.ObjectMeta
  2 data       {string}
  3 binaryData {bytes}
  4 immutable? bool

ConfigMapEnvSource
  1 ...LocalObjectReference
  2 optional?               bool

ConfigMapKeySelector: atomic
  1 ...LocalObjectReference
  2 key!                    string
  3 optional?               bool

ConfigMapList: list
  1 metadata meta.ListMeta
  2 items!   [ConfigMap]

ConfigMapNodeConfigSource
  1 namespace!        string
  2 name!             string
  3 uid               string
  4 resourceVersion   string
  5 kubeletConfigKey! string

ConfigMapProjection
  1 ...LocalObjectReference
  2 items                   [KeyToPath] atomic
  4 optional?               bool

ConfigMapVolumeSource
  1 ...LocalObjectReference
  2 items                   [KeyToPath] atomic
  3 defaultMode?            int32 fill(420)
  4 optional?               bool

Container
   1 name!                    string
   2 image                    string
   3 command                  [string]                 atomic
   4 args                     [string]                 atomic
   5 workingDir               string
   6 ports                    [ContainerPort]          map(containerPort,protocol) merge(containerPort)
   7 env                      [EnvVar]                 map(name) merge(name)
   8 resources                ResourceRequirements
   9 volumeMounts             [VolumeMount]            map(mountPath) merge(mountPath)
  10 livenessProbe?           Probe
  11 readinessProbe?          Probe
  12 lifecycle?               Lifecycle
  13 terminationMessagePath   string fill("/dev/termination-log")
  14 imagePullPolicy          PullPolicy
  15 securityContext?         SecurityContext
  16 stdin                    bool
  17 stdinOnce                bool
  18 tty                      bool
  19 envFrom                  [EnvFromSource]          atomic
  20 terminationMessagePolicy TerminationMessagePolicy fill("File")
  21 volumeDevices            [VolumeDevice]           map(devicePath) merge(devicePath)
  22 startupProbe?            Probe
  23 resizePolicy             [ContainerResizePolicy]  atomic gate(InPlacePodVerticalScaling)
  24 restartPolicy?           ContainerRestartPolicy
  25 restartPolicyRules       [ContainerRestartRule]   atomic gate(ContainerRestartRules)

ContainerExtendedResourceRequest
  1 containerName! string
  2 resourceName!  string
  3 requestName!   string

ContainerImage
  1 names+    [string] atomic
  2 sizeBytes int64

ContainerPort
  1 name           string
  2 hostPort       int32
  3 containerPort! int32
  4 protocol       Protocol default("TCP")
  5 hostIP         string

ContainerResizePolicy
  1 resourceName!  ResourceName
  2 restartPolicy! ResourceResizeRestartPolicy

ContainerRestartRule
  1 action*    ContainerRestartRuleAction
  2 exitCodes? ContainerRestartRuleOnExitCodes oneOf(when)

ContainerRestartRuleOnExitCodes
  1 operator* ContainerRestartRuleOnExitCodesOperator
  2 values    [int32]                        set

ContainerState
  1 waiting?    ContainerStateWaiting
  2 running?    ContainerStateRunning
  3 terminated? ContainerStateTerminated

ContainerStateRunning
  1 startedAt Time

ContainerStateTerminated
  1 exitCode!   int32
  2 signal      int32
  3 reason      string
  4 message     string
  5 startedAt   Time
  6 finishedAt  Time
  7 containerID string

ContainerStateWaiting
  1 reason  string
  2 message string

ContainerStatus
   1 name!                    string
   2 state                    ContainerState
   3 lastState                ContainerState
   4 ready!                   bool
   5 restartCount!            int32
   6 image!                   string
   7 imageID!                 string
   8 containerID              string
   9 started?                 bool
  10 allocatedResources       {Quantity}
  11 resources?               ResourceRequirements gate(InPlacePodVerticalScaling)
  12 volumeMounts             [VolumeMountStatus]  map(mountPath) merge(mountPath)
  13 user?                    ContainerUser        gate(SupplementalGroupsPolicy)
  14 allocatedResourcesStatus [ResourceStatus]     map(name) merge(name) gate(ResourceHealthStatus)
  15 stopSignal?              Signal               gate(ContainerStopSignals)

ContainerUser
  1 linux? LinuxContainerUser

DaemonEndpoint
  1 Port! int32

DownwardAPIProjection
  1 items [DownwardAPIVolumeFile] atomic

DownwardAPIVolumeFile
  1 path!             string
  2 fieldRef?         ObjectFieldSelector
  3 resourceFieldRef? ResourceFieldSelector
  4 mode?             int32

DownwardAPIVolumeSource
  1 items        [DownwardAPIVolumeFile] atomic
  2 defaultMode? int32 fill(420)

EmptyDirVolumeSource
  1 medium     StorageMedium
  2 sizeLimit? Quantity

EndpointAddress: atomic
  1 ip!        string
  2 targetRef? ObjectReference
  3 hostname   string
  4 nodeName?  string

EndpointPort: atomic
  1 name         string
  2 port!        int32
  3 protocol     Protocol fill("TCP")
  4 appProtocol? string

EndpointSubset
  1 addresses         [EndpointAddress] atomic
  2 notReadyAddresses [EndpointAddress] atomic
  3 ports             [EndpointPort]    atomic

Endpoints: kind
  1 metadata meta.ObjectMeta
  2 subsets  [EndpointSubset] atomic

EndpointsList: list
  1 metadata meta.ListMeta
  2 items!   [Endpoints]

EnvFromSource
  1 prefix        string
  2 configMapRef? ConfigMapEnvSource
  3 secretRef?    SecretEnvSource

EnvVar
  1 name!      string
  2 value      string
  3 valueFrom? EnvVarSource

EnvVarSource
  1 fieldRef?         ObjectFieldSelector
  2 resourceFieldRef? ResourceFieldSelector
  3 configMapKeyRef?  ConfigMapKeySelector
  4 secretKeyRef?     SecretKeySelector
  5 fileKeyRef?       FileKeySelector       gate(EnvFiles)

EphemeralContainer
  1 ...EphemeralContainerCommon
  2 targetContainerName         string

EphemeralContainerCommon
   1 name!                    string
   2 image                    string
   3 command                  [string]                 atomic
   4 args                     [string]                 atomic
   5 workingDir               string
   6 ports                    [ContainerPort]          map(containerPort,protocol) merge(containerPort)
   7 env                      [EnvVar]                 map(name) merge(name)
   8 resources                ResourceRequirements
   9 volumeMounts             [VolumeMount]            map(mountPath) merge(mountPath)
  10 livenessProbe?           Probe
  11 readinessProbe?          Probe
  12 lifecycle?               Lifecycle
  13 terminationMessagePath   string fill("/dev/termination-log")
  14 imagePullPolicy          PullPolicy
  15 securityContext?         SecurityContext
  16 stdin                    bool
  17 stdinOnce                bool
  18 tty                      bool
  19 envFrom                  [EnvFromSource]          atomic
  20 terminationMessagePolicy TerminationMessagePolicy fill("File")
  21 volumeDevices            [VolumeDevice]           map(devicePath) merge(devicePath)
  22 startupProbe?            Probe
  23 resizePolicy             [ContainerResizePolicy]  atomic gate(InPlacePodVerticalScaling)
  24 restartPolicy?           ContainerRestartPolicy
  25 restartPolicyRules       [ContainerRestartRule]   atomic gate(ContainerRestartRules)

EphemeralVolumeSource
  1 volumeClaimTemplate? PersistentVolumeClaimTemplate

Event: kind
   1 metadata!           meta.ObjectMeta
   2 involvedObject!     ObjectReference
   3 reason              string
   4 message             string
   5 source              EventSource
   6 firstTimestamp      Time
   7 lastTimestamp       Time
   8 count               int32
   9 type                string
  10 eventTime           MicroTime
  11 series?             EventSeries
  12 action              string
  13 related?            ObjectReference
  14 reportingComponent+ string
  15 reportingInstance+  string

EventList: list
  1 metadata meta.ListMeta
  2 items!   [Event]

EventSeries
  1 count            int32
  2 lastObservedTime MicroTime

EventSource
  1 component string
  2 host      string

ExecAction
  1 command [string] atomic

FCVolumeSource
  1 targetWWNs [string] atomic
  2 lun?       int32
  3 fsType     string
  4 readOnly   bool
  5 wwids      [string] atomic

FileKeySelector: atomic
  1 volumeName! string
  2 path!       string
  3 key!        string
  4 optional?   bool   default(false)

FlexPersistentVolumeSource
  1 driver!    string
  2 fsType     string
  3 secretRef? SecretReference
  4 readOnly   bool
  5 options    {string}

FlexVolumeSource
  1 driver!    string
  2 fsType     string
  3 secretRef? LocalObjectReference
  4 readOnly   bool
  5 options    {string}

FlockerVolumeSource
  1 datasetName string
  2 datasetUUID string

GCEPersistentDiskVolumeSource
  1 pdName!   string
  2 fsType    string
  3 partition int32
  4 readOnly  bool

GRPCAction
  1 port!     int32
  2 service?+ string default("")

GitRepoVolumeSource
  1 repository! string
  2 revision    string
  3 directory   string

GlusterfsPersistentVolumeSource
  1 endpoints!          string
  2 path!               string
  3 readOnly            bool
  4 endpointsNamespace? string

GlusterfsVolumeSource
  1 endpoints! string
  2 path!      string
  3 readOnly   bool

HTTPGetAction
  1 path        string fill("/")
  2 port!       IntOrString
  3 host        string
  4 scheme      URIScheme fill("HTTP")
  5 httpHeaders [HTTPHeader] atomic

HTTPHeader
  1 name!  string
  2 value! string

HostAlias
  1 ip!       string
  2 hostnames [string] atomic

HostIP
  1 ip! string

HostPathVolumeSource
  1 path! string
  2 type? HostPathType fill("")

ISCSIPersistentVolumeSource
   1 targetPortal!     string
   2 iqn!              string
   3 lun!              int32
   4 iscsiInterface    string          default("default")
   5 fsType            string
   6 readOnly          bool
   7 portals           [string]        atomic
   8 chapAuthDiscovery bool
  10 secretRef?        SecretReference
  11 chapAuthSession   bool
  12 initiatorName?    string

ISCSIVolumeSource
   1 targetPortal!     string
   2 iqn!              string
   3 lun!              int32
   4 iscsiInterface    string               default("default")
   5 fsType            string
   6 readOnly          bool
   7 portals           [string]             atomic
   8 chapAuthDiscovery bool
  10 secretRef?        LocalObjectReference
  11 chapAuthSession   bool
  12 initiatorName?    string

ImageVolumeSource
  1 reference  string
  2 pullPolicy PullPolicy

ImageVolumeStatus
  1 imageRef* string

KeyToPath
  1 key!  string
  2 path! string
  3 mode? int32

Lifecycle
  1 postStart?  LifecycleHandler
  2 preStop?    LifecycleHandler
  3 stopSignal? Signal

LifecycleHandler
  1 exec?      ExecAction
  2 httpGet?   HTTPGetAction
  3 tcpSocket? TCPSocketAction
  4 sleep?     SleepAction

LimitRange: kind
  1 metadata meta.ObjectMeta
  2 spec     LimitRangeSpec

LimitRangeItem
  1 type!                LimitType
  2 max                  {Quantity}
  3 min                  {Quantity}
  4 default              {Quantity}
  5 defaultRequest       {Quantity}
  6 maxLimitRequestRatio {Quantity}

LimitRangeList: list
  1 metadata meta.ListMeta
  2 items!   [LimitRange]

LimitRangeSpec
  1 limits! [LimitRangeItem] atomic

LinuxContainerUser
  1 uid!               int64
  2 gid!               int64
  3 supplementalGroups [int64] atomic

List: list
  1 metadata meta.ListMeta
  2 items!   [RawExtension]

LoadBalancerIngress
  1 ip       string
  2 hostname string
  3 ipMode?  LoadBalancerIPMode
  4 ports    [PortStatus]       atomic

LoadBalancerStatus
  1 ingress [LoadBalancerIngress] atomic

LocalObjectReference: atomic
  1 name string default("")

LocalVolumeSource
  1 path!   string
  2 fsType? string

ModifyVolumeStatus
  1 targetVolumeAttributesClassName string
  2 status!                         PersistentVolumeClaimModifyVolumeStatus

NFSVolumeSource
  1 server!  string
  2 path!    string
  3 readOnly bool

Namespace: kind
  1 metadata meta.ObjectMeta
  2 spec     NamespaceSpec
  3 status   NamespaceStatus

NamespaceCondition
  1 type!              NamespaceConditionType
  2 status!            ConditionStatus
  4 lastTransitionTime Time
  5 reason             string
  6 message            string

NamespaceList: list
  1 metadata meta.ListMeta
  2 items!   [Namespace]

NamespaceSpec
  1 finalizers [FinalizerName] atomic

NamespaceStatus
  1 phase      NamespacePhase fill("Active")
  2 conditions [NamespaceCondition] map(type) merge(type)

Node: kind
  1 metadata meta.ObjectMeta
  2 spec     NodeSpec
  3 status   NodeStatus

NodeAddress
  1 type!    NodeAddressType
  2 address! string

NodeAffinity
  1 requiredDuringSchedulingIgnoredDuringExecution? NodeSelector
  2 preferredDuringSchedulingIgnoredDuringExecution [PreferredSchedulingTerm] atomic

NodeAllocatableResourceClaimStatus
  1 resourceClaimName! string
  2 containers         [string]   set
  3 resources!         {Quantity}

NodeCondition
  1 type!              NodeConditionType
  2 status!            ConditionStatus
  3 lastHeartbeatTime  Time
  4 lastTransitionTime Time
  5 reason             string
  6 message            string

NodeConfigSource
  2 configMap? ConfigMapNodeConfigSource

NodeConfigStatus
  1 assigned?      NodeConfigSource
  2 active?        NodeConfigSource
  3 lastKnownGood? NodeConfigSource
  4 error          string

NodeDaemonEndpoints
  1 kubeletEndpoint DaemonEndpoint

NodeFeatures
  1 supplementalGroupsPolicy? bool

NodeList: list
  1 metadata meta.ListMeta
  2 items!   [Node]

NodeProxyOptions: kind
  1 path string

NodeRuntimeHandler
  1 name+     string
  2 features? NodeRuntimeHandlerFeatures

NodeRuntimeHandlerFeatures
  1 recursiveReadOnlyMounts? bool
  2 userNamespaces?          bool

NodeSelector: atomic
  1 nodeSelectorTerms! [NodeSelectorTerm] atomic

NodeSelectorRequirement
  1 key!      string
  2 operator! NodeSelectorOperator
  3 values    [string]             atomic

NodeSelectorTerm: atomic
  1 matchExpressions [NodeSelectorRequirement] atomic
  2 matchFields      [NodeSelectorRequirement] atomic

NodeSpec
  1 podCIDR       string
  2 externalID    string
  3 providerID    string
  4 unschedulable bool
  5 taints        [Taint]          atomic
  6 configSource? NodeConfigSource
  7 podCIDRs      [string]         set merge

NodeStatus
   1 capacity         {Quantity}
   2 allocatable      {Quantity}
   3 phase            NodePhase
   4 conditions       [NodeCondition]      map(type) merge(type)
   5 addresses        [NodeAddress]        map(type) merge(type)
   6 daemonEndpoints  NodeDaemonEndpoints
   7 nodeInfo         NodeSystemInfo
   8 images           [ContainerImage]     atomic
   9 volumesInUse     [string]             atomic
  10 volumesAttached  [AttachedVolume]     atomic
  11 config?          NodeConfigStatus
  12 runtimeHandlers  [NodeRuntimeHandler] atomic
  13 features?        NodeFeatures         gate(SupplementalGroupsPolicy)
  14 declaredFeatures [string]             atomic gate(NodeDeclaredFeatures)

NodeSwapStatus
  1 capacity? int64

NodeSystemInfo
   1 machineID!               string
   2 systemUUID!              string
   3 bootID!                  string
   4 kernelVersion!           string
   5 osImage!                 string
   6 containerRuntimeVersion! string
   7 kubeletVersion!          string
   8 kubeProxyVersion!        string
   9 operatingSystem!         string
  10 architecture!            string
  11 swap?                    NodeSwapStatus

ObjectFieldSelector: atomic
  1 apiVersion string fill("v1")
  2 fieldPath! string

ObjectReference: atomic
  1 kind            string
  2 namespace       string
  3 name            string
  4 uid             string
  5 apiVersion      string
  6 resourceVersion string
  7 fieldPath       string

PersistentVolume: kind
  1 metadata meta.ObjectMeta
  2 spec     PersistentVolumeSpec
  3 status   PersistentVolumeStatus

PersistentVolumeClaim: kind
  1 metadata meta.ObjectMeta
  2 spec     PersistentVolumeClaimSpec
  3 status   PersistentVolumeClaimStatus

PersistentVolumeClaimCondition
  1 type!              PersistentVolumeClaimConditionType
  2 status!            ConditionStatus
  3 lastProbeTime      Time
  4 lastTransitionTime Time
  5 reason             string
  6 message            string

PersistentVolumeClaimList: list
  1 metadata meta.ListMeta
  2 items!   [PersistentVolumeClaim]

PersistentVolumeClaimSpec
  1 accessModes                [PersistentVolumeAccessMode] atomic
  2 resources                  VolumeResourceRequirements
  3 volumeName                 string
  4 selector?                  meta.LabelSelector
  5 storageClassName?          string
  6 volumeMode?                PersistentVolumeMode fill("Filesystem")
  7 dataSource?                TypedLocalObjectReference
  8 dataSourceRef?             TypedObjectReference
  9 volumeAttributesClassName? string                       gate(VolumeAttributesClass)

PersistentVolumeClaimStatus
  1 phase                             PersistentVolumeClaimPhase fill("Pending")
  2 accessModes                       [PersistentVolumeAccessMode]   atomic
  3 capacity                          {Quantity}
  4 conditions                        [PersistentVolumeClaimCondition] map(type) merge(type)
  5 allocatedResources                {Quantity}
  7 allocatedResourceStatuses         {ClaimResourceStatus}          granular
  8 currentVolumeAttributesClassName? string                         gate(VolumeAttributesClass)
  9 modifyVolumeStatus?               ModifyVolumeStatus             gate(VolumeAttributesClass)

PersistentVolumeClaimTemplate
  1 metadata meta.ObjectMeta
  2 spec!    PersistentVolumeClaimSpec

PersistentVolumeClaimVolumeSource
  1 claimName! string
  2 readOnly   bool

PersistentVolumeList: list
  1 metadata meta.ListMeta
  2 items!   [PersistentVolume]

PersistentVolumeSource
   1 gcePersistentDisk?    GCEPersistentDiskVolumeSource
   2 awsElasticBlockStore? AWSElasticBlockStoreVolumeSource
   3 hostPath?             HostPathVolumeSource
   4 glusterfs?            GlusterfsPersistentVolumeSource
   5 nfs?                  NFSVolumeSource
   6 rbd?                  RBDPersistentVolumeSource
   7 iscsi?                ISCSIPersistentVolumeSource
   8 cinder?               CinderPersistentVolumeSource
   9 cephfs?               CephFSPersistentVolumeSource
  10 fc?                   FCVolumeSource
  11 flocker?              FlockerVolumeSource
  12 flexVolume?           FlexPersistentVolumeSource
  13 azureFile?            AzureFilePersistentVolumeSource
  14 vsphereVolume?        VsphereVirtualDiskVolumeSource
  15 quobyte?              QuobyteVolumeSource
  16 azureDisk?            AzureDiskVolumeSource
  17 photonPersistentDisk? PhotonPersistentDiskVolumeSource
  18 portworxVolume?       PortworxVolumeSource
  19 scaleIO?              ScaleIOPersistentVolumeSource
  20 local?                LocalVolumeSource
  21 storageos?            StorageOSPersistentVolumeSource
  22 csi?                  CSIPersistentVolumeSource

PersistentVolumeSpec
   1 capacity                      {Quantity}
   2 ...PersistentVolumeSource
   3 accessModes                   [PersistentVolumeAccessMode]  atomic
   4 claimRef?                     ObjectReference               granular
   5 persistentVolumeReclaimPolicy PersistentVolumeReclaimPolicy fill("Retain")
   6 storageClassName              string
   7 mountOptions                  [string]                      atomic
   8 volumeMode?                   PersistentVolumeMode fill("Filesystem")
   9 nodeAffinity?                 VolumeNodeAffinity
  10 volumeAttributesClassName?    string                        gate(VolumeAttributesClass)

PersistentVolumeStatus
  1 phase                    PersistentVolumePhase fill("Pending")
  2 message                  string
  3 reason                   string
  4 lastPhaseTransitionTime? Time

PhotonPersistentDiskVolumeSource
  1 pdID!  string
  2 fsType string

Pod: kind
  1 metadata meta.ObjectMeta
  2 spec     PodSpec
  3 status   PodStatus

PodAffinity
  1 requiredDuringSchedulingIgnoredDuringExecution [PodAffinityTerm]         atomic
  2 preferredDuringSchedulingIgnoredDuringExecution [WeightedPodAffinityTerm] atomic

PodAffinityTerm
  1 labelSelector?     meta.LabelSelector
  2 namespaces         [string]           atomic
  3 topologyKey!       string
  4 namespaceSelector? meta.LabelSelector
  5 matchLabelKeys     [string]           atomic
  6 mismatchLabelKeys  [string]           atomic

PodAntiAffinity
  1 requiredDuringSchedulingIgnoredDuringExecution [PodAffinityTerm]         atomic
  2 preferredDuringSchedulingIgnoredDuringExecution [WeightedPodAffinityTerm] atomic

PodAttachOptions: kind
  1 stdin     bool
  2 stdout    bool
  3 stderr    bool
  4 tty       bool
  5 container string

PodCertificateProjection
  1 signerName*           string
  2 keyType*              string
  3 maxExpirationSeconds? int32
  4 credentialBundlePath  string
  5 keyPath               string
  6 certificateChainPath  string
  7 userAnnotations       {string}

PodCondition
  1 type!              PodConditionType
  2 status!            ConditionStatus
  3 lastProbeTime      Time
  4 lastTransitionTime Time
  5 reason             string
  6 message            string
  7 observedGeneration int64

PodDNSConfig
  1 nameservers [string]             atomic
  2 searches    [string]             atomic
  3 options     [PodDNSConfigOption] atomic

PodDNSConfigOption
  1 name   string
  2 value? string

PodExecOptions: kind
  1 stdin     bool
  2 stdout    bool
  3 stderr    bool
  4 tty       bool
  5 container string
  6 command!  [string] atomic

PodExtendedResourceClaimStatus
  1 requestMappings!   [ContainerExtendedResourceRequest] atomic
  2 resourceClaimName! string

PodIP
  1 ip! string

PodList: list
  1 metadata meta.ListMeta
  2 items!   [Pod]

PodLogOptions: kind
   1 container                    string
   2 follow                       bool
   3 previous                     bool
   4 sinceSeconds?                int64
   5 sinceTime?                   Time
   6 timestamps                   bool
   7 tailLines?                   int64
   8 limitBytes?                  int64
   9 insecureSkipTLSVerifyBackend bool
  10 stream?                      string gate(PodLogsQuerySplitStreams)

PodOS
  1 name! OSName

PodPortForwardOptions: kind
  1 ports [int32] atomic

PodProxyOptions: kind
  1 path string

PodReadinessGate
  1 conditionType! PodConditionType

PodResourceClaim
  1 name!                      string
  3 resourceClaimName?         string
  4 resourceClaimTemplateName? string

PodResourceClaimStatus
  1 name!              string
  2 resourceClaimName? string

PodSchedulingGate
  1 name! string

PodSchedulingGroup: union
  1 podGroupName? string oneOf(GroupSelection)

PodSecurityContext
   1 seLinuxOptions?           SELinuxOptions
   2 runAsUser?                int64
   3 runAsNonRoot?             bool
   4 supplementalGroups        [int64]                       atomic
   5 fsGroup?                  int64
   6 runAsGroup?               int64
   7 sysctls                   [Sysctl]                      atomic
   8 windowsOptions?           WindowsSecurityContextOptions
   9 fsGroupChangePolicy?      PodFSGroupChangePolicy
  10 seccompProfile?           SeccompProfile
  11 appArmorProfile?          AppArmorProfile
  12 supplementalGroupsPolicy? SupplementalGroupsPolicy      gate(SupplementalGroupsPolicy)
  13 seLinuxChangePolicy?      PodSELinuxChangePolicy        gate(SELinuxChangePolicy)

PodSignature
  1 podController? meta.OwnerReference

PodSpec
   1 volumes                        [Volume]                   map(name) merge(name) retainKeys
   2 containers!                    [Container]                map(name) merge(name)
   3 restartPolicy                  RestartPolicy fill("Always")
   4 terminationGracePeriodSeconds? int64 fill(30)
   5 activeDeadlineSeconds?         int64
   6 dnsPolicy                      DNSPolicy fill("ClusterFirst")
   7 nodeSelector                   {string}                   atomic
   8 serviceAccountName             string
   9 serviceAccount                 string
  10 nodeName                       string
  11 hostNetwork                    bool
  12 hostPID                        bool
  13 hostIPC                        bool
  14 securityContext?               PodSecurityContext fill({})
  15 imagePullSecrets               [LocalObjectReference]     map(name) merge(name)
  16 hostname                       string
  17 subdomain                      string
  18 affinity?                      Affinity
  19 schedulerName                  string fill("default-scheduler")
  20 initContainers                 [Container]                map(name) merge(name)
  21 automountServiceAccountToken?  bool
  22 tolerations                    [Toleration]               atomic
  23 hostAliases                    [HostAlias]                map(ip) merge(ip)
  24 priorityClassName              string
  25 priority?                      int32
  26 dnsConfig?                     PodDNSConfig
  27 shareProcessNamespace?         bool
  28 readinessGates                 [PodReadinessGate]         atomic
  29 runtimeClassName?              string
  30 enableServiceLinks?            bool
  31 preemptionPolicy?              PreemptionPolicy
  32 overhead                       {Quantity}
  33 topologySpreadConstraints      [TopologySpreadConstraint] map(topologyKey,whenUnsatisfiable) merge(topologyKey)
  34 ephemeralContainers            [EphemeralContainer]       map(name) merge(name)
  35 setHostnameAsFQDN?             bool
  36 os?                            PodOS
  37 hostUsers?                     bool
  38 schedulingGates                [PodSchedulingGate]        map(name) merge(name)
  39 resourceClaims                 [PodResourceClaim]         map(name) merge(name) retainKeys gate(DynamicResourceAllocation)
  40 resources?                     ResourceRequirements       gate(PodLevelResources)
  41 hostnameOverride?              string                     gate(HostnameOverride)
  43 schedulingGroup?               PodSchedulingGroup         gate(GenericWorkload)

PodStatus
   1 phase                              PodPhase
   2 conditions                         [PodCondition]                 map(type) merge(type)
   3 message                            string
   4 reason                             string
   5 hostIP                             string
   6 podIP                              string
   7 startTime?                         Time
   8 containerStatuses                  [ContainerStatus]              atomic
   9 qosClass                           PodQOSClass
  10 initContainerStatuses              [ContainerStatus]              atomic
  11 nominatedNodeName                  string
  12 podIPs                             [PodIP]                        map(ip) merge(ip)
  13 ephemeralContainerStatuses         [ContainerStatus]              atomic
  14 resize                             PodResizeStatus                gate(InPlacePodVerticalScaling)
  15 resourceClaimStatuses              [PodResourceClaimStatus]       map(name) merge(name) retainKeys gate(DynamicResourceAllocation)
  16 hostIPs                            [HostIP]                       atomic merge(ip)
  17 observedGeneration                 int64
  18 extendedResourceClaimStatus?       PodExtendedResourceClaimStatus gate(DRAExtendedResource)
  19 allocatedResources                 {Quantity}                     gate(InPlacePodLevelResourcesVerticalScaling)
  20 resources?                         ResourceRequirements           gate(InPlacePodLevelResourcesVerticalScaling)
  21 nodeAllocatableResourceClaimStatuses [NodeAllocatableResourceClaimStatus] atomic gate(DRANodeAllocatableResources)

PodStatusResult: kind
  1 metadata meta.ObjectMeta
  2 status   PodStatus

PodTemplate: kind
  1 metadata meta.ObjectMeta
  2 template PodTemplateSpec

PodTemplateList: list
  1 metadata meta.ListMeta
  2 items!   [PodTemplate]

PodTemplateSpec
  1 metadata meta.ObjectMeta
  2 spec     PodSpec

PortStatus
  1 port!     int32
  2 protocol! Protocol
  3 error?    string

PortworxVolumeSource
  1 volumeID! string
  2 fsType    string
  3 readOnly  bool

Preconditions
  1 uid? string

PreferAvoidPodsEntry
  1 podSignature! PodSignature
  2 evictionTime  Time
  3 reason        string
  4 message       string

PreferredSchedulingTerm
  1 weight!     int32
  2 preference! NodeSelectorTerm

Probe
  1 ...ProbeHandler
  2 initialDelaySeconds            int32
  3 timeoutSeconds                 int32 fill(1)
  4 periodSeconds                  int32 fill(10)
  5 successThreshold               int32 fill(1)
  6 failureThreshold               int32 fill(3)
  7 terminationGracePeriodSeconds? int64

ProbeHandler
  1 exec?      ExecAction
  2 httpGet?   HTTPGetAction
  3 tcpSocket? TCPSocketAction
  4 grpc?      GRPCAction

ProjectedVolumeSource
  1 sources+     [VolumeProjection] atomic
  2 defaultMode? int32 fill(420)

QuobyteVolumeSource
  1 registry! string
  2 volume!   string
  3 readOnly  bool
  4 user      string
  5 group     string
  6 tenant    string

RBDPersistentVolumeSource
  1 monitors!  [string]        atomic
  2 image!     string
  3 fsType     string
  4 pool       string          default("rbd")
  5 user       string          default("admin")
  6 keyring    string          default("/etc/ceph/keyring")
  7 secretRef? SecretReference
  8 readOnly   bool

RBDVolumeSource
  1 monitors!  [string]             atomic
  2 image!     string
  3 fsType     string
  4 pool       string               default("rbd")
  5 user       string               default("admin")
  6 keyring    string               default("/etc/ceph/keyring")
  7 secretRef? LocalObjectReference
  8 readOnly   bool

RangeAllocation: kind
  1 metadata meta.ObjectMeta
  2 range!   string
  3 data!    bytes

ReplicationController: kind
  1 metadata meta.ObjectMeta
  2 spec     ReplicationControllerSpec
  3 status   ReplicationControllerStatus

ReplicationControllerCondition
  1 type!              ReplicationControllerConditionType
  2 status!            ConditionStatus
  3 lastTransitionTime Time
  4 reason             string
  5 message            string

ReplicationControllerList: list
  1 metadata meta.ListMeta
  2 items!   [ReplicationController]

ReplicationControllerSpec
  1 replicas?       int32           default(1)
  2 selector        {string}        atomic
  3 template?       PodTemplateSpec
  4 minReadySeconds int32           default(0)

ReplicationControllerStatus
  1 replicas!            int32
  2 fullyLabeledReplicas int32
  3 observedGeneration   int64
  4 readyReplicas        int32
  5 availableReplicas    int32
  6 conditions           [ReplicationControllerCondition] map(type) merge(type)

ResourceClaim
  1 name!   string
  2 request string

ResourceFieldSelector: atomic
  1 containerName string
  2 resource!     string
  3 divisor       Quantity

ResourceHealth
  1 resourceID! string
  2 health      ResourceHealthStatus
  6 message?    string               gate(ResourceHealthStatusMessage)

ResourceQuota: kind
  1 metadata meta.ObjectMeta
  2 spec     ResourceQuotaSpec
  3 status   ResourceQuotaStatus

ResourceQuotaList: list
  1 metadata meta.ListMeta
  2 items!   [ResourceQuota]

ResourceQuotaSpec
  1 hard           {Quantity}
  2 scopes         [ResourceQuotaScope] atomic
  3 scopeSelector? ScopeSelector

ResourceQuotaStatus
  1 hard {Quantity}
  2 used {Quantity}

ResourceRequirements
  1 limits   {Quantity}
  2 requests {Quantity}
  3 claims   [ResourceClaim] map(name) gate(DynamicResourceAllocation)

ResourceStatus
  1 name!     ResourceName
  2 resources [ResourceHealth] map(resourceID)

SELinuxOptions
  1 user  string
  2 role  string
  3 type  string
  4 level string

ScaleIOPersistentVolumeSource
   1 gateway!         string
   2 system!          string
   3 secretRef?!      SecretReference
   4 sslEnabled       bool
   5 protectionDomain string
   6 storagePool      string
   7 storageMode      string          default("ThinProvisioned")
   8 volumeName       string
   9 fsType           string          default("xfs")
  10 readOnly         bool

ScaleIOVolumeSource
   1 gateway!         string
   2 system!          string
   3 secretRef?!      LocalObjectReference
   4 sslEnabled       bool
   5 protectionDomain string
   6 storagePool      string
   7 storageMode      string               default("ThinProvisioned")
   8 volumeName       string
   9 fsType           string               default("xfs")
  10 readOnly         bool

ScopeSelector: atomic
  1 matchExpressions [ScopedResourceSelectorRequirement] atomic

ScopedResourceSelectorRequirement
  1 scopeName! ResourceQuotaScope
  2 operator!  ScopeSelectorOperator
  3 values     [string]              atomic

SeccompProfile: union
  1 type!             SeccompProfileType discriminator
  2 localhostProfile? string

Secret: kind
  1 metadata   meta.ObjectMeta
  2 data       {bytes}
  3 type       SecretType fill("Opaque")
  4 stringData {string}
  5 immutable? bool

SecretEnvSource
  1 ...LocalObjectReference
  2 optional?               bool

SecretKeySelector: atomic
  1 ...LocalObjectReference
  2 key!                    string
  3 optional?               bool

SecretList: list
  1 metadata meta.ListMeta
  2 items!   [Secret]

SecretProjection
  1 ...LocalObjectReference
  2 items                   [KeyToPath] atomic
  4 optional?               bool

SecretReference: atomic
  1 name      string
  2 namespace string

SecretVolumeSource
  1 secretName   string
  2 items        [KeyToPath] atomic
  3 defaultMode? int32 fill(420)
  4 optional?    bool

SecurityContext
   1 capabilities?             Capabilities
   2 privileged?               bool
   3 seLinuxOptions?           SELinuxOptions
   4 runAsUser?                int64
   5 runAsNonRoot?             bool
   6 readOnlyRootFilesystem?   bool
   7 allowPrivilegeEscalation? bool
   8 runAsGroup?               int64
   9 procMount?                ProcMountType
  10 windowsOptions?           WindowsSecurityContextOptions
  11 seccompProfile?           SeccompProfile
  12 appArmorProfile?          AppArmorProfile

SerializedReference: kind
  1 reference ObjectReference

Service: kind
  1 metadata meta.ObjectMeta
  2 spec     ServiceSpec
  3 status   ServiceStatus

ServiceAccount: kind
  1 metadata                      meta.ObjectMeta
  2 secrets                       [ObjectReference]      map(name) merge(name)
  3 imagePullSecrets              [LocalObjectReference] atomic
  4 automountServiceAccountToken? bool

ServiceAccountList: list
  1 metadata meta.ListMeta
  2 items!   [ServiceAccount]

ServiceAccountTokenProjection
  1 audience           string
  2 expirationSeconds? int64 fill(3600)
  3 path!              string

ServiceList: list
  1 metadata meta.ListMeta
  2 items!   [Service]

ServicePort
  1 name         string
  2 protocol     Protocol    default("TCP") fill("TCP")
  3 port!        int32
  4 targetPort   IntOrString
  5 nodePort     int32
  6 appProtocol? string

ServiceProxyOptions: kind
  1 path string

ServiceSpec
   1 ports                          [ServicePort]                map(port,protocol) merge(port)
   2 selector                       {string}                     atomic
   3 clusterIP                      string
   4 type                           ServiceType fill("ClusterIP")
   5 externalIPs                    [string]                     atomic
   7 sessionAffinity                ServiceAffinity fill("None")
   8 loadBalancerIP                 string
   9 loadBalancerSourceRanges       [string]                     atomic
  10 externalName                   string
  11 externalTrafficPolicy          ServiceExternalTrafficPolicy
  12 healthCheckNodePort            int32
  13 publishNotReadyAddresses       bool
  14 sessionAffinityConfig?         SessionAffinityConfig
  17 ipFamilyPolicy?                IPFamilyPolicy
  18 clusterIPs                     [string]                     atomic
  19 ipFamilies                     [IPFamily]                   atomic
  20 allocateLoadBalancerNodePorts? bool
  21 loadBalancerClass?             string
  22 internalTrafficPolicy?         ServiceInternalTrafficPolicy
  23 trafficDistribution?           string

ServiceStatus
  1 loadBalancer LoadBalancerStatus
  2 conditions   [meta.Condition]   map(type) merge(type)

SessionAffinityConfig
  1 clientIP? ClientIPConfig

SleepAction
  1 seconds! int64

StorageOSPersistentVolumeSource
  1 volumeName      string
  2 volumeNamespace string
  3 fsType          string
  4 readOnly        bool
  5 secretRef?      ObjectReference

StorageOSVolumeSource
  1 volumeName      string
  2 volumeNamespace string
  3 fsType          string
  4 readOnly        bool
  5 secretRef?      LocalObjectReference

Sysctl
  1 name!  string
  2 value! string

TCPSocketAction
  1 port! IntOrString
  2 host  string

Taint
  1 key!       string
  2 value      string
  3 effect!    TaintEffect
  4 timeAdded? Time

Toleration
  1 key                string
  2 operator           TolerationOperator
  3 value              string
  4 effect             TaintEffect
  5 tolerationSeconds? int64

TopologySelectorLabelRequirement
  1 key!    string
  2 values! [string] atomic

TopologySelectorTerm: atomic
  1 matchLabelExpressions [TopologySelectorLabelRequirement] atomic

TopologySpreadConstraint
  1 maxSkew!            int32
  2 topologyKey!        string
  3 whenUnsatisfiable!  UnsatisfiableConstraintAction
  4 labelSelector?      meta.LabelSelector
  5 minDomains?         int32
  6 nodeAffinityPolicy? NodeInclusionPolicy
  7 nodeTaintsPolicy?   NodeInclusionPolicy
  8 matchLabelKeys      [string]                      atomic

TypedLocalObjectReference: atomic
  1 apiGroup?+ string
  2 kind!      string
  3 name!      string

TypedObjectReference
  1 apiGroup?+ string
  2 kind!      string
  3 name!      string
  4 namespace? string gate(CrossNamespaceVolumeDataSource)

Volume
  1 name!           string
  2 ...VolumeSource

VolumeDevice
  1 name!       string
  2 devicePath! string

VolumeMount
  1 name!              string
  2 readOnly           bool
  3 mountPath!         string
  4 subPath            string
  5 mountPropagation?  MountPropagationMode
  6 subPathExpr        string
  7 recursiveReadOnly? RecursiveReadOnlyMode

VolumeMountStatus
  1 name!              string
  2 mountPath!         string
  3 readOnly           bool
  4 recursiveReadOnly? RecursiveReadOnlyMode
  5 volumeStatus?      VolumeStatus

VolumeNodeAffinity
  1 required? NodeSelector

VolumeProjection
  1 secret?              SecretProjection
  2 downwardAPI?         DownwardAPIProjection
  3 configMap?           ConfigMapProjection
  4 serviceAccountToken? ServiceAccountTokenProjection
  5 clusterTrustBundle?  ClusterTrustBundleProjection  gate(ClusterTrustBundleProjection)
  6 podCertificate?      PodCertificateProjection      gate(PodCertificateProjection)

VolumeResourceRequirements
  1 limits   {Quantity}
  2 requests {Quantity}

VolumeSource
   1 hostPath?              HostPathVolumeSource
   2 emptyDir?              EmptyDirVolumeSource
   3 gcePersistentDisk?     GCEPersistentDiskVolumeSource
   4 awsElasticBlockStore?  AWSElasticBlockStoreVolumeSource
   5 gitRepo?               GitRepoVolumeSource
   6 secret?                SecretVolumeSource
   7 nfs?                   NFSVolumeSource
   8 iscsi?                 ISCSIVolumeSource
   9 glusterfs?             GlusterfsVolumeSource
  10 persistentVolumeClaim? PersistentVolumeClaimVolumeSource
  11 rbd?                   RBDVolumeSource
  12 flexVolume?            FlexVolumeSource
  13 cinder?                CinderVolumeSource
  14 cephfs?                CephFSVolumeSource
  15 flocker?               FlockerVolumeSource
  16 downwardAPI?           DownwardAPIVolumeSource
  17 fc?                    FCVolumeSource
  18 azureFile?             AzureFileVolumeSource
  19 configMap?             ConfigMapVolumeSource
  20 vsphereVolume?         VsphereVirtualDiskVolumeSource
  21 quobyte?               QuobyteVolumeSource
  22 azureDisk?             AzureDiskVolumeSource
  23 photonPersistentDisk?  PhotonPersistentDiskVolumeSource
  24 portworxVolume?        PortworxVolumeSource
  25 scaleIO?               ScaleIOVolumeSource
  26 projected?             ProjectedVolumeSource
  27 storageos?             StorageOSVolumeSource
  28 csi?                   CSIVolumeSource
  29 ephemeral?             EphemeralVolumeSource
  30 image?                 ImageVolumeSource

VolumeStatus
  1 image? ImageVolumeStatus gate(ImageVolumeWithDigest)

VsphereVirtualDiskVolumeSource
  1 volumePath!       string
  2 fsType            string
  3 storagePolicyName string
  4 storagePolicyID   string

WeightedPodAffinityTerm
  1 weight!          int32
  2 podAffinityTerm! PodAffinityTerm

WindowsSecurityContextOptions
  1 gmsaCredentialSpecName? string
  2 gmsaCredentialSpec?     string
  3 runAsUserName?          string
  4 hostProcess?            bool
`;
