/** A bool as Go reads one: strconv.ParseBool. Undefined: it is none. Source: https://pkg.go.dev/strconv#ParseBool */
const WORDS: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'true', 'TRUE', 'True'].map((w) => [w, true] as const),
  ...['0', 'f', 'F', 'false', 'FALSE', 'False'].map((w) => [w, false] as const),
]);

export const goBool = (text: string): boolean | undefined => WORDS.get(text);
