/**
 * YAML as Kubernetes' programs read and write it: of version 1.1 (`0644` is octal, `yes` and `off` are booleans), less its dates and times,
 * with `0o17` of version 1.2. Source: https://pkg.go.dev/sigs.k8s.io/yaml
 */
import { parse, parseAllDocuments, type ScalarTag, stringify, type Tags } from 'yaml';

const OCTAL: ScalarTag = {
  tag: 'tag:yaml.org,2002:int',
  identify: () => false,
  default: true,
  test: /^[-+]?0o[0-7_]+$/,
  resolve: (text) => (text.startsWith('-') ? -1 : 1) * Number.parseInt(text.replace(/^[-+]?0o|_/g, ''), 8),
};
const isTime = (tag: Tags[number]): boolean =>
  typeof tag === 'object' && (tag.tag === 'tag:yaml.org,2002:timestamp' || ('format' in tag && tag.format === 'TIME'));
const READ = { version: '1.1' as const, customTags: (tags: Tags): Tags => [OCTAL, ...tags.filter((tag) => !isTime(tag))] };
const WRITE = { version: '1.1' as const, customTags: (tags: Tags): Tags => [OCTAL, ...tags], aliasDuplicateObjects: false };

/** Throws where the text is no YAML. */
export const parseYaml = (text: string): unknown => parse(text, READ);

/** Every document of a stream. Throws where one is no YAML. */
export function parseYamlDocuments(text: string): unknown[] {
  const documents = parseAllDocuments(text, READ);
  if (!Array.isArray(documents)) return [];
  return documents.map((document) => {
    const [error] = document.errors;
    if (error) throw error;
    return document.toJS() as unknown;
  });
}

/** Strings that any reader of version 1.1 would take for something else are quoted. */
export const stringifyYaml = (value: unknown): string => stringify(value, WRITE);
