/** A log directory in memory, for tests and for engines without files. It knows what was synced: `losePower` forgets the rest. */
import { crc32 } from '../../util/crc.js';
import type { LogDirectory, LogFile } from './files.js';

const SECTOR = 512;

interface Content {
  bytes: Uint8Array;
  length: number;
  synced: Uint8Array;
}

export class MemoryLogDirectory implements LogDirectory {
  private names = new Map<string, Content>();
  private syncedNames = new Map<string, Content>();
  private locked = false;

  constructor(readonly path = 'memory:') {}

  /**
   * What a machine finds after the power failed: what was synced and, with `random`, any of the sectors that were not. Names that were
   * not synced are gone.
   */
  losePower(random?: () => number): void {
    for (const content of this.syncedNames.values()) {
      const kept = random ? torn(content, random) : content.synced.slice();
      content.bytes = kept;
      content.length = kept.length;
      content.synced = kept.slice();
    }
    this.names = new Map(this.syncedNames);
    this.locked = false;
  }

  lock(): this {
    if (this.locked) throw new Error(`the data directory ${this.path} is in use`);
    this.locked = true;
    return this;
  }

  list(): readonly string[] {
    return [...this.names.keys()];
  }

  /** The bytes of a file, for tests that damage them. */
  content(name: string): Uint8Array {
    const c = this.names.get(name)!;
    return c.bytes.subarray(0, c.length);
  }

  open(name: string): LogFile {
    const content = this.names.get(name);
    if (!content) throw new Error(`no such file: ${this.path}/${name}`);
    return new MemoryLogFile(name, content);
  }

  create(name: string): LogFile {
    if (this.names.has(name)) throw new Error(`file exists: ${this.path}/${name}`);
    this.names.set(name, { bytes: new Uint8Array(1024), length: 0, synced: new Uint8Array(0) });
    return this.open(name);
  }

  rename(from: string, to: string): void {
    this.names.set(to, this.names.get(from)!);
    this.names.delete(from);
  }

  remove(name: string): void {
    this.names.delete(name);
  }

  async syncNamesLater(): Promise<void> {
    this.syncNames();
  }

  syncNames(): void {
    this.syncedNames = new Map(this.names);
  }

  checksum(bytes: Uint8Array, seed: number): number {
    return crc32(bytes, seed);
  }

  close(): void {
    this.locked = false;
  }
}

/** Each unsynced sector is there or is not. */
function torn(content: Content, random: () => number): Uint8Array {
  const { bytes, length, synced } = content;
  const out = new Uint8Array(length);
  out.set(synced.subarray(0, length));
  let end = Math.min(synced.length, length);
  for (let at = 0; at < length; at += SECTOR) {
    const to = Math.min(at + SECTOR, length);
    if (random() < 0.5) continue;
    out.set(bytes.subarray(at, to), at);
    end = Math.max(end, to);
  }
  return out.subarray(0, end);
}

class MemoryLogFile implements LogFile {
  constructor(
    readonly name: string,
    private readonly content: Content,
  ) {}

  get size(): number {
    return this.content.length;
  }

  write(bytes: Uint8Array, at: number): void {
    const c = this.content;
    const end = at + bytes.length;
    if (end > c.bytes.length) {
      const grown = new Uint8Array(Math.max(end, c.bytes.length * 2));
      grown.set(c.bytes.subarray(0, c.length));
      c.bytes = grown;
    }
    c.bytes.set(bytes, at);
    c.length = Math.max(c.length, end);
  }

  sync(): void {
    this.content.synced = this.content.bytes.slice(0, this.content.length);
  }

  syncNow(): void {
    this.sync();
  }

  async syncLater(): Promise<void> {
    this.sync();
  }

  read(at: number, length: number): Uint8Array {
    return this.content.bytes.slice(at, Math.min(at + length, this.content.length));
  }

  truncate(size: number): void {
    this.content.length = Math.min(size, this.content.length);
    this.content.bytes.fill(0, this.content.length);
    this.sync();
  }

  close(): void {}
}
