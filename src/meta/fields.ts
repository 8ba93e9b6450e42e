/**
 * Field selectors: `metadata.name=a,status.phase!=Running`, with `\\` before a literal comma, equals sign or backslash.
 * Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/field-selectors/
 */
import { badRequest } from './errors.js';

export interface FieldRequirement {
  readonly field: string;
  readonly value: string;
  readonly equal: boolean;
}

/** Throws BadRequest. */
export function parseFieldSelector(text: string): FieldRequirement[] {
  const out: FieldRequirement[] = [];
  for (const part of split(text)) {
    if (part === '') continue;
    out.push(term(text, part));
  }
  return out;
}

/** Parts between commas that no backslash precedes. */
function split(text: string): string[] {
  const out: string[] = [];
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === ',') {
      out.push(text.slice(start, i));
      start = i + 1;
    }
  }
  out.push(text.slice(start));
  return out;
}

function term(selector: string, part: string): FieldRequirement {
  for (let i = 0; i < part.length; i++) {
    const rest = part.slice(i, i + 2);
    const operator = rest === '!=' || rest === '==' ? rest : rest[0] === '=' ? '=' : undefined;
    if (operator)
      return { field: part.slice(0, i), value: unescaped(selector, part, part.slice(i + operator.length)), equal: operator !== '!=' };
  }
  throw badRequest(`invalid selector: '${selector}'; can't understand '${part}'`);
}

function unescaped(selector: string, part: string, value: string): string {
  let out = '';
  for (let i = 0; i < value.length; i++) {
    const c = value[i]!;
    if (c === '\\') {
      const escaped = value[++i];
      if (escaped !== '\\' && escaped !== ',' && escaped !== '=')
        throw badRequest(`invalid field selector: invalid escape sequence: ${JSON.stringify(`\\${escaped ?? ''}`)}`);
      out += escaped;
    } else if (c === ',' || c === '=') throw badRequest(`invalid selector: '${selector}'; can't understand '${part}'`);
    else out += c;
  }
  return out;
}

/** `field` gives the value of a field of the object at hand. */
export const matchesFields = (requirements: readonly FieldRequirement[], field: (name: string) => string): boolean =>
  requirements.every((r) => (field(r.field) === r.value) === r.equal);

/** The text form, escaped. */
export const fieldSelectorText = (requirements: readonly FieldRequirement[]): string =>
  requirements.map((r) => `${r.field}${r.equal ? '=' : '!='}${r.value.replace(/[\\,=]/g, '\\$&')}`).join(',');
