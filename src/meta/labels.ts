/**
 * Label selectors: the text form of lists and watches, and the object form of specs, as one `Selector`.
 * Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
 */
import { table } from '../util/own.js';
import { badRequest } from './errors.js';
import { labelValue, qualifiedName } from './names.js';
import type { LabelSelector } from './types/v1.js';

export type Labels = Readonly<Record<string, string>>;
export type Operator = 'in' | 'notin' | '=' | '==' | '!=' | 'exists' | '!' | 'gt' | 'lt';

export interface Requirement {
  readonly key: string;
  readonly operator: Operator;
  /** Sorted. */
  readonly values: readonly string[];
}

export interface Selector {
  matches(labels?: Labels): boolean;
  /** Everything matches. */
  readonly empty: boolean;
  /** The text form. */
  toString(): string;
  readonly requirements: readonly Requirement[];
}

class Requirements implements Selector {
  constructor(readonly requirements: readonly Requirement[]) {}
  get empty(): boolean {
    return this.requirements.length === 0;
  }
  matches(labels: Labels = {}): boolean {
    for (const r of this.requirements) if (!matchesOne(r, labels)) return false;
    return true;
  }
  toString(): string {
    return this.requirements.map(requirementText).join(',');
  }
}

/** Matches every object. */
export const everything: Selector = new Requirements([]);
/** Matches no object: what an absent selector in a spec means. */
export const nothing: Selector = { matches: () => false, empty: false, requirements: [], toString: () => '' };

/** Whether a text is one of sorted ones. */
function among(sorted: readonly string[], text: string): boolean {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const mid = (low + high) >>> 1;
    if (sorted[mid]! < text) low = mid + 1;
    else high = mid;
  }
  return sorted[low] === text;
}

function matchesOne({ key, operator, values }: Requirement, labels: Labels): boolean {
  const has = Object.hasOwn(labels, key);
  switch (operator) {
    case 'in':
    case '=':
    case '==':
      return has && among(values, labels[key]!);
    case 'notin':
    case '!=':
      return !has || !among(values, labels[key]!);
    case 'exists':
      return has;
    case '!':
      return !has;
    case 'gt':
    case 'lt': {
      if (!has || !INTEGER.test(labels[key]!)) return false;
      const left = BigInt(labels[key]!);
      const right = BigInt(values[0]!);
      return operator === 'gt' ? left > right : left < right;
    }
  }
}

function requirementText({ key, operator, values }: Requirement): string {
  switch (operator) {
    case 'exists':
      return key;
    case '!':
      return `!${key}`;
    case 'in':
    case 'notin':
      return `${key} ${operator} (${values.join(',')})`;
    case 'gt':
      return `${key}>${values[0]}`;
    case 'lt':
      return `${key}<${values[0]}`;
    default:
      return `${key}${operator}${values[0]}`;
  }
}

/** Of one selector in a request: it is asked about every object. */
const TERM_LIMIT = 1000;

const INTEGER = /^[+-]?\d+$/;
const OPERATORS = 'in, notin, =, ==, !=, gt, lt';

type Token = { is: 'word' | 'in' | 'notin' | '!' | '=' | '==' | '!=' | '>' | '<' | '(' | ')' | ',' | 'end' | 'bad'; text: string };
const SPECIAL = '=!(),><';
const SYMBOLS = new Set(['=', '==', '!=', '!', '(', ')', ',', '>', '<']);

function tokens(source: string): Token[] {
  const out: Token[] = [];
  let i = 0;
  while (i < source.length) {
    const c = source[i]!;
    if (c === ' ' || c === '\t' || c === '\r' || c === '\n') {
      i++;
    } else if (SPECIAL.includes(c)) {
      const two = source.slice(i, i + 2);
      const symbol = SYMBOLS.has(two) ? two : c;
      out.push({ is: symbol as Token['is'], text: symbol });
      i += symbol.length;
    } else {
      let end = i;
      while (end < source.length && !SPECIAL.includes(source[end]!) && !' \t\r\n'.includes(source[end]!)) end++;
      const text = source.slice(i, end);
      out.push({ is: text === 'in' || text === 'notin' ? text : 'word', text });
      i = end;
    }
  }
  out.push({ is: 'end', text: '' });
  return out;
}

class SyntaxFault extends Error {}

/** A recursive-descent reader over the tokens. `in` and `notin` are words where a value may stand. */
class Reader {
  private at = 0;
  constructor(private readonly all: readonly Token[]) {}
  peek(): Token {
    const t = this.all[this.at]!;
    return t.is === 'in' || t.is === 'notin' ? { is: 'word', text: t.text } : t;
  }
  next(): Token {
    const t = this.peek();
    if (t.is !== 'end') this.at++;
    return t;
  }

  requirements(): Requirement[] {
    const out: Requirement[] = [];
    for (;;) {
      const t = this.peek();
      if (t.is === 'end') return out;
      if (t.is !== 'word' && t.is !== '!') throw new SyntaxFault(`found '${t.text}', expected: !, identifier, or 'end of string'`);
      try {
        out.push(this.requirement());
      } catch (e) {
        if (e instanceof SyntaxFault) throw new SyntaxFault(`unable to parse requirement: ${e.message}`);
        throw e;
      }
      if (out.length > TERM_LIMIT) throw new SyntaxFault(`more than ${TERM_LIMIT} requirements`);
      const after = this.next();
      if (after.is === 'end') return out;
      if (after.is !== ',') throw new SyntaxFault(`found '${after.text}', expected: ',' or 'end of string'`);
      const following = this.peek();
      if (following.is !== 'word' && following.is !== '!')
        throw new SyntaxFault(`found '${following.text}', expected: identifier after ','`);
    }
  }

  private requirement(): Requirement {
    let t = this.next();
    const absent = t.is === '!';
    if (absent) t = this.next();
    if (t.is !== 'word') throw new SyntaxFault(`found '${t.text}', expected: identifier`);
    const key = t.text;
    checkKey(key);
    if (absent) return { key, operator: '!', values: [] };
    const after = this.peek();
    if (after.is === 'end' || after.is === ',') return { key, operator: 'exists', values: [] };
    const operator = this.operator();
    const values = operator === 'in' || operator === 'notin' ? this.list() : [this.value()];
    return requirement(key, operator, values);
  }

  private operator(): Operator {
    const t = this.all[this.at]!;
    if (t.is !== 'end') this.at++;
    switch (t.is) {
      case 'in':
      case 'notin':
      case '=':
      case '==':
      case '!=':
        return t.is;
      case '>':
        return 'gt';
      case '<':
        return 'lt';
      default:
        throw new SyntaxFault(`found '${t.text}', expected: ${OPERATORS}`);
    }
  }

  private value(): string {
    const t = this.peek();
    if (t.is === 'end' || t.is === ',') return '';
    this.next();
    if (t.is !== 'word') throw new SyntaxFault(`found '${t.text}', expected: identifier`);
    return t.text;
  }

  /** `(a,,b)`: an empty place is the empty value. */
  private list(): string[] {
    const open = this.next();
    if (open.is !== '(') throw new SyntaxFault(`found '${open.text}' expected: '('`);
    const first = this.peek();
    if (first.is !== 'word' && first.is !== ',' && first.is !== ')')
      throw new SyntaxFault(`found '${first.text}', expected: ',', ')' or identifier`);
    const out: string[] = [];
    for (;;) {
      const t = this.peek();
      if (t.is === 'word') {
        out.push(this.next().text);
        const after = this.next();
        if (after.is === ')') return out;
        if (after.is !== ',') throw new SyntaxFault(`found '${after.text}', expected: ',' or ')'`);
        if (this.peek().is === ')') {
          this.next();
          return [...out, ''];
        }
      } else if (t.is === ',') {
        this.next();
        out.push('');
      } else if (t.is === ')') {
        this.next();
        return out.length ? out : [''];
      } else throw new SyntaxFault(`found '${t.text}', expected: ',', or identifier`);
    }
  }
}

function checkKey(key: string): void {
  const wrong = qualifiedName(key);
  if (wrong.length) throw new SyntaxFault(`<nil>: Invalid value: ${JSON.stringify(key)}: ${wrong.join('; ')}`);
}

function requirement(key: string, operator: Operator, values: string[]): Requirement {
  const wrong: string[] = [];
  if ((operator === 'gt' || operator === 'lt') && !INTEGER.test(values[0]!)) {
    wrong.push(`values[0]: Invalid value: ${JSON.stringify(values[0])}: for 'Gt', 'Lt' operators, the value must be an integer`);
  }
  for (const [i, value] of values.entries()) {
    const messages = labelValue(value);
    if (messages.length) wrong.push(`values[${i}][${key}]: Invalid value: ${JSON.stringify(value)}: ${messages.join('; ')}`);
  }
  if (wrong.length) throw new SyntaxFault(wrong.length === 1 ? wrong[0]! : `[${wrong.join(', ')}]`);
  return { key, operator, values: [...new Set(values)].sort() };
}

const byKey = (a: Requirement, b: Requirement): number => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);

/** `app=web,tier in (a,b),!old`. Throws BadRequest. */
export function parseSelector(text: string): Selector {
  try {
    const found = new Reader(tokens(text)).requirements();
    return found.length ? new Requirements(found.sort(byKey)) : everything;
  } catch (e) {
    if (e instanceof SyntaxFault) throw badRequest(e.message);
    throw e;
  }
}

const OBJECT_OPERATORS: Readonly<Record<string, Operator>> = table({ In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: '!' });

/** From a spec's selector; absent selects nothing, empty everything. Throws where an operator is unknown. */
export function selectorFromObject(selector: LabelSelector | undefined | null): Selector {
  if (!selector) return nothing;
  const out: Requirement[] = [];
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) out.push({ key, operator: '=', values: [value] });
  for (const { key, operator, values } of selector.matchExpressions ?? []) {
    const op = OBJECT_OPERATORS[operator];
    if (!op) throw badRequest(`${JSON.stringify(operator)} is not a valid label selector operator`);
    out.push({ key, operator: op, values: [...(values ?? [])].sort() });
  }
  return out.length ? new Requirements(out.sort(byKey)) : everything;
}

/** Services and ReplicationControllers select by a plain map; an empty one selects everything. */
export function selectorFromMap(labels: Labels | undefined): Selector {
  const out = Object.entries(labels ?? {}).map(([key, value]): Requirement => ({ key, operator: '=', values: [value] }));
  return out.length ? new Requirements(out.sort(byKey)) : everything;
}

/** The text form that scale subresources show; '' for none. */
export const selectorText = (selector: LabelSelector | undefined | null): string =>
  selector ? selectorFromObject(selector).toString() : '';
