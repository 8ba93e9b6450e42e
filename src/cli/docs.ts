/** Documentation of the API's types and fields, for `kubectl explain`: a file that the build makes. */
import fs from 'node:fs';

let docs: Record<string, string> | undefined;

export function loadDocs(): Readonly<Record<string, string>> {
  if (docs) return docs;
  try {
    docs = JSON.parse(fs.readFileSync(new URL('./api-docs.json', import.meta.url), 'utf8')) as Record<string, string>;
  } catch {
    docs = {};
  }
  return docs;
}
