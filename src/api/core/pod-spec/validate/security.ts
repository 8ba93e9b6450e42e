/** Security contexts of pods and containers. */

import { type FieldError, forbidden, invalid, notSupported, required, tooLong } from '../../../../meta/field-error.js';
import { byteLength, dns1123Subdomain, groupId, userId } from '../../../../meta/names.js';
import { addAll } from '../../../../util/add-all.js';
import { type Errors, invalidAll } from '../../../check.js';
import type {
  AppArmorProfile,
  PodSecurityContext,
  PodSpec,
  SeccompProfile,
  SecurityContext,
  WindowsSecurityContextOptions,
} from '../../../types/core/v1.js';
import { descending } from './paths.js';

const PROFILE_TYPES = ['Localhost', 'RuntimeDefault', 'Unconfined'];
const PATH_LIMIT = 4095;
const SYSCTL_LIMIT = 253;
const SYSCTL = '^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$';
const sysctl = new RegExp(SYSCTL);
const GMSA_LIMIT_KIB = 64;

function seccomp(p: SeccompProfile | undefined, path: string): Errors {
  if (!p) return [];
  const errors: Errors = [];
  if (!p.type) errors.push(required(`${path}.type`, 'type is required when seccompProfile is set'));
  else if (!PROFILE_TYPES.includes(p.type)) errors.push(notSupported(`${path}.type`, p.type, PROFILE_TYPES));
  const local = p.localhostProfile;
  if (p.type === 'Localhost')
    addAll(
      errors,
      local === undefined
        ? [required(`${path}.localhostProfile`, 'must be set when seccomp type is Localhost')]
        : descending(local, `${path}.localhostProfile`),
    );
  else if (local !== undefined) errors.push(invalid(`${path}.localhostProfile`, p, 'can only be set when seccomp type is Localhost'));
  return errors;
}

function appArmor(p: AppArmorProfile | undefined, path: string): Errors {
  if (!p) return [];
  const local = p.localhostProfile;
  const at = `${path}.localhostProfile`;
  if (!p.type) return [required(`${path}.type`, 'type is required when appArmorProfile is set')];
  if (!PROFILE_TYPES.includes(p.type)) return [notSupported(`${path}.type`, p.type, PROFILE_TYPES)];
  if (p.type !== 'Localhost') return local === undefined ? [] : [invalid(at, local, 'can only be set when AppArmor type is Localhost')];
  if (local === undefined) return [required(at, 'must be set when AppArmor type is Localhost')];
  const errors: Errors = [];
  if (local.trim() !== local) errors.push(invalid(at, local, 'must not be padded with whitespace'));
  else if (local === '') errors.push(required(at, 'must be set when AppArmor type is Localhost'));
  if (byteLength(local) > PATH_LIMIT) errors.push(tooLong(at, PATH_LIMIT));
  return errors;
}

function windows(o: WindowsSecurityContextOptions | undefined, path: string): Errors {
  if (!o) return [];
  const errors: Errors = [];
  const { gmsaCredentialSpecName: name, gmsaCredentialSpec: spec, runAsUserName: user } = o;
  if (name !== undefined) addAll(errors, invalidAll(`${path}.gmsaCredentialSpecName`, name, dns1123Subdomain(name)));
  if (spec === '') errors.push(invalid(`${path}.gmsaCredentialSpec`, spec, 'gmsaCredentialSpec cannot be an empty string'));
  else if (spec && byteLength(spec) > GMSA_LIMIT_KIB * 1024)
    errors.push(invalid(`${path}.gmsaCredentialSpec`, spec, `gmsaCredentialSpec size must be under ${GMSA_LIMIT_KIB} KiB`));
  if (user !== undefined) addAll(errors, windowsUser(user, `${path}.runAsUserName`));
  return errors;
}

const NETBIOS = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/;
const DNS_DOMAIN = /^[a-zA-Z0-9][-a-zA-Z0-9]*(\.[a-zA-Z0-9][-a-zA-Z0-9]*)*$/;

function windowsUser(name: string, path: string): Errors {
  if (name === '') return [invalid(path, name, 'runAsUserName cannot be an empty string')];
  if (/[\x00-\x1f\x7f-\x9f]/.test(name)) return [invalid(path, name, 'runAsUserName cannot contain control characters')];
  const parts = name.split('\\');
  if (parts.length > 2) return [invalid(path, name, 'runAsUserName cannot contain more than one backslash')];
  const [domain, user] = parts.length === 2 ? parts : [undefined, parts[0]];
  const errors: Errors = [];
  if (domain !== undefined && domain.length > 256)
    errors.push(invalid(path, name, "runAsUserName's Domain length must be under 256 characters"));
  if (domain !== undefined && !NETBIOS.test(domain) && !DNS_DOMAIN.test(domain))
    errors.push(invalid(path, name, "runAsUserName's Domain doesn't match the NetBios nor the DNS format"));
  if (user === '') errors.push(invalid(path, name, "runAsUserName's User cannot be empty"));
  else if (user!.length > 104) errors.push(invalid(path, name, "runAsUserName's User length must not be longer than 104 characters"));
  if (user && /^[. ]+$/.test(user)) errors.push(invalid(path, name, "runAsUserName's User cannot contain only periods or spaces"));
  if (user && /["/\\:;|=,+*?<>@[\]]/.test(user))
    errors.push(invalid(path, name, `runAsUserName's User cannot contain the following characters: "/\\:;|=,+*?<>@[]`));
  return errors;
}

const ids = (s: { runAsUser?: number; runAsGroup?: number; fsGroup?: number }, path: string): Errors => [
  ...(s.fsGroup === undefined ? [] : invalidAll(`${path}.fsGroup`, s.fsGroup, groupId(s.fsGroup))),
  ...(s.runAsUser === undefined ? [] : invalidAll(`${path}.runAsUser`, s.runAsUser, userId(s.runAsUser))),
  ...(s.runAsGroup === undefined ? [] : invalidAll(`${path}.runAsGroup`, s.runAsGroup, groupId(s.runAsGroup))),
];

export interface SecurityOptions {
  /** False: the cluster allows no privileged containers. */
  readonly allowPrivileged: boolean;
  /** The pod uses the host's users. */
  readonly hostUsers: boolean;
}

export function validateContainerSecurity(s: SecurityContext | undefined, options: SecurityOptions, path: string): Errors {
  if (!s) return [];
  const errors: Errors = [];
  if (s.privileged && !options.allowPrivileged) errors.push(forbidden(`${path}.privileged`, 'disallowed by cluster policy'));
  addAll(errors, ids(s, path));
  if (s.procMount !== undefined) {
    if (s.procMount !== 'Default' && s.procMount !== 'Unmasked')
      errors.push(notSupported(`${path}.procMount`, s.procMount, ['Default', 'Unmasked']));
    if (options.hostUsers && s.procMount === 'Unmasked')
      errors.push(invalid(`${path}.procMount`, s.procMount, '`hostUsers` must be false to use `Unmasked`'));
  }
  addAll(errors, seccomp(s.seccompProfile, `${path}.seccompProfile`));
  if (s.allowPrivilegeEscalation === false) {
    if (s.privileged) errors.push(invalid(path, s, 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true'));
    for (const c of s.capabilities?.add ?? [])
      if (c === 'CAP_SYS_ADMIN')
        errors.push(invalid(path, s, 'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN'));
  }
  return [...errors, ...windows(s.windowsOptions, `${path}.windowsOptions`), ...appArmor(s.appArmorProfile, `${path}.appArmorProfile`)];
}

export function validatePodSecurity(spec: PodSpec, path: string): Errors {
  const s = spec.securityContext;
  if (!s) return [];
  const at = `${path}.securityContext`;
  const errors = ids(s, at);
  for (const [i, g] of (s.supplementalGroups ?? []).entries()) addAll(errors, invalidAll(`${at}.supplementalGroups[${i}]`, g, groupId(g)));
  if (spec.shareProcessNamespace && spec.hostPID)
    errors.push(invalid(`${at}.shareProcessNamespace`, true, 'ShareProcessNamespace and HostPID cannot both be enabled'));
  addAll(errors, sysctls(s, spec, `${at}.sysctls`));
  const word = (value: string | undefined, words: readonly string[], field: string): FieldError[] =>
    value === undefined || words.includes(value) ? [] : [notSupported(`${at}.${field}`, value, words)];
  addAll(errors, word(s.fsGroupChangePolicy, ['Always', 'OnRootMismatch'], 'fsGroupChangePolicy'));
  addAll(
    errors,
    seccomp(s.seccompProfile, `${at}.seccompProfile`),
    windows(s.windowsOptions, `${at}.windowsOptions`),
    appArmor(s.appArmorProfile, `${at}.appArmorProfile`),
  );
  addAll(errors, word(s.supplementalGroupsPolicy, ['Merge', 'Strict'], 'supplementalGroupsPolicy'));
  // Other policies need the SELinuxMount feature, which is off in 1.36.
  return [...errors, ...word(s.seLinuxChangePolicy, ['Recursive'], 'seLinuxChangePolicy')];
}

const IPC = /^(kernel\.(shm|msg|sem)|fs\.mqueue\.)/;

function sysctls(s: PodSecurityContext, spec: PodSpec, path: string): Errors {
  const errors: Errors = [];
  const seen = new Set<string>();
  for (const [i, { name }] of (s.sysctls ?? []).entries()) {
    const at = `${path}[${i}].name`;
    if (!name) errors.push(required(at));
    else if (name.length > SYSCTL_LIMIT || !sysctl.test(name))
      errors.push(invalid(at, name, `must have at most ${SYSCTL_LIMIT} characters and match regex ${SYSCTL}`));
    else if (seen.has(name)) errors.push({ field: at, reason: 'FieldValueDuplicate', message: `Duplicate value: ${JSON.stringify(name)}` });
    const dotted = name.replaceAll('/', '.');
    if (spec.hostNetwork && dotted.startsWith('net.')) errors.push(invalid(at, name, "may not be specified when 'hostNetwork' is true"));
    else if (spec.hostIPC && IPC.test(dotted)) errors.push(invalid(at, name, "may not be specified when 'hostIPC' is true"));
    seen.add(name);
  }
  return errors;
}

const NOT_ON_WINDOWS_POD = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'fsGroup',
  'fsGroupChangePolicy',
  'sysctls',
  'runAsUser',
  'runAsGroup',
  'supplementalGroups',
  'supplementalGroupsPolicy',
  'seLinuxChangePolicy',
] as const;
const NOT_ON_WINDOWS = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'capabilities',
  'readOnlyRootFilesystem',
  'privileged',
  'allowPrivilegeEscalation',
  'procMount',
  'runAsUser',
  'runAsGroup',
] as const;

/** What the operating system that the pod names rules out. */
export function validateOs(
  spec: PodSpec,
  containers: readonly { container: { securityContext?: SecurityContext }; path: string }[],
  path: string,
): Errors {
  const os = spec.os?.name;
  if (spec.os === undefined) return [];
  if (!os) return [required(`${path}.os.name`, 'cannot be empty')];
  if (os !== 'linux' && os !== 'windows') return [notSupported(`${path}.os.name`, os, ['linux', 'windows'])];
  const errors: Errors = [];
  const set = (holder: object | undefined, field: string, at: string, why: string) => {
    const value = (holder as Record<string, unknown> | undefined)?.[field];
    if (value !== undefined && value !== null) errors.push(forbidden(`${at}.${field}`, why));
  };
  if (os === 'linux') {
    set(spec.securityContext, 'windowsOptions', `${path}.securityContext`, 'windows options cannot be set for a linux pod');
    for (const c of containers)
      set(c.container.securityContext, 'windowsOptions', `${c.path}.securityContext`, 'windows options cannot be set for a linux pod');
    return errors;
  }
  const why = 'cannot be set for a windows pod';
  for (const f of NOT_ON_WINDOWS_POD) set(spec.securityContext, f, `${path}.securityContext`, why);
  for (const f of ['hostUsers', 'shareProcessNamespace']) set(spec, f, path, why);
  for (const f of ['hostPID', 'hostIPC'] as const) if (spec[f]) errors.push(forbidden(`${path}.${f}`, why));
  for (const c of containers) for (const f of NOT_ON_WINDOWS) set(c.container.securityContext, f, `${c.path}.securityContext`, why);
  return errors;
}
