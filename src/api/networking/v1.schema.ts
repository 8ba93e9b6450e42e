/**
 * The shape of networking.k8s.io/v1. One line a field; `src/meta/schema/parse.ts` says how to read it.
 */
export const networkingV1 = `
package io.k8s.api.networking.v1
version networking.k8s.io/v1

enum PathType Exact | Prefix | ImplementationSpecific
enum PolicyType Ingress | Egress

HTTPIngressPath
  1 path       string
  2 backend!   IngressBackend
  3 pathType?! PathType

HTTPIngressRuleValue
  1 paths! [HTTPIngressPath] atomic

IPAddress: kind
  1 metadata meta.ObjectMeta
  2 spec*    IPAddressSpec

IPAddressList: list
  1 metadata meta.ListMeta
  2 items!   [IPAddress]

IPAddressSpec
  1 parentRef?* ParentReference

IPBlock
  1 cidr!  string
  2 except [string] atomic

Ingress: kind
  1 metadata meta.ObjectMeta
  2 spec     IngressSpec
  3 status   IngressStatus

IngressBackend
  3 resource? core.TypedLocalObjectReference
  4 service?  IngressServiceBackend

IngressClass: kind
  1 metadata meta.ObjectMeta
  2 spec     IngressClassSpec

IngressClassList: list
  1 metadata meta.ListMeta
  2 items!   [IngressClass]

IngressClassParametersReference
  1 apiGroup?  string
  2 kind!      string
  3 name!      string
  4 scope?+    string
  5 namespace? string

IngressClassSpec
  1 controller  string
  2 parameters? IngressClassParametersReference

IngressList: list
  1 metadata meta.ListMeta
  2 items!   [Ingress]

IngressLoadBalancerIngress
  1 ip       string
  2 hostname string
  4 ports    [IngressPortStatus] atomic

IngressLoadBalancerStatus
  1 ingress [IngressLoadBalancerIngress] atomic

IngressPortStatus
  1 port!     int32
  2 protocol! core.Protocol
  3 error?    string

IngressRule
  1 host                string
  2 ...IngressRuleValue

IngressRuleValue
  1 http? HTTPIngressRuleValue

IngressServiceBackend
  1 name! string
  2 port  ServiceBackendPort

IngressSpec
  1 defaultBackend?   IngressBackend
  2 tls               [IngressTLS]   atomic
  3 rules             [IngressRule]  atomic
  4 ingressClassName? string

IngressStatus
  1 loadBalancer IngressLoadBalancerStatus

IngressTLS
  1 hosts      [string] atomic
  2 secretName string

NetworkPolicy: kind
  1 metadata meta.ObjectMeta
  2 spec     NetworkPolicySpec

NetworkPolicyEgressRule
  1 ports [NetworkPolicyPort] atomic
  2 to    [NetworkPolicyPeer] atomic

NetworkPolicyIngressRule
  1 ports [NetworkPolicyPort] atomic
  2 from  [NetworkPolicyPeer] atomic

NetworkPolicyList: list
  1 metadata meta.ListMeta
  2 items!   [NetworkPolicy]

NetworkPolicyPeer
  1 podSelector?       meta.LabelSelector
  2 namespaceSelector? meta.LabelSelector
  3 ipBlock?           IPBlock

NetworkPolicyPort
  1 protocol? core.Protocol fill("TCP")
  2 port?     IntOrString
  3 endPort?  int32

NetworkPolicySpec
  1 podSelector+ meta.LabelSelector
  2 ingress      [NetworkPolicyIngressRule] atomic
  3 egress       [NetworkPolicyEgressRule]  atomic
  4 policyTypes  [PolicyType]               atomic

ParentReference
  1 group     string
  2 resource* string
  3 namespace string
  4 name*     string

ServiceBackendPort: atomic
  1 name   string
  2 number int32

ServiceCIDR: kind
  1 metadata meta.ObjectMeta
  2 spec     ServiceCIDRSpec
  3 status   ServiceCIDRStatus

ServiceCIDRList: list
  1 metadata meta.ListMeta
  2 items!   [ServiceCIDR]

ServiceCIDRSpec
  1 cidrs [string] atomic

ServiceCIDRStatus
  1 conditions [meta.Condition] map(type) merge(type)
`;
