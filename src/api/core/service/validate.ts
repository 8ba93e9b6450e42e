/** The rules of a Service: its ports, its addresses, and what each type may have. */

import { duplicate, forbidden, invalid, notSupported, required } from '../../../meta/field-error.js';
import { cidr, familyOf, ipAddress, readIp, specialIp } from '../../../meta/ip.js';
import { validateLabelName, validateLabels } from '../../../meta/metadata.js';
import { portNumber } from '../../../meta/names.js';
import { addAll } from '../../../util/add-all.js';
import { type Errors, invalidAll, label, oneOf, requiredOneOf, subdomain } from '../../check.js';
import type { ValidationContext } from '../../resource.js';
import type { LoadBalancerStatus, Service, ServicePort, ServiceSpec } from '../../types/core/v1.js';
import { portNumberOrName } from '../pod-spec/validate/probes.js';
import { isHeadless, needsHealthPort, reachedFromOutside } from './allocated-fields.js';

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
const AFFINITY_MAX_SECONDS = 86_400;
const SOURCE_RANGES = 'service.beta.kubernetes.io/load-balancer-source-ranges';

export function validateService(service: Service, context: ValidationContext): Errors {
  const { spec } = service;
  // Addresses are given out before the rest is looked at: a fault there is the only one that is told.
  const early = [...addresses(service), ...families(service, context.ipFamilies ?? ['IPv4'])];
  if (early.length) return early;
  const errors: Errors = [];
  if (!spec.ports?.length && !isHeadless(service) && spec.type !== 'ExternalName') errors.push(required('spec.ports'));
  addAll(errors, typeRules(service));
  const names = new Set<string>();
  for (const [i, p] of (spec.ports ?? []).entries()) addAll(errors, port(p, spec.ports!.length > 1, names, `spec.ports[${i}]`));
  addAll(
    errors,
    validateLabels(spec.selector, 'spec.selector'),
    requiredOneOf(spec.sessionAffinity, ['ClientIP', 'None'], 'spec.sessionAffinity'),
    affinity(spec),
  );
  for (const [i, ip] of (spec.externalIPs ?? []).entries()) {
    const wrong = ipAddress(ip);
    addAll(errors, invalidAll(`spec.externalIPs[${i}]`, ip, wrong.length ? wrong : specialIp(ip)));
  }
  addAll(errors, requiredOneOf(spec.type, TYPES, 'spec.type'), portConflicts(spec), loadBalancer(service), traffic(service));
  return errors;
}

function typeRules(service: Service): Errors {
  const { spec } = service;
  const errors: Errors = [];
  if ((spec.type === 'LoadBalancer' || spec.type === 'NodePort') && isHeadless(service))
    errors.push(invalid('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${spec.type} services`));
  if (spec.type !== 'ExternalName') return errors;
  const why = 'may not be set for ExternalName services';
  if (spec.clusterIPs?.length) errors.push(forbidden('spec.clusterIPs', why));
  if (spec.ipFamilies?.length) errors.push(forbidden('spec.ipFamilies', why));
  if (spec.ipFamilyPolicy !== undefined) errors.push(forbidden('spec.ipFamilyPolicy', why));
  const name = (spec.externalName ?? '').replace(/\.$/, '');
  return [...errors, ...(name ? subdomain(name, 'spec.externalName') : [required('spec.externalName')])];
}

function port(p: ServicePort, needsName: boolean, names: Set<string>, path: string): Errors {
  const errors: Errors = [];
  if (p.name) {
    addAll(errors, label(p.name, `${path}.name`));
    if (names.has(p.name)) errors.push(duplicate(`${path}.name`, p.name));
    names.add(p.name);
  } else if (needsName) errors.push(required(`${path}.name`));
  addAll(
    errors,
    invalidAll(`${path}.port`, p.port, portNumber(p.port)),
    requiredOneOf(p.protocol, PROTOCOLS, `${path}.protocol`),
    portNumberOrName(p.targetPort ?? 0, `${path}.targetPort`),
  );
  if (p.appProtocol !== undefined) addAll(errors, validateLabelName(p.appProtocol, `${path}.appProtocol`));
  return errors;
}

function affinity(spec: ServiceSpec): Errors {
  const path = 'spec.sessionAffinityConfig';
  const config = spec.sessionAffinityConfig;
  if (spec.sessionAffinity === 'None') return config ? [forbidden(path, 'must not be set when session affinity is None')] : [];
  if (spec.sessionAffinity !== 'ClientIP') return [];
  const why = 'when session affinity type is ClientIP';
  if (!config) return [required(path, why)];
  if (!config.clientIP) return [required(`${path}.clientIP`, why)];
  const seconds = config.clientIP.timeoutSeconds;
  const at = `${path}.clientIP.timeoutSeconds`;
  if (seconds === undefined) return [required(at, why)];
  return seconds <= 0 || seconds > AFFINITY_MAX_SECONDS
    ? [invalid(at, seconds, `must be greater than 0 and less than ${AFFINITY_MAX_SECONDS}`)]
    : [];
}

/** clusterIP, clusterIPs and ipFamilies must agree. */
function addresses(service: Service): Errors {
  const { spec } = service;
  if (spec.type === 'ExternalName') return [];
  const path = 'spec.clusterIPs';
  const ips = spec.clusterIPs ?? [];
  const errors: Errors = [];
  if (spec.clusterIP) {
    if (!ips.length) errors.push(required(path));
    else if (ips[0] !== spec.clusterIP) errors.push(invalid(path, ips, 'first value must match `clusterIP`'));
  } else if (ips.length) errors.push(invalid(path, ips, 'must be empty when `clusterIP` is not specified'));
  const seen = new Set<string>();
  for (const [i, f] of (spec.ipFamilies ?? []).entries()) {
    addAll(errors, oneOf(f, ['IPv4', 'IPv6'], `spec.ipFamilies[${i}]`));
    if (seen.has(f)) errors.push(duplicate(`spec.ipFamilies[${i}]`, f));
    seen.add(f);
  }
  if (spec.ipFamilyPolicy !== undefined)
    addAll(errors, oneOf(spec.ipFamilyPolicy, ['PreferDualStack', 'RequireDualStack', 'SingleStack'], 'spec.ipFamilyPolicy'));
  let wrong = false;
  for (const [i, ip] of ips.entries()) {
    const messages = i === 0 && ip === 'None' ? [] : ipAddress(ip);
    if (i === 0 && ip === 'None' && ips.length > 1) errors.push(invalid(path, ips, "'None' must be the first and only value"));
    addAll(errors, invalidAll(`${path}[${i}]`, ip, messages));
    wrong ||= messages.length > 0 || (ip === 'None' && ips.length > 1);
  }
  if (ips.length > 2) errors.push(invalid(path, ips, 'may only hold up to 2 values'));
  if (wrong) return errors;
  if (ips.length > 1 && new Set(ips.map(familyOf)).size < ips.length)
    errors.push(invalid(path, ips, 'may specify no more than one IP for each IP family'));
  for (const [i, ip] of ips.entries()) {
    const family = spec.ipFamilies?.[i];
    if (ip !== 'None' && (family === 'IPv4' || family === 'IPv6') && familyOf(ip) !== family)
      errors.push(invalid(`${path}[${i}]`, ip, `expected an ${family} value as indicated by \`ipFamilies[${i}]\``));
  }
  return errors;
}

/** What the cluster can give. A service without a selector chooses its own addresses. */
function families(service: Service, cluster: readonly string[]): Errors {
  const { spec } = service;
  if (spec.type === 'ExternalName') return [];
  const errors: Errors = [];
  const policy = 'spec.ipFamilyPolicy';
  if (spec.ipFamilyPolicy === 'SingleStack') {
    if (spec.clusterIPs?.length === 2)
      errors.push(
        invalid(policy, spec.ipFamilyPolicy, "must be 'RequireDualStack' or 'PreferDualStack' when multiple cluster IPs are specified"),
      );
    if (spec.ipFamilies?.length === 2)
      errors.push(
        invalid(policy, spec.ipFamilyPolicy, "must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified"),
      );
  }
  if (isHeadless(service) && !Object.keys(spec.selector ?? {}).length) return errors;
  if (spec.ipFamilyPolicy === 'RequireDualStack' && cluster.length < 2)
    errors.push(invalid(policy, spec.ipFamilyPolicy, 'this cluster is not configured for dual-stack services'));
  for (const [i, f] of (spec.ipFamilies ?? []).entries())
    if ((f === 'IPv4' || f === 'IPv6') && !cluster.includes(f))
      errors.push(invalid(`spec.ipFamilies[${i}]`, f, 'not configured on this cluster'));
  return errors;
}

function portConflicts(spec: ServiceSpec): Errors {
  const errors: Errors = [];
  const nodePorts = new Set<string>();
  const ports = new Set<string>();
  const list = [...(spec.ports ?? []).entries()];
  if (spec.type === 'ClusterIP')
    for (const [i, p] of list)
      if (p.nodePort) errors.push(forbidden(`spec.ports[${i}].nodePort`, "may not be used when `type` is 'ClusterIP'"));
  for (const [i, p] of list) {
    const key = `${p.protocol}/${p.nodePort}`;
    if (p.nodePort && nodePorts.has(key)) errors.push(duplicate(`spec.ports[${i}].nodePort`, p.nodePort));
    nodePorts.add(key);
  }
  for (const [i, p] of list) {
    const key = `${p.protocol}/${p.port}`;
    // The original shows its own form of a port.
    if (ports.has(key))
      errors.push(
        duplicate(`spec.ports[${i}]`, { Name: '', Protocol: p.protocol, AppProtocol: null, Port: p.port, TargetPort: 0, NodePort: 0 }),
      );
    ports.add(key);
  }
  return errors;
}

function loadBalancer({ metadata, spec }: Service): Errors {
  const errors: Errors = [];
  const only = "may only be used when `type` is 'LoadBalancer'";
  const isOne = spec.type === 'LoadBalancer';
  const annotation = metadata.annotations?.[SOURCE_RANGES];
  const at = 'spec.LoadBalancerSourceRanges';
  if (spec.loadBalancerSourceRanges?.length) {
    if (!isOne) errors.push(forbidden(at, only));
    for (const [i, r] of spec.loadBalancerSourceRanges.entries()) addAll(errors, invalidAll(`${at}[${i}]`, r.trim(), cidr(r.trim())));
  } else if (annotation !== undefined) {
    const place = `metadata.annotations[${SOURCE_RANGES}]`;
    if (!isOne) errors.push(forbidden(place, only));
    if (annotation.trim()) for (const r of annotation.split(',').map((x) => x.trim())) addAll(errors, invalidAll(place, r, cidr(r)));
  }
  if (spec.allocateLoadBalancerNodePorts !== undefined && !isOne) errors.push(forbidden('spec.allocateLoadBalancerNodePorts', only));
  if (isOne && spec.allocateLoadBalancerNodePorts === undefined) errors.push(required('allocateLoadBalancerNodePorts'));
  return [...errors, ...loadBalancerClass(spec)];
}

/** The original looks at it twice on updates. */
function loadBalancerClass({ type, loadBalancerClass: name }: ServiceSpec): Errors {
  if (name === undefined) return [];
  if (type === 'LoadBalancer') return validateLabelName(name, 'spec.loadBalancerClass');
  return [forbidden('spec.loadBalancerClass', "may only be used when `type` is 'LoadBalancer'")];
}

function traffic(service: Service): Errors {
  const { spec } = service;
  const errors: Errors = [];
  const words = ['Cluster', 'Local'];
  const outside = spec.externalTrafficPolicy ?? '';
  const at = 'spec.externalTrafficPolicy';
  if (reachedFromOutside(service)) addAll(errors, requiredOneOf(outside, words, at));
  else if (outside) errors.push(invalid(at, outside, 'may only be set for externally-accessible services'));
  const health = spec.healthCheckNodePort ?? 0;
  // A service that needs the port and names none is given one.
  if (health && !needsHealthPort(service))
    errors.push(
      invalid('spec.healthCheckNodePort', health, "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"),
    );
  else if (health) addAll(errors, invalidAll('spec.healthCheckNodePort', health, portNumber(health)));
  const inside = spec.internalTrafficPolicy;
  if (inside === undefined && spec.type !== 'ExternalName' && TYPES.includes(spec.type ?? ''))
    errors.push(required('spec.internalTrafficPolicy'));
  if (inside !== undefined) addAll(errors, oneOf(inside, words, 'spec.internalTrafficPolicy'));
  if (spec.trafficDistribution !== undefined)
    addAll(errors, oneOf(spec.trafficDistribution, ['PreferClose', 'PreferSameZone', 'PreferSameNode'], 'spec.trafficDistribution'));
  return errors;
}

/** What may not change once it is given out. */
export function validateServiceUpdate(service: Service, old: Service, context: ValidationContext): Errors {
  const { spec } = service;
  if (addresses(service).length) return validateService(service, context);
  const errors: Errors = loadBalancerClass(spec);
  const named = spec.type !== 'ExternalName' && old.spec.type !== 'ExternalName';
  if (named && !(isHeadless(old) && isHeadless(service))) addAll(errors, primaryStays(spec, old.spec));
  if (named && !isHeadless(old) && !isHeadless(service)) {
    const now = spec.ipFamilies ?? [];
    const was = old.spec.ipFamilies ?? [];
    if (now.length === was.length)
      for (const [i, f] of was.entries()) if (f !== now[i]) errors.push(invalid('spec.ipFamilies[0]', now, 'may not change once set'));
    if (now.length !== was.length && now.length && was.length && now[0] !== was[0])
      errors.push(invalid('spec.ipFamilies[0]', spec.clusterIPs ?? null, 'may not change once set'));
    if (was.length > now.length && now.length === 1 && spec.ipFamilyPolicy !== 'SingleStack')
      errors.push(
        invalid('spec.ipFamilyPolicy', spec.ipFamilyPolicy ?? null, "must be set to 'SingleStack' when releasing the secondary ipFamily"),
      );
  }
  if (spec.type === 'LoadBalancer' && old.spec.type === 'LoadBalancer' && spec.loadBalancerClass !== old.spec.loadBalancerClass)
    errors.push(invalid('spec.loadBalancerClass', spec.loadBalancerClass ?? null, 'may not change once set'));
  if (needsHealthPort(old) && needsHealthPort(service) && (spec.healthCheckNodePort ?? 0) !== (old.spec.healthCheckNodePort ?? 0))
    errors.push(forbidden('spec.healthCheckNodePort', 'field is immutable'));
  return [...errors, ...validateService(service, context)];
}

function primaryStays(spec: ServiceSpec, old: ServiceSpec): Errors {
  const now = spec.clusterIPs ?? [];
  const was = old.clusterIPs ?? [];
  const at = 'spec.clusterIPs';
  if (now.length === was.length)
    return was.flatMap((ip, i) => (ip === now[i] ? [] : [invalid(`${at}[${i}]`, now, 'may not change once set')]));
  const errors: Errors = [];
  if (was.length > now.length && !now.length) errors.push(invalid(`${at}[0]`, now, 'primary clusterIP can not be unset'));
  if (was.length && now.length && was[0] !== now[0]) errors.push(invalid(`${at}[0]`, now, 'may not change once set'));
  if (was.length > now.length && now.length === 1 && spec.ipFamilyPolicy !== 'SingleStack')
    errors.push(
      invalid('spec.ipFamilyPolicy', spec.ipFamilyPolicy ?? null, "must be set to 'SingleStack' when releasing the secondary clusterIP"),
    );
  return errors;
}

export function validateLoadBalancerStatus(status: LoadBalancerStatus, isOne: boolean, path: string): Errors {
  if (!isOne && status.ingress?.length) return [forbidden(`${path}.ingress`, "may only be used when `spec.type` is 'LoadBalancer'")];
  const errors: Errors = [];
  for (const [i, entry] of (status.ingress ?? []).entries()) {
    const at = `${path}.ingress[${i}]`;
    if (entry.ip) addAll(errors, invalidAll(`${at}.ip`, entry.ip, ipAddress(entry.ip)));
    if (entry.ipMode === undefined) {
      if (entry.ip) errors.push(required(`${at}.ipMode`, 'must be specified when `ip` is set'));
    } else if (!entry.ip) errors.push(forbidden(`${at}.ipMode`, 'may not be specified when `ip` is not set'));
    else if (!['Proxy', 'VIP'].includes(entry.ipMode)) errors.push(notSupported(`${at}.ipMode`, entry.ipMode, ['Proxy', 'VIP']));
    if (entry.hostname) {
      addAll(errors, subdomain(entry.hostname, `${at}.hostname`));
      if (readIp(entry.hostname)) errors.push(invalid(`${at}.hostname`, entry.hostname, 'must be a DNS name, not an IP address'));
    }
  }
  return errors;
}
