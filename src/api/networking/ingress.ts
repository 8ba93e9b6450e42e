/** Ingresses: which requests from outside go to which Service. Source: https://kubernetes.io/docs/concepts/services-networking/ingress/ */

import { invalid, required } from '../../meta/field-error.js';
import { readIp, strictIp } from '../../meta/ip.js';
import { dns1035Label, dns1123Subdomain, type Messages, portName, portNumber, wildcardSubdomain } from '../../meta/names.js';
import { addAll } from '../../util/add-all.js';
import { type Errors, invalidAll, oneOf, subdomain } from '../check.js';
import { ageColumn, column, nameColumn } from '../columns.js';
import { defineResource } from '../define.js';
import type { HTTPIngressPath, Ingress, IngressBackend, IngressRule, IngressSpec, IngressTLS } from '../types/networking/v1.js';
import { typedReference } from './reference.js';

const CLASS_ANNOTATION = 'kubernetes.io/ingress.class';
const HOSTS_SHOWN = 3;

export const ingress = defineResource<Ingress>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'Ingress',
  plural: 'ingresses',
  shortNames: ['ing'],
  keyPrefix: '/registry/ingress',
  storageVersionHash: '39NQlfNR+bo=',
  subresources: { status: true },
  hasGeneration: true,
  metadataLooks: 2,
  validate({ metadata, spec }) {
    const named = metadata.annotations?.[CLASS_ANNOTATION];
    const differs = named !== undefined && spec.ingressClassName !== undefined && named !== spec.ingressClassName;
    return [
      ...validateSpec(spec),
      ...(differs ? [invalid(`annotations.${CLASS_ANNOTATION}`, named, 'must match `ingressClassName` when both are specified')] : []),
    ];
  },
  validateUpdate: ({ spec }, old) => validateSpec(spec, old.spec),
  validateStatusUpdate: ({ status }, old) => loadBalancer(status, old.status),
  warnings: ({ metadata, spec }, old) =>
    !old && metadata.annotations?.[CLASS_ANNOTATION] !== undefined && spec.ingressClassName === undefined
      ? [`annotation "${CLASS_ANNOTATION}" is deprecated, please use 'spec.ingressClassName' instead`]
      : [],
  columns: [
    nameColumn,
    column('Class', ({ spec }) => spec.ingressClassName ?? '<none>'),
    column('Hosts', ({ spec }) => hostsCell(spec.rules ?? [])),
    column('Address', ({ status }) =>
      [...new Set((status.loadBalancer?.ingress ?? []).map((i) => i.ip || i.hostname || '').filter(Boolean))].sort().join(','),
    ),
    column('Ports', ({ spec }) => (spec.tls?.length ? '80, 443' : '80')),
    ageColumn,
  ],
});

function hostsCell(rules: readonly IngressRule[]): string {
  const hosts = rules.map((r) => r.host ?? '').filter(Boolean);
  if (!hosts.length) return '*';
  const shown = hosts.slice(0, HOSTS_SHOWN);
  const more = rules.lastIndexOf(rules.at(-1)!) > rules.findIndex((r) => r.host === shown.at(-1)) && shown.length === HOSTS_SHOWN;
  return shown.join(',') + (more ? ` + ${rules.length - HOSTS_SHOWN} more...` : '');
}

const secretNames = (spec: IngressSpec): Messages => (spec.tls ?? []).flatMap((t) => secretName(t.secretName));
const secretName = (name: string | undefined): Messages => (name ? dns1123Subdomain(name) : []);
const isWildcard = (host: string | undefined): boolean => host?.includes('*') ?? false;
const hostName = (host: string): Messages => (isWildcard(host) ? wildcardSubdomain(host) : dns1123Subdomain(host));

/** What was wrong before may stay wrong: names of secrets, and the rules of hosts with a wildcard. */
function validateSpec(spec: IngressSpec, old?: IngressSpec): Errors {
  const rules = spec.rules ?? [];
  const badSecrets = old !== undefined && secretNames(old).length > 0;
  const badWildcards = (old?.rules ?? []).some((r) => isWildcard(r.host) && paths(r, '').length > 0);
  const nothing = !rules.length && !spec.defaultBackend;
  return [
    ...(nothing ? [invalid('spec', spec.rules ?? null, 'either `defaultBackend` or `rules` must be specified')] : []),
    ...(spec.defaultBackend ? backend(spec.defaultBackend, 'spec.defaultBackend') : []),
    ...rules.flatMap((rule, i) => [
      ...host(rule.host, `spec.rules[${i}].host`),
      ...(isWildcard(rule.host) && badWildcards ? [] : paths(rule, `spec.rules[${i}].http`)),
    ]),
    ...(spec.tls ?? []).flatMap((t, i) => tls(t, badSecrets, `spec.tls[${i}]`)),
    ...(spec.ingressClassName === undefined ? [] : subdomain(spec.ingressClassName, 'spec.ingressClassName')),
  ];
}

const tls = ({ hosts, secretName: name }: IngressTLS, anySecret: boolean, path: string): Errors => [
  ...(hosts ?? []).flatMap((h, i) => invalidAll(`${path}.hosts[${i}]`, h, hostName(h))),
  ...(anySecret ? [] : invalidAll(`${path}.secretName`, name, secretName(name))),
];

function host(name: string | undefined, path: string): Errors {
  if (!name) return [];
  const isIp = readIp(name) ? [invalid(path, name, 'must be a DNS name, not an IP address')] : [];
  return [...isIp, ...invalidAll(path, name, hostName(name))];
}

function paths({ http }: IngressRule, path: string): Errors {
  if (!http) return [];
  const list = http.paths ?? [];
  return [...(list.length ? [] : [required(`${path}.paths`)]), ...list.flatMap((p, i) => httpPath(p, `${path}.paths[${i}]`))];
}

const NOT_WITHIN = ['//', '/./', '/../', '%2f', '%2F'];
const NOT_AT_END = ['/..', '/.'];

function httpPath(p: HTTPIngressPath, path: string): Errors {
  const text = p.path ?? '';
  const wrong = (why: string) => invalid(`${path}.path`, text, why);
  const relative = text.startsWith('/') ? [] : [wrong('must be an absolute path')];
  const errors: Errors = [];
  switch (p.pathType as string | undefined | null) {
    case undefined:
    case null:
      return [required(`${path}.pathType`, 'pathType must be specified')];
    case 'Exact':
    case 'Prefix':
      addAll(
        errors,
        relative,
        NOT_WITHIN.filter((part) => text.includes(part)).map((part) => wrong(`must not contain '${part}'`)),
        NOT_AT_END.filter((part) => text.endsWith(part)).map((part) => wrong(`cannot end with '${part}'`)),
      );
      break;
    case 'ImplementationSpecific':
      if (text) addAll(errors, relative);
      break;
    default:
      addAll(errors, oneOf(p.pathType, ['Exact', 'ImplementationSpecific', 'Prefix'], `${path}.pathType`));
  }
  return [...errors, ...backend(p.backend, `${path}.backend`)];
}

function backend({ resource, service }: IngressBackend, path: string): Errors {
  if (resource && service) return [invalid(path, '', 'cannot set both resource and service backends')];
  if (resource) return typedReference(resource, `${path}.resource`);
  if (!service) return [invalid(path, '', 'resource or service backend is required')];
  const at = `${path}.service`;
  const { name = '', number = 0 } = service.port ?? {};
  const errors: Errors = service.name ? invalidAll(`${at}.name`, service.name, dns1035Label(service.name)) : [required(`${at}.name`)];
  if (name && number) errors.push(invalid(path, '', 'cannot set both port name & port number'));
  else if (name) addAll(errors, invalidAll(`${at}.port.name`, name, portName(name)));
  else if (number) addAll(errors, invalidAll(`${at}.port.number`, number, portNumber(number)));
  else errors.push(required(path, 'port name or number is required'));
  return errors;
}

function loadBalancer(status: Ingress['status'], old: Ingress['status']): Errors {
  const known = new Set((old.loadBalancer?.ingress ?? []).map((i) => i.ip));
  return (status.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }, i) => {
    const path = `status.loadBalancer.ingress[${i}]`;
    return [
      ...(!ip || known.has(ip) ? [] : invalidAll(`${path}.ip`, ip, strictIp(ip))),
      ...(hostname ? subdomain(hostname, `${path}.hostname`) : []),
      ...(hostname && readIp(hostname) ? [invalid(`${path}.hostname`, hostname, 'must be a DNS name, not an IP address')] : []),
    ];
  });
}
