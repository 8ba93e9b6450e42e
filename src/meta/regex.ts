/** Regular expressions that users write (schemas, rules): RE2's syntax, as Kubernetes takes it, matched in time proportional to the text. */
import { RE2JS, RE2JSSyntaxException } from 're2js';

/** Longer ones are refused: what is compiled is many times as large. */
const LENGTH_LIMIT = 10_000;

/** Why the pattern is none, in RE2's words; undefined: it is one. */
export function regexProblem(pattern: string): string | undefined {
  if (pattern.length > LENGTH_LIMIT) return `error parsing regexp: expression too long: more than ${LENGTH_LIMIT} characters`;
  try {
    RE2JS.compile(pattern);
    return undefined;
  } catch (e) {
    if (e instanceof RE2JSSyntaxException) return e.message;
    throw e;
  }
}
