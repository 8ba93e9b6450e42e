/** Simple tokens: random words that stand for a user until they are not used for a while. They do not outlive the process. */
import type { Clock } from '../../util/clock.js';
import type { Random } from '../../util/random.js';

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const LENGTH = 16;
/** Gone tokens are swept at most this often. */
const SWEEP_MS = 1000;

interface Entry {
  readonly user: string;
  expires: number;
}

export class Tokens {
  private readonly tokens = new Map<string, Entry>();
  private swept = 0;
  private count = 0;

  constructor(
    private readonly clock: Clock,
    private readonly random: Random,
    /** Milliseconds that a token lives after it was made or last used. */
    private readonly ttlMs: number,
  ) {}

  make(user: string): string {
    this.sweep();
    const token = `${this.word()}.${++this.count}`;
    this.tokens.set(token, { user, expires: this.clock.now() + this.ttlMs });
    return token;
  }

  /** The user that a token stands for, whose life begins anew. */
  use(token: string): string | undefined {
    const entry = this.tokens.get(token);
    if (entry === undefined) return undefined;
    const now = this.clock.now();
    if (now > entry.expires) {
      this.tokens.delete(token);
      return undefined;
    }
    entry.expires = now + this.ttlMs;
    return entry.user;
  }

  /** The user's password changed, or the user is gone. */
  forget(user: string): void {
    for (const [token, entry] of this.tokens) if (entry.user === user) this.tokens.delete(token);
  }

  clear(): void {
    this.tokens.clear();
  }

  private sweep(): void {
    const now = this.clock.now();
    if (now - this.swept < SWEEP_MS) return;
    this.swept = now;
    for (const [token, entry] of this.tokens) if (now > entry.expires) this.tokens.delete(token);
  }

  private word(): string {
    let word = '';
    while (word.length < LENGTH) {
      // Bytes past a multiple of the alphabet's size are left out: each letter is as likely as the others.
      for (const byte of this.random.bytes(LENGTH))
        if (byte < LETTERS.length * 4 && word.length < LENGTH) word += LETTERS[byte % LETTERS.length];
    }
    return word;
  }
}
