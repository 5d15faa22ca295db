/**
 * An error meant for a person: `message` is one sentence, `action` says what to do next.
 * Match on `reason`, never on the text.
 */
export class SlipwayError<Reason extends string = string> extends Error {
  override readonly name = 'SlipwayError';
  readonly reason: Reason;
  readonly action: string | undefined;

  constructor(reason: Reason, message: string, options: { action?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.reason = reason;
    this.action = options.action;
  }
}

/** Narrows without `any` (`instanceof` on a generic class gives `SlipwayError<any>`). */
export function isSlipwayError(error: unknown): error is SlipwayError {
  return error instanceof SlipwayError;
}

/** True for the error that an aborted AbortSignal throws: never shown to the user. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'CanceledError');
}

export function asError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value));
}
