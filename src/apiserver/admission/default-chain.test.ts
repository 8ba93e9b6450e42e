import { describe, expect, it } from 'vitest';
import { AdmissionChain } from './chain.js';
import { BUILT, type ChainParts, defaultChain, NOT_BUILT } from './default-chain.js';

const parts = {} as ChainParts;
const names = (chain: AdmissionChain): string[] => (chain as unknown as { plugins: { name: string }[] }).plugins.map((p) => p.name);
const ALWAYS = names(defaultChain({ ...parts, disabled: BUILT }));

describe('the default chain', () => {
  it('has every plugin that is built, under its name', () => {
    const chain = defaultChain(parts);
    expect(chain).toBeInstanceOf(AdmissionChain);
    expect(names(chain)).toEqual([...BUILT, ...ALWAYS]);
    expect(BUILT.filter((name) => NOT_BUILT.includes(name))).toEqual([]);
  });

  it.each([...BUILT])('goes without %s where it is turned off', (name) => {
    expect(names(defaultChain({ ...parts, disabled: [name] }))).toEqual([...BUILT.filter((n) => n !== name), ...ALWAYS]);
  });

  it('refuses a plugin that does not exist', () => {
    expect(() => defaultChain({ ...parts, disabled: ['Nope'] })).toThrow('admission-control plugin "Nope" is unknown');
  });
});
