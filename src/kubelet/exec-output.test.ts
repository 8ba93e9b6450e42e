import { expect, it } from 'vitest';
import { commandText, MAX_OUTPUT, outputOf } from './exec-output.js';

const bytes = (text: string) => new TextEncoder().encode(text);

it.each<[string, string, string, string]>([
  ['both streams', 'out', 'err', 'outerr'],
  ['no more than is told', 'x'.repeat(MAX_OUTPUT + 5), 'err', 'x'.repeat(MAX_OUTPUT)],
  ['what is left is the error stream’s', 'x'.repeat(MAX_OUTPUT - 2), 'error', `${'x'.repeat(MAX_OUTPUT - 2)}er`],
])('the output of a command: %s', (_what, stdout, stderr, text) =>
  expect(outputOf({ stdout: bytes(stdout), stderr: bytes(stderr) })).toBe(text),
);

it('16 MB of output cost what is shown of them', () => {
  const large = new Uint8Array(16 * 1024 * 1024);
  expect(outputOf({ stdout: large, stderr: large })).toHaveLength(MAX_OUTPUT);
});

it.each([
  [['sh', '-c', 'exit 1'], 'sh -c exit 1'],
  [['a'.repeat(5000), 'b'], `${'a'.repeat(1024)}...`],
  [Array.from({ length: 100_000 }, () => 'w'), `${'w '.repeat(512)}...`],
])('a command line as it is shown', (words, text) => expect(commandText(words)).toBe(text));
