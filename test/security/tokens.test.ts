/** Tokens are as long as who requests them wants, by their audiences: what is remembered of them is bounded in size. */
import { generateKeyPairSync } from 'node:crypto';
import { expect, it } from 'vitest';
import { ServiceAccountTokens } from '../../src/apiserver/authenticate/service-account.js';
import { silentLogger } from '../../src/util/logger.js';
import { seededRandom } from '../../src/util/random.js';
import { VirtualClock } from '../../src/util/virtual-clock.js';

const tokensOf = async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return ServiceAccountTokens.create({
    issuer: 'me',
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    publicKeys: [publicKey.export({ type: 'spki', format: 'pem' }) as string],
    env: { clock: new VirtualClock(), log: silentLogger, random: seededRandom(1) },
    lookup: () => 'u',
  });
};
const use = async (tokens: ServiceAccountTokens, audiences: number): Promise<number> => {
  const { token } = await tokens.issue({
    namespace: 'a',
    name: 'b',
    uid: 'u',
    audiences: ['me', ...Array<string>(audiences).fill('a')],
    expirationSeconds: 600,
  });
  for (let i = 0; i < 2; i++) expect((await tokens.authenticateToken(token, ['me']))?.user.name).toBe('system:serviceaccount:a:b');
  return token.length;
};

it('a token is remembered, once; a very long one is good, and not remembered', async () => {
  const tokens = await tokensOf();
  const short = await use(tokens, 0);
  expect(tokens.remembered).toBe(short);
  expect(await use(tokens, 100_000)).toBeGreaterThan(500_000);
  expect(tokens.remembered).toBe(short);
});

it('many tokens are not all remembered', { timeout: 60_000 }, async () => {
  const tokens = await tokensOf();
  let all = 0;
  while (all < 20 * 1024 * 1024) all += await use(tokens, 1300);
  expect(tokens.remembered).toBeLessThanOrEqual(16 * 1024 * 1024);
  expect(tokens.remembered).toBeGreaterThan(0);
});
