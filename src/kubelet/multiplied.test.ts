/** A Pod of few bytes that names one large text many times: what comes of it is bounded, and hardly more is made than the bound. */
import { describe, expect, it } from 'vitest';
import { pod } from '../../test/kubelet/simulated.js';
import type { ConfigMap, Container, Pod, Volume } from '../api/types/core/v1.js';
import { environment } from './env-vars.js';
import { PAYLOAD_LIMIT, type PayloadObjects, payloadOf } from './volumes/payload.js';

const LARGE = 'x'.repeat(250_000);
const big = (n: number) => ({ metadata: { name: 'big' }, data: { k: 'y'.repeat(n) } }) as unknown as ConfigMap;
const annotated = (): Pod => pod({ name: 'p', metadata: { annotations: { a: LARGE } } });
const times = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));
const facts = { nodeName: 'n', hostIPs: [], podIPs: [], allocatable: {} } as never;

describe('an environment', () => {
  const env = (container: Partial<Container>) =>
    environment(
      annotated(),
      { name: 'c', ...container } as Container,
      {
        ...(facts as object),
        configMap: () => big(900_000),
        secret: () => {
          throw new Error('none');
        },
        services: [],
      } as never,
    );
  it.each<[string, Partial<Container>]>([
    [
      'of one annotation',
      {
        env: times(4000, (i) => ({ name: `E${i}`, valueFrom: { fieldRef: { fieldPath: "metadata.annotations['a']", apiVersion: 'v1' } } })),
      },
    ],
    ['of one key', { env: times(4000, (i) => ({ name: `E${i}`, valueFrom: { configMapKeyRef: { name: 'big', key: 'k' } } })) }],
    ['of one object with many prefixes', { envFrom: times(4000, (i) => ({ prefix: `P${i}`, configMapRef: { name: 'big' } })) }],
  ])('%s, many times, is refused', (_name, container) => {
    expect(() => env(container)).toThrow(/more than 4194304 characters/);
  });
  it('as large as one may be is given', () => {
    const given = env({ env: times(4, (i) => ({ name: `E${i}`, valueFrom: { configMapKeyRef: { name: 'big', key: 'k' } } })) });
    expect(given.map((e) => e.value.length)).toEqual([900_000, 900_000, 900_000, 900_000]);
  });
});

describe('a volume', () => {
  const objects: PayloadObjects = {
    configMap: () => big(1_000_000),
    secret: () => {
      throw new Error('none');
    },
    token: () => 't',
  };
  const payload = (v: Partial<Volume>, limit?: number) => payloadOf(annotated(), { name: 'v', ...v } as Volume, objects, facts, limit);
  const paths = (n: number) => times(n, (i) => ({ key: 'k', path: `f${i}` }));
  it.each<[string, Partial<Volume>]>([
    [
      'of one annotation',
      {
        downwardAPI: {
          items: times(40_000, (i) => ({ path: `f${i}`, fieldRef: { fieldPath: 'metadata.annotations', apiVersion: 'v1' } })),
        },
      },
    ],
    ['of one key', { configMap: { name: 'big', items: paths(40_000) } }],
    ['of one object from many sources', { projected: { sources: times(5000, () => ({ configMap: { name: 'big' } })) } }],
  ])('%s, many times, is refused', (_name, v) => {
    expect(() => payload(v)).toThrow("the files of the pod's volumes come to more than 64Mi");
  });
  it('has its bytes once, however many files show them', () => {
    const files = [...payload({ configMap: { name: 'big', items: paths(60) } }).values()];
    expect(files).toHaveLength(60);
    expect(new Set(files.map((f) => f.data)).size).toBe(1);
  });
  it("may have what the Pod's others leave", () => {
    expect(payload({ configMap: { name: 'big' } }, 1_000_000).size).toBe(1);
    expect(() => payload({ configMap: { name: 'big' } }, 999_999)).toThrow('64Mi');
    expect(PAYLOAD_LIMIT).toBe(64 * 2 ** 20);
  });
});
