/** Errors of the pipeline service. The reasons are gRPC codes, because KFP's clients see those. */
import { SlipwayError } from '../../../src/core/base/errors.ts';

/** Reason → [gRPC code, HTTP status], as the gRPC gateway maps them. */
export const KFP_CODES = {
  invalidArgument: [3, 400],
  notFound: [5, 404],
  alreadyExists: [6, 409],
  permissionDenied: [7, 403],
  failedPrecondition: [9, 400],
  aborted: [10, 409],
  unimplemented: [12, 501],
  internal: [13, 500],
  unavailable: [14, 503],
  unauthenticated: [16, 401],
} as const satisfies Record<string, readonly [code: number, status: number]>;

export type KfpReason = keyof typeof KFP_CODES;

export class KfpError extends SlipwayError<KfpReason> {}

/** Shorthand for the commonest refusal. */
export function invalid(message: string): KfpError {
  return new KfpError('invalidArgument', message);
}

/** KFP's sentence for a missing resource: `Run 1234 not found`. */
export function notFound(type: string, id: string): KfpError {
  return new KfpError('notFound', `${type} ${id} not found`);
}
