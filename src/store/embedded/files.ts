/**
 * What the log needs of a file system, small enough to be replaced: `file-log.ts` is the machine's own,
 * `memory-files.ts` one in memory that can lose what was not synced.
 * Errors are thrown as the platform words them (they carry `code`: ENOSPC, EIO, …).
 */
export interface LogFile {
  readonly name: string;
  readonly size: number;
  /** Writes all of `bytes` at offset `at`. May leave a part written when it throws. */
  write(bytes: Uint8Array, at: number): void;
  /** When this returns (or the promise it returns resolves) all that was written survives a power loss. Chooses by itself whether to block. */
  sync(): void | Promise<void>;
  /** Like `sync`, and always blocks. */
  syncNow(): void;
  /** Like `sync`, and never blocks. */
  syncLater(): Promise<void>;
  /** Up to `length` bytes; fewer only at the end of the file. */
  read(at: number, length: number): Uint8Array;
  /** Cuts the file to `size` bytes, durably. */
  truncate(size: number): void;
  close(): void;
}

export interface LogDirectory {
  /** As messages should name it. */
  readonly path: string;
  list(): readonly string[];
  open(name: string): LogFile;
  /**
   * Makes an empty file that must not exist. Durable after the first `sync` of the file and `syncNames`.
   * `appends`: many small synced writes will follow; the file may then be longer than what was written, with zeros at its end.
   */
  create(name: string, appends: boolean): LogFile;
  rename(from: string, to: string): void;
  remove(name: string): void;
  /** Makes creations, renames and removals durable. */
  syncNames(): void;
  /** Like `syncNames`, and never blocks. */
  syncNamesLater(): Promise<void>;
  checksum(bytes: Uint8Array, seed: number): number;
  /** Gives up the directory's lock. */
  close(): void;
}
