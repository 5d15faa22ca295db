/** A stage of `npm test`: it says how many tests it found, and what became of each. */
export interface StageResult {
  readonly found: number;
  readonly passed: number;
  /** One entry per failed test or fault of the stage itself, told for a person. */
  readonly failures: readonly string[];
}

export interface StageContext {
  /** Where the stage's programs print; kept as test/.out/<stage>.log. */
  readonly log: (text: string) => void;
  readonly nightly: boolean;
  readonly signal: AbortSignal;
}

export interface Stage {
  readonly name: string;
  run(context: StageContext): Promise<StageResult>;
}

/** Failures counted as tests: a stage that dies, or that runs less than it found, is never green. */
export function failedCount(result: StageResult): number {
  const unaccounted = result.found - result.passed;
  return Math.max(result.failures.length, unaccounted);
}
