/** `$(NAME)` in commands, arguments, values and sub-paths; `$$(NAME)` stays as `$(NAME)`. Pure. */

/** What expansion may write for one container in all. The kernel starts no program with more than 2 MiB of arguments and environment. */
export const MAX_EXPANDED = 4 * 2 ** 20;

/** A value that names others twice doubles with each step: what is written is counted. */
export class Expansion {
  private left: number;

  constructor(private readonly limit = MAX_EXPANDED) {
    this.left = limit;
  }

  /** Counts a text that comes from elsewhere. Throws when this and all before it are more than the limit. */
  take(text: string, what: string): string {
    this.left -= text.length;
    if (this.left < 0) throw new Error(`${what}: more than ${this.limit} characters after expansion`);
    return text;
  }

  /** Throws when this and all before it are more than the limit; `what` says whose text it is. */
  expand(text: string, lookup: (name: string) => string | undefined, what: string): string {
    const out: string[] = [];
    const put = (part: string) => void out.push(this.take(part, what));
    const lastClose = text.lastIndexOf(')');
    let i = 0;
    while (i < text.length) {
      const dollar = text.indexOf('$', i);
      if (dollar < 0 || dollar + 1 === text.length) {
        put(text.slice(i));
        break;
      }
      if (dollar > i) put(text.slice(i, dollar));
      const next = text[dollar + 1];
      if (next === '$') put('$');
      else if (next !== '(') put(`$${next}`);
      else if (dollar > lastClose)
        put('$('); // not closed: as it stands
      else {
        const end = text.indexOf(')', dollar + 2);
        const name = text.slice(dollar + 2, end);
        put(lookup(name) ?? `$(${name})`);
        i = end + 1;
        continue;
      }
      i = dollar + 2;
    }
    return out.join('');
  }
}
