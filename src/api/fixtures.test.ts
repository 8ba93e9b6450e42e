import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { decode } from '../meta/decode.js';
import { schemas } from './schemas.js';

/** One full object of each kind, as the project's own tests of compatibility hold them. */
const directory = process.env.K8TS_FIXTURES ?? fileURLToPath(new URL('../../../shared/fixtures/', import.meta.url));
const present = fs.existsSync(directory);
const files = present ? fs.readdirSync(directory).filter((file) => file.endsWith('.json')) : [];

interface Fixture {
  readonly apiVersion: string;
  readonly kind: string;
}
const read = (file: string): Fixture => JSON.parse(fs.readFileSync(`${directory}/${file}`, 'utf8')) as Fixture;
const known = files.map((file) => [file, read(file)] as const).filter(([, { apiVersion, kind }]) => schemas.kind(apiVersion, kind));

describe.skipIf(!present)(`every fixture is read and written unchanged${present ? '' : ` (skipped: there is no ${directory})`}`, () => {
  it('finds fixtures', () => expect(known.length).toBeGreaterThan(80));
  it.each(known)('%s', (_file, object) => {
    const decoded = decode(schemas.kind(object.apiVersion, object.kind)!, object, 'Strict');
    expect(decoded.problems).toEqual([]);
    expect(decoded.object).toEqual(object);
  });
});
