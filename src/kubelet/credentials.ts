/** Registry credentials of a pull: the pod's pull secrets, matched against the image's repository. Pure. */

import type { Secret } from '../api/types/core/v1.js';
import { parseJson } from '../meta/json.js';
import { matchGlob, trimEnd } from '../util/text.js';
import { decodeBase64 } from './env-vars.js';
import type { PullSource } from './pull-records.js';
import type { RegistryAuth } from './runtime.js';

interface Entry {
  readonly host: string;
  readonly path: string;
  readonly auth: RegistryAuth;
}

interface DockerConfigEntry {
  readonly username?: string;
  readonly password?: string;
  readonly auth?: string;
  readonly identitytoken?: string;
}

/** Docker's own index was written in several ways. */
const DOCKER_HUB = new Set(['index.docker.io', 'registry-1.docker.io', 'docker.io']);

function entry(server: string, e: DockerConfigEntry): Entry {
  const url = server.replace(/^https?:\/\//, '').replace(/\/$/, '');
  const slash = url.indexOf('/');
  const host = slash < 0 ? url : url.slice(0, slash);
  const path =
    slash < 0
      ? ''
      : url
          .slice(slash + 1)
          .replace(/^v[12]\/?$/, '')
          .replace(/^v[12]\//, '');
  let { username = '', password = '' } = e;
  if (e.auth) {
    const plain = decodeBase64(e.auth);
    const colon = plain.indexOf(':');
    if (colon < 0) throw new Error('unable to parse auth field, must be formatted as base64(username:password)');
    username = plain.slice(0, colon);
    password = trimEnd(plain.slice(colon + 1), '\0');
  }
  return {
    host: DOCKER_HUB.has(host) ? 'docker.io' : host,
    path,
    auth: { username, password, ...(e.identitytoken ? { identityToken: e.identitytoken } : {}) },
  };
}

/** Both kinds of pull secret. A secret that cannot be read names itself in the error. */
function entries(secret: Secret): Entry[] {
  const data = secret.data ?? {};
  try {
    if (secret.type === 'kubernetes.io/dockerconfigjson' && data['.dockerconfigjson']) {
      const { auths = {} } = parseJson(decodeBase64(data['.dockerconfigjson'])) as { auths?: Record<string, DockerConfigEntry> };
      return Object.entries(auths).map(([server, e]) => entry(server, e));
    }
    if (secret.type === 'kubernetes.io/dockercfg' && data['.dockercfg']) {
      return Object.entries(parseJson(decodeBase64(data['.dockercfg'])) as Record<string, DockerConfigEntry>).map(([server, e]) =>
        entry(server, e),
      );
    }
  } catch (e) {
    throw new Error(`pull secret ${secret.metadata.namespace}/${secret.metadata.name}: ${(e as Error).message}`);
  }
  return [];
}

/** `*.example.com` matches one label each; a port must be the same. */
function hostMatches(pattern: string, host: string): boolean {
  const [p = '', pPort] = pattern.split(':');
  const [h = '', hPort] = host.split(':');
  if (pPort !== hPort) return false;
  const parts = p.split('.');
  const labels = h.split('.');
  return parts.length === labels.length && parts.every((x, i) => matchGlob(x, labels[i]!));
}

/** A credential, and the secret that it is of. */
export interface PullCredential {
  readonly auth: RegistryAuth;
  readonly source: PullSource;
}

/** Every credential that may open the repository, the most specific path first. Empty: pull without. */
export function credentialsFor(repository: string, secrets: readonly Secret[], digest: (secret: string) => string): PullCredential[] {
  const slash = repository.indexOf('/');
  const host = repository.slice(0, slash);
  const path = repository.slice(slash + 1);
  return secrets
    .flatMap((secret) => entries(secret).map((e) => ({ ...e, secret })))
    .filter((e) => hostMatches(e.host, host) && (e.path === '' || path === e.path || path.startsWith(`${e.path}/`)))
    .sort((a, b) => b.path.length - a.path.length)
    .map(({ auth, secret: { metadata: m } }) => ({
      auth,
      source: { uid: m.uid ?? '', namespace: m.namespace ?? '', name: m.name ?? '', hash: digest(JSON.stringify(auth)) },
    }));
}
