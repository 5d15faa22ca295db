/** Calls to a server that may be about to come back. */
import { HttpError } from '../../../../src/clients/http.ts';
import { delay } from '../../../../src/core/base/abort.ts';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;
const LIMIT_MS = 5 * 60_000;
const UNAVAILABLE = 503;

/**
 * Makes the call again for as long as nobody answers, five minutes at most: a server that restarts must not end a run. Only
 * for calls that may be made twice.
 */
export async function untilReachable<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const until = performance.now() + LIMIT_MS;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      return await call();
    } catch (error) {
      if (!isAway(error) || performance.now() > until) throw error;
    }
    await delay(pauseMs, signal);
  }
}

function isAway(error: unknown): boolean {
  if (!(error instanceof HttpError)) return false;
  return error.reason === 'unreachable' || error.reason === 'timeout' || error.status === UNAVAILABLE;
}
