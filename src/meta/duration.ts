/** Lengths of time as text: `1h30m`, `250ms`. Source: https://pkg.go.dev/time#ParseDuration */
const UNITS: ReadonlyMap<string, number> = new Map([
  ['ns', 1e-6],
  ['us', 1e-3],
  ['µs', 1e-3],
  ['μs', 1e-3],
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
]);
const isDigit = (c: number): boolean => c >= 48 && c <= 57;
const isUnit = (c: number): boolean => !isDigit(c) && c !== 46;

/** Milliseconds, or undefined when the text is no duration. One pass. */
export function parseDuration(text: string): number | undefined {
  const signed = text[0] === '-' || text[0] === '+';
  let at = signed ? 1 : 0;
  if (text.length === at) return undefined;
  if (text.length === at + 1 && text[at] === '0') return 0;
  let ms = 0;
  while (at < text.length) {
    const number = at;
    let digits = 0;
    let dots = 0;
    for (; at < text.length && !isUnit(text.charCodeAt(at)); at++) isDigit(text.charCodeAt(at)) ? digits++ : dots++;
    if (digits === 0 || dots > 1) return undefined;
    const unit = at;
    while (at < text.length && isUnit(text.charCodeAt(at))) at++;
    const factor = UNITS.get(text.slice(unit, at));
    if (factor === undefined) return undefined;
    ms += Number(text.slice(number, unit)) * factor;
  }
  return text[0] === '-' ? -ms : ms;
}
