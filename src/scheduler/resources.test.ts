import { describe, expect, it } from 'vitest';
import { requestsOf } from './resources.js';
import { container } from './testing/fixtures.js';

describe('requestsOf', () => {
  const init = (v: string, sidecar = false) => container(v, sidecar ? { restartPolicy: 'Always' } : {});
  it.each<[string, object, number]>([
    ['containers together', { containers: [container('1'), container('200m')] }, 1200],
    ['the largest init container', { containers: [container('1')], initContainers: [init('3'), init('2')] }, 3000],
    ['a sidecar runs beside the containers', { containers: [container('1')], initContainers: [init('500m', true)] }, 1500],
    ['and beside init containers after it', { containers: [container('1')], initContainers: [init('500m', true), init('2')] }, 2500],
    ['not beside those before it', { containers: [container('1')], initContainers: [init('2'), init('500m', true)] }, 2000],
    ['overhead', { containers: [container('1')], overhead: { cpu: '250m' } }, 1250],
    ["the pod's own", { containers: [container('1')], resources: { requests: { cpu: '4' } } }, 4000],
  ])('%s', (_name, spec, want) => expect(requestsOf(spec as never).cpu).toBe(want));
});
