/** What each operation and each parameter is for, in a sentence: generators make documentation of it. Our own words. */
import { table } from '../../util/own.js';
import type { Operation, Parameter } from './operations.js';

const PARAMETERS: Readonly<Record<string, string>> = table({
  allowWatchBookmarks:
    'Ask for BOOKMARK events, which tell how far a watch has come while nothing changes. Servers without them ignore it.',
  body: 'The object of the request.',
  command: 'The program to run and its arguments, each given once more. No shell is put in between.',
  container: 'The container meant. May be left out where the pod has only one.',
  continue:
    'The token of the page before, as the list gave it, to go on behind it. It expires after a while: the list begins anew then (410).',
  dryRun: 'With the value All every check is made and the object answered as it would be, and nothing is stored.',
  fieldManager: 'Who or what makes the change, at most 128 printable characters: the owner of the fields in metadata.managedFields.',
  fieldSelector: 'Only objects whose fields have these values, such as metadata.name=one. Each kind names the fields it can be asked by.',
  fieldValidation: 'What happens to unknown and doubled fields: Ignore drops them, Warn (the default) warns, Strict refuses the request.',
  follow: 'Keep the answer open and send lines as they are written.',
  force: 'Take fields that others own, when applying; otherwise that is a conflict. Not for other patches.',
  gracePeriodSeconds: 'Seconds until the object is removed; 0 at once. Absent: as its kind says.',
  ignoreStoreReadErrorWithClusterBreakingPotential:
    'Remove an object that can no longer be read from the store. It ends without finalizers or checks.',
  insecureSkipTLSVerifyBackend: 'Do not check the certificate of the kubelet that serves the log.',
  labelSelector: 'Only objects whose labels match, such as app=web,tier!=cache. Absent: all.',
  limit: 'At most so many objects in one answer; where more are there, metadata.continue leads on.',
  limitBytes: 'End after so many bytes of the log.',
  name: 'The name of the object.',
  namespace: 'The namespace of the object.',
  orphanDependents: 'Deprecated, use propagationPolicy: whether dependents stay.',
  path: 'The rest of the path, as it is to be asked of the far end.',
  ports: 'The ports to forward.',
  pretty: 'Indent the JSON of the answer.',
  previous: 'The log of the container before its last restart.',
  propagationPolicy: 'What becomes of dependents: Orphan leaves them, Background removes them later, Foreground before the object itself.',
  resourceVersion: 'From which version to list or watch; what exactly, resourceVersionMatch says. Absent: the newest.',
  resourceVersionMatch: 'How resourceVersion is meant in a list: Exact or NotOlderThan.',
  sendInitialEvents: 'Begin a watch with an event for each object there is, and a bookmark behind them.',
  shardSelector: 'Only the part of the objects that this selector names.',
  sinceSeconds: 'Only lines of the last so many seconds.',
  stderr: 'Connect the error output of the container.',
  stdin: 'Connect the input of the container.',
  stdout: 'Connect the output of the container.',
  stream: 'Which of the streams of a log: All, Stdout or Stderr.',
  tailLines: 'Only so many lines from the end of the log.',
  timeoutSeconds: 'End the request after so many seconds, whatever has happened.',
  timestamps: 'Put a time before each line.',
  tty: 'Connect a terminal.',
  watch: 'Answer with a stream of changes in place of a list.',
});

/** Throws for a parameter that has no text yet. */
export function parameterText(p: Pick<Parameter, 'name'>): string {
  const text = PARAMETERS[p.name];
  if (!text) throw new Error(`the parameter ${p.name} of an operation has no description`);
  return text;
}

const ACTIONS: Readonly<Record<string, (kind: string) => string>> = table({
  get: (kind) => `read the ${kind} of this name`,
  list: (kind) => `list, or watch, objects of kind ${kind}`,
  post: (kind) => `create a ${kind}`,
  put: (kind) => `replace the ${kind} of this name`,
  patch: (kind) => `change parts of the ${kind} of this name`,
  delete: (kind) => `delete the ${kind} of this name`,
  deletecollection: (kind) => `delete all that match, of kind ${kind}`,
  watch: (kind) => `watch one object of kind ${kind}. Deprecated: use the parameter watch of a list with a fieldSelector`,
  watchlist: (kind) => `watch the objects of kind ${kind}. Deprecated: use the parameter watch of the list`,
});

export function operationText(o: Operation): string {
  const part = /\{name\}\/([a-z]+)/.exec(o.path)?.[1];
  const kind = o.gvk?.kind ?? '';
  if (o.action === 'connect') return `connect ${o.method.toUpperCase()} requests to ${part ?? 'the far end'} of ${kind}`;
  const action = o.action && ACTIONS[o.action];
  if (action) return part ? `${action(kind)}: its ${part}` : action(kind);
  if (o.path.startsWith('/version')) return 'the version of the server';
  if (o.path.startsWith('/.well-known') || o.path.startsWith('/openid'))
    return 'who issues service account tokens, and the keys to check them by';
  return o.path.split('/').filter(Boolean).length > 2 || o.path === '/api/v1/'
    ? 'the resources of this version'
    : 'the versions that are served';
}
