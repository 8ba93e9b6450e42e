/** A container could not be started. `reason` and the message are what its waiting state shows. */
export class StartError extends Error {
  /** Milliseconds until another try makes sense; 0: as any failed sync. */
  readonly retryAfter: number;
  constructor(
    readonly reason: string,
    message: string,
    retryAfter = 0,
  ) {
    super(message);
    this.name = 'StartError';
    this.retryAfter = retryAfter;
  }
}
