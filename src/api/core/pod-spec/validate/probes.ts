/** Probes, hooks and the handlers both are made of. */

import { forbidden, invalid, notSupported, required } from '../../../../meta/field-error.js';
import { httpHeaderName, portName, portNumber } from '../../../../meta/names.js';
import { addAll } from '../../../../util/add-all.js';
import { atLeastZero, type Errors, invalidAll, requiredText } from '../../../check.js';
import type {
  Container,
  ExecAction,
  GRPCAction,
  HTTPGetAction,
  Lifecycle,
  PodOS,
  Probe,
  SleepAction,
  TCPSocketAction,
} from '../../../types/core/v1.js';

const REAL_TIME = Array.from({ length: 15 }, (_, i) => i + 1);
const LINUX_SIGNALS = [
  ...'ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX'.split(
    ' ',
  ),
  ...REAL_TIME.map((i) => `RTMIN+${i}`),
  ...REAL_TIME.slice(0, 14).map((i) => `RTMAX-${i}`),
]
  .map((s) => `SIG${s}`)
  .sort();
const WINDOWS_SIGNALS = ['SIGKILL', 'SIGTERM'];

interface Handler {
  readonly exec?: ExecAction;
  readonly httpGet?: HTTPGetAction;
  readonly tcpSocket?: TCPSocketAction;
  readonly grpc?: GRPCAction;
  readonly sleep?: SleepAction;
}

export const portNumberOrName = (port: number | string, path: string): Errors =>
  invalidAll(path, port, typeof port === 'number' ? portNumber(port) : portName(port));

function httpGet(h: HTTPGetAction, path: string): Errors {
  return [
    ...requiredText(h.path, `${path}.path`),
    ...portNumberOrName(h.port, `${path}.port`),
    ...(h.scheme === 'HTTP' || h.scheme === 'HTTPS' ? [] : [notSupported(`${path}.scheme`, h.scheme ?? '', ['HTTP', 'HTTPS'])]),
    ...(h.httpHeaders ?? []).flatMap(({ name }) => invalidAll(`${path}.httpHeaders`, name, httpHeaderName(name))),
  ];
}

function handler(h: Handler, gracePeriod: number | undefined, path: string): Errors {
  const errors: Errors = [];
  let found = false;
  const one = <T>(name: keyof Handler, action: T | undefined | null, check: (action: T, path: string) => Errors) => {
    if (!action) return;
    addAll(errors, found ? [forbidden(`${path}.${name}`, 'may not specify more than 1 handler type')] : check(action, `${path}.${name}`));
    found = true;
  };
  one('exec', h.exec, (e, at) => (e.command?.length ? [] : [required(`${at}.command`)]));
  one('httpGet', h.httpGet, httpGet);
  one('tcpSocket', h.tcpSocket, (t, at) => portNumberOrName(t.port, `${at}.port`));
  one('grpc', h.grpc, (g, at) => portNumberOrName(g.port, `${at}.port`));
  one('sleep', h.sleep, (s, at) =>
    gracePeriod !== undefined && (s.seconds < 0 || s.seconds > gracePeriod)
      ? [invalid(at, s.seconds, `must be non-negative and less than terminationGracePeriodSeconds (${gracePeriod})`)]
      : [],
  );
  if (!found) errors.push(required(path, 'must specify a handler type'));
  return errors;
}

const COUNTS = ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold'] as const;

function probe(p: Probe, gracePeriod: number | undefined, path: string): Errors {
  const errors = handler({ exec: p.exec, httpGet: p.httpGet, tcpSocket: p.tcpSocket, grpc: p.grpc }, gracePeriod, path);
  for (const f of COUNTS) addAll(errors, atLeastZero(p[f], `${path}.${f}`));
  const grace = p.terminationGracePeriodSeconds;
  if (grace !== undefined && grace !== null && grace <= 0)
    errors.push(invalid(`${path}.terminationGracePeriodSeconds`, grace, 'must be greater than 0'));
  return errors;
}

/** The three probes of a container. */
export function validateProbes(c: Container, gracePeriod: number | undefined, path: string): Errors {
  const errors: Errors = [];
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
    const p = c[name];
    if (!p) continue;
    const at = `${path}.${name}`;
    addAll(errors, probe(p, gracePeriod, at));
    if (name !== 'readinessProbe') {
      if (p.successThreshold !== 1) errors.push(invalid(`${at}.successThreshold`, p.successThreshold ?? 0, 'must be 1'));
    } else if (p.terminationGracePeriodSeconds !== undefined) {
      errors.push(invalid(`${at}.terminationGracePeriodSeconds`, p.terminationGracePeriodSeconds, 'must not be set for readinessProbes'));
    }
  }
  return errors;
}

export function validateLifecycle(l: Lifecycle | undefined, gracePeriod: number | undefined, os: PodOS | undefined, path: string): Errors {
  const errors: Errors = [];
  if (!l) return errors;
  if (l.postStart) addAll(errors, handler(l.postStart, gracePeriod, `${path}.postStart`));
  if (l.preStop) addAll(errors, handler(l.preStop, gracePeriod, `${path}.preStop`));
  if (l.stopSignal !== undefined) {
    const signals = os?.name === 'windows' ? WINDOWS_SIGNALS : LINUX_SIGNALS;
    if (!os) errors.push(forbidden(`${path}.stopSignal`, 'may not be set for containers with empty `spec.os.name`'));
    else if (!signals.includes(l.stopSignal)) errors.push(notSupported(`${path}.stopSignal`, l.stopSignal, signals));
  }
  return errors;
}
