import { expect, it } from 'vitest';
import { pod } from '../../test/kubelet/simulated.js';
import { sandboxProblem } from './unsupported.js';

const NAME = 'kubernetes.io/ingress-bandwidth';

it.each([
  [undefined, undefined],
  ['1k', undefined],
  ['10M', undefined],
  ['1P', undefined],
  ['999', `annotation ${NAME}: resource is unreasonably small (< 1kbit)`],
  ['-1', `annotation ${NAME}: resource is unreasonably small (< 1kbit)`],
  ['2P', `annotation ${NAME}: resource is unreasonably large (> 1Pbit)`],
  ['1M"; x', `annotation ${NAME}: not a quantity: "1M\\"; x"`],
  ['', `annotation ${NAME}: not a quantity: ""`],
])('a bandwidth of %j never reaches the runtime unless it takes it: %s', (text, problem) => {
  const annotations = text === undefined ? {} : { [NAME]: text };
  expect(sandboxProblem(pod({ name: 'p', metadata: { annotations } }))).toBe(problem);
});
