/**
 * Preloaded into every Node process of a cluster (`--import`): its clock is wrong by as many milliseconds as the file
 * says that SLIPWAY_TEST_CLOCK names. Programs in Go, Python and C keep the machine's clock.
 */
import { readFileSync } from 'node:fs';

const FOLLOW_MS = 100;
const path = process.env['SLIPWAY_TEST_CLOCK'] ?? '';
const RealDate = Date;
let offset = 0;

function follow(): void {
  try {
    offset = Number(readFileSync(path, 'utf8'));
  } catch {
    // No jump yet.
  }
}

follow();
setInterval(follow, FOLLOW_MS).unref();
const now = (): number => RealDate.now() + offset;

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args: unknown[], newTarget) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as Date,
  apply: () => new RealDate(now()).toString(),
  get: (target, key, receiver) => (key === 'now' ? now : (Reflect.get(target, key, receiver) as unknown)),
});
