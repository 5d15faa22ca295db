import type { Refused } from './spec.ts';

/** Leaves an edit half-way, wherever it is; `refusable` makes it the edit's answer. */
class Refusal extends Error {}

/** Only inside `refusable`. `reason`: one sentence for people. */
export function refuse(reason: string): never {
  throw new Refusal(reason);
}

/** The edit's answer, or what it refused; other errors pass. */
export function refusable<T>(edit: () => T): T | Refused {
  try {
    return edit();
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'refused', reason: error.message };
    throw error;
  }
}
