/** resource.k8s.io/v1beta1 writes a request for one kind of device flat, and puts what a device has into `basic`. */
import type { AnyObject } from '../../meta/object.js';

type Json = Record<string, unknown>;
interface Devices {
  requests?: Json[] | null;
}

const EXACT = ['deviceClassName', 'selectors', 'allocationMode', 'count', 'adminAccess', 'tolerations', 'capacity'];

const split = (from: Json, keys: readonly string[]): [inside: Json, outside: Json] => {
  const inside: Json = {};
  const outside: Json = {};
  for (const [key, value] of Object.entries(from)) (keys.includes(key) ? inside : outside)[key] = value;
  return [inside, outside];
};

const nested = (request: Json): Json => {
  const [exactly, rest] = split(request, EXACT);
  const isExact = Object.values(exactly).some((v) => v !== '' && v !== null && v !== undefined);
  return isExact ? { ...rest, exactly } : rest;
};
const flat = ({ exactly, ...rest }: Json): Json => ({ ...rest, deviceClassName: '', ...(exactly as Json | undefined) });

/** The object in another version, its claim's requests rewritten. `at`: where the devices stand below spec. */
export function withRequests(object: AnyObject, apiVersion: string, at: 'claim' | 'template', to: 'nested' | 'flat'): AnyObject {
  const next = structuredClone(object);
  next.apiVersion = apiVersion;
  const spec = (at === 'claim' ? next.spec : (next.spec as Json | undefined)?.spec) as { devices?: Devices } | undefined;
  const { devices } = spec ?? {};
  if (devices?.requests) devices.requests = devices.requests.map(to === 'nested' ? nested : flat);
  return next;
}

/** Slices: what a device has stands in the device itself from v1beta2 on. */
export function withDevices(object: AnyObject, apiVersion: string, to: 'basic' | 'plain'): AnyObject {
  const next = structuredClone(object);
  next.apiVersion = apiVersion;
  const spec = next.spec as { devices?: Json[] | null };
  spec.devices = spec.devices?.map((device) => {
    if (to === 'plain') {
      const { basic, ...rest } = device;
      return { ...rest, ...(basic as Json | undefined) };
    }
    const [outside, basic] = split(device, ['name']);
    return { ...outside, basic };
  });
  if (!spec.devices) delete spec.devices;
  return next;
}
