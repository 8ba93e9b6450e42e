import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { schemas } from '../../api/schemas.js';
import { decodeEnvelope, encodeEnvelope } from './envelope.js';

const dir = new URL('../../../../shared/fixtures/', import.meta.url);
const there = fs.existsSync(dir);

describe.skipIf(!there)(`protobuf against the real objects of every kind${there ? '' : ' (left out: no ../shared/fixtures)'}`, () => {
  const names = there ? fs.readdirSync(dir).filter((f) => f.endsWith('.pb')) : [];
  const known = names.filter((f) => {
    const { apiVersion, kind } = JSON.parse(fs.readFileSync(new URL(f.replace('.pb', '.json'), dir), 'utf8')) as {
      apiVersion: string;
      kind: string;
    };
    return schemas.kind(apiVersion, kind) !== undefined;
  });

  it('knows most of them', () => expect(known.length).toBeGreaterThan(80));

  it.each(known)('%s reads as its JSON says and is written back byte for byte', (file) => {
    const bytes = new Uint8Array(fs.readFileSync(new URL(file, dir)));
    const json = JSON.parse(fs.readFileSync(new URL(file.replace('.pb', '.json'), dir), 'utf8')) as object;
    const decoded = decodeEnvelope(schemas, bytes);
    expect(decoded).toMatchObject(json);
    expect(Buffer.from(encodeEnvelope(schemas, json)!).toString('hex')).toBe(Buffer.from(bytes).toString('hex'));
  });
});

describe('bad protobuf', () => {
  it('refuses what has no magic bytes', () => expect(() => decodeEnvelope(schemas, new Uint8Array([1, 2, 3]))).toThrow(/prefix/));
  it('refuses a message that ends in the middle of a field', () => {
    const whole = encodeEnvelope(schemas, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data: { a: 'b' } })!;
    const raw = whole.indexOf('x'.charCodeAt(0));
    for (const cut of [6, 8, 12, raw, whole.length - 5]) expect(() => decodeEnvelope(schemas, whole.slice(0, cut)), String(cut)).toThrow();
  });
});
