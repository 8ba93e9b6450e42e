/**
 * The forms of names and of small texts. Each check returns what is wrong, in the words clients of Kubernetes know; empty when it is right.
 * Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
 */
import { addAll } from '../util/add-all.js';
export type Messages = readonly string[];
/** Checks a text; the rule for names also gets whether it is a generateName. */
export type NameRule = (name: string, prefix: boolean) => Messages;

const OK: Messages = [];
const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const LABEL_1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const LABEL_UNDERSCORE = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const SUBDOMAIN_UNDERSCORE = `${LABEL_UNDERSCORE}(\\.${LABEL_UNDERSCORE})*`;
const WILDCARD = `\\*\\.${SUBDOMAIN}`;
const KEY = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const VALUE = `(${KEY})?`;
const whole = (source: string): RegExp => new RegExp(`^${source}$`);
const label = whole(LABEL);
const subdomain = whole(SUBDOMAIN);
const subdomainUnderscore = whole(SUBDOMAIN_UNDERSCORE);
const label1035 = whole(LABEL_1035);
const wildcard = whole(WILDCARD);
const key = whole(KEY);
const value = whole(VALUE);

const encoder = new TextEncoder();
/** Length in bytes, as Go counts. */
export const byteLength = (text: string): number => {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return encoder.encode(text).length;
  return text.length;
};

export const maxLength = (n: number): string => `must be no more than ${n} characters`;
const maxBytes = (n: number): string => `must be no more than ${n} bytes`;
export const between = (low: number, high: number): string => `must be between ${low} and ${high}, inclusive`;
export function regexMessage(text: string, source: string, ...examples: string[]): string {
  const regex = `regex used for validation is '${source}')`;
  return examples.length ? `${text} (e.g. ${examples.map((e) => `'${e}', `).join(' or ')}${regex}` : `${text} (${regex}`;
}

const LABEL_TEXT =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
const SUBDOMAIN_TEXT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
const SUBDOMAIN_UNDERSCORE_TEXT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character";
const LABEL_1035_TEXT =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
const WILDCARD_TEXT =
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
const KEY_TEXT = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const VALUE_TEXT =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

export const LABEL_MAX = 63;
export const SUBDOMAIN_MAX = 253;

export function dns1123Label(name: string): Messages {
  if (name.length <= LABEL_MAX && label.test(name)) return OK;
  const out: string[] = [];
  if (name.length > LABEL_MAX) out.push(maxLength(LABEL_MAX));
  if (!label.test(name)) out.push(subdomain.test(name) ? 'must not contain dots' : regexMessage(LABEL_TEXT, LABEL, 'my-name', '123-abc'));
  return out;
}

/** A form with a longest length and one message. */
const form =
  (pattern: RegExp, source: string, text: string, max: number, ...examples: string[]) =>
  (name: string): Messages => {
    const long = name.length > max;
    const wrong = !pattern.test(name);
    if (!long && !wrong) return OK;
    return [...(long ? [maxLength(max)] : []), ...(wrong ? [regexMessage(text, source, ...examples)] : [])];
  };

export const dns1123Subdomain = form(subdomain, SUBDOMAIN, SUBDOMAIN_TEXT, SUBDOMAIN_MAX, 'example.com');
export const dns1123SubdomainWithUnderscore = form(
  subdomainUnderscore,
  SUBDOMAIN_UNDERSCORE,
  SUBDOMAIN_UNDERSCORE_TEXT,
  SUBDOMAIN_MAX,
  'example.com',
);
export const wildcardSubdomain = form(wildcard, WILDCARD, WILDCARD_TEXT, SUBDOMAIN_MAX, '*.example.com');
export const dns1035Label = form(label1035, LABEL_1035, LABEL_1035_TEXT, LABEL_MAX, 'my-name', 'abc-123');

/** `example.com/MyName`, `app`: keys of labels and annotations, finalizers, resource names. */
export function qualifiedName(text: string): Messages {
  const slash = text.indexOf('/');
  const name = slash < 0 ? text : text.slice(slash + 1);
  if (name.includes('/'))
    return [
      `a valid label key ${regexMessage(KEY_TEXT, KEY, 'MyName', 'my.name', '123-abc')} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  const out: string[] = [];
  if (slash === 0) out.push('prefix part must be non-empty');
  // The prefix counts bytes where other subdomains count characters.
  else if (slash > 0)
    addAll(
      out,
      dns1123Subdomain(text.slice(0, slash)).map((m) => `prefix part ${m.replace(maxLength(SUBDOMAIN_MAX), maxBytes(SUBDOMAIN_MAX))}`),
    );
  if (name === '') out.push('name part must be non-empty');
  else if (name.length > LABEL_MAX) out.push(`name part ${maxBytes(LABEL_MAX)}`);
  if (!key.test(name)) out.push(`name part ${regexMessage(KEY_TEXT, KEY, 'MyName', 'my.name', '123-abc')}`);
  return out.length ? out : OK;
}

export function labelValue(text: string): Messages {
  const long = text.length > LABEL_MAX;
  const wrong = !value.test(text);
  if (!long && !wrong) return OK;
  return [...(long ? [maxBytes(LABEL_MAX)] : []), ...(wrong ? [regexMessage(VALUE_TEXT, VALUE, 'MyValue', 'my_value', '12345')] : [])];
}

const simple = (source: string, text: string, ...examples: string[]) => {
  const pattern = whole(source);
  return (name: string): Messages => (pattern.test(name) ? OK : [regexMessage(text, source, ...examples)]);
};

export const cIdentifier = simple(
  '[A-Za-z_][A-Za-z0-9_]*',
  "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'",
  'my_name',
  'MY_NAME',
  'MyName',
);
export const percent = simple('[0-9]+%', "a valid percent string must be a numeric string followed by an ending '%'", '1%', '93%');
export const httpHeaderName = simple(
  '[-A-Za-z0-9]+',
  "a valid HTTP header must consist of alphanumeric characters or '-'",
  'X-Header-Name',
);
export const conditionReason = simple(
  '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?',
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'",
  'my_name',
  'MY_NAME',
  'MyName',
  'ReasonA,ReasonB',
  'ReasonA:ReasonB',
);

function notUpwards(text: string): string[] {
  if (text === '.') return ["must not be '.'"];
  if (text === '..') return ["must not be '..'"];
  return text.startsWith('..') ? ["must not start with '..'"] : [];
}

const configKeyForm = form(
  /^[-._a-zA-Z0-9]+$/,
  '[-._a-zA-Z0-9]+',
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
  SUBDOMAIN_MAX,
  'key.name',
  'KEY_NAME',
  'key-name',
);
/** Keys of ConfigMaps and Secrets. */
export const configMapKey = (text: string): Messages => [...configKeyForm(text), ...notUpwards(text)];

/** Environment variables: any printable ASCII but `=`. */
export function envVarName(text: string): Messages {
  const out: string[] = [];
  if (text === '') out.push('environment variable name must be non-empty');
  if (!/^[\x20-\x3c\x3e-\x7e]*$/.test(text))
    out.push("a valid environment variable name must consist only of printable ASCII characters other than '='");
  return out;
}

export const inRange = (n: number, low: number, high: number): Messages => (n >= low && n <= high ? OK : [between(low, high)]);
export const portNumber = (n: number): Messages => inRange(n, 1, 65535);
const ID_MAX = 2_147_483_647;
export const userId = (n: number): Messages => inRange(n, 0, ID_MAX);
export const groupId = userId;

/** Names of container ports: an IANA service name. */
export function portName(text: string): Messages {
  const out: string[] = [];
  if (text.length > 15) out.push(maxLength(15));
  if (!/^[-a-z0-9]+$/.test(text)) out.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  if (!/[a-z]/.test(text)) out.push('must contain at least one letter (a-z)');
  if (text.includes('--')) out.push('must not contain consecutive hyphens');
  if (text.startsWith('-') || text.endsWith('-')) out.push('must not begin or end with a hyphen');
  return out;
}

/** What may stand as one segment of a URL path. */
export function pathSegment(name: string, prefix = false): Messages {
  if (!prefix && (name === '.' || name === '..')) return [`may not be '${name}'`];
  return ['/', '%'].filter((c) => name.includes(c)).map((c) => `may not contain '${c}'`);
}

/** A generateName may end in a dash: the generated suffix follows. */
const masked = (name: string): string => (name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name);
const named =
  (rule: (name: string) => Messages): NameRule =>
  (name, prefix) =>
    rule(prefix ? masked(name) : name);

export const subdomainName: NameRule = named(dns1123Subdomain);
export const labelName: NameRule = named(dns1123Label);
export const label1035Name: NameRule = named(dns1035Label);
export const pathSegmentName: NameRule = (name, prefix) => pathSegment(name, prefix);
