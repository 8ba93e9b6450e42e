/** How the API server reaches a webhook. Source: https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#contacting-the-webhook */
import { invalid, required } from '../meta/field-error.js';
import { dns1123Subdomain, portNumber } from '../meta/names.js';
import type { Errors } from './check.js';

const FORM = '; desired format: https://host[/path]';
const URL_PARTS = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/(?:([^@/?#]*)@)?([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s;

export function validateWebhookUrl(url: string, path: string): Errors {
  const space = /[\s"<>]/.exec(url);
  const [, scheme = '', user, host = '', , query, fragment] = URL_PARTS.exec(url) ?? [];
  if (
    space &&
    url.slice(0, space.index).includes('://') &&
    !url
      .slice(0, space.index)
      .slice(url.indexOf('://') + 3)
      .includes('/')
  )
    return [
      required(
        path,
        `url must be a valid URL: parse ${JSON.stringify(url)}: invalid character ${JSON.stringify(space[0])} in host name${FORM}`,
      ),
    ];
  const errors: Errors = [];
  if (scheme.toLowerCase() !== 'https') errors.push(invalid(path, scheme.toLowerCase(), `'https' is the only allowed URL scheme${FORM}`));
  if (!host) errors.push(invalid(path, host, `host must be specified${FORM}`));
  if (user !== undefined) errors.push(invalid(path, user, 'user information is not permitted in the URL'));
  if (fragment) errors.push(invalid(path, fragment, 'fragments are not permitted in the URL'));
  if (query) errors.push(invalid(path, query, 'query parameters are not permitted in the URL'));
  return errors;
}

interface ServiceReference {
  readonly namespace?: string;
  readonly name?: string;
  readonly path?: string;
  readonly port?: number;
}

/** `swapped`: a missing name is told of the namespace, and the other way round, as the server has always done for some kinds. */
export function validateWebhookService({ namespace, name, path: url, port = 0 }: ServiceReference, path: string, swapped = false): Errors {
  const [first, second] = swapped ? [namespace, name] : [name, namespace];
  const errors: Errors = [];
  if (!first) errors.push(required(`${path}.name`));
  if (!second) errors.push(required(`${path}.namespace`));
  const wrongPort = portNumber(port);
  if (wrongPort.length) errors.push(invalid(`${path}.port`, port, `port is not valid: ${wrongPort.join(', ')}`));
  return url === undefined ? errors : [...errors, ...servicePath(url, `${path}.path`)];
}

function servicePath(url: string, path: string): Errors {
  if (url === '' || url === '/') return [];
  if (url === '//') return [invalid(path, url, 'segment[0] may not be empty')];
  const errors: Errors = url.startsWith('/') ? [] : [invalid(path, url, "must start with a '/'")];
  const steps = url.slice(1).replace(/\/$/, '').split('/');
  for (const [i, step] of steps.entries()) {
    if (!step) errors.push(invalid(path, url, `segment[${i}] may not be empty`));
    else for (const message of dns1123Subdomain(step)) errors.push(invalid(path, url, `segment[${i}]: ${message}`));
  }
  return errors;
}
