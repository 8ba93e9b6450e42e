/** Documentation of the API's types and fields, for `kubectl explain`: a file that the build makes. */
import fs from 'node:fs';

let docs: Record<string, string> | undefined;

/** Beside the command, or above the folder of what it shares with the library. */
const PLACES = ['./api-docs.json', '../api-docs.json'];

export function loadDocs(): Readonly<Record<string, string>> {
  docs ??= read() ?? {};
  return docs;
}

function read(): Record<string, string> | undefined {
  for (const place of PLACES) {
    try {
      return JSON.parse(fs.readFileSync(new URL(place, import.meta.url), 'utf8')) as Record<string, string>;
    } catch {
      // Not there: the next place.
    }
  }
  return undefined;
}
