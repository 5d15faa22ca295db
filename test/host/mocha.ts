/** Runs inside the extension host: loads the tests, runs them, and writes what happened for the launcher to judge. */
import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';
import type { HostReport } from './report.ts';

/** Rejects when a test failed, so that the host's own exit code says so too. */
export async function runSuite(load: () => Promise<void>): Promise<void> {
  const path = process.env['SLIPWAY_HOST_REPORT'];
  if (path === undefined) throw new Error('SLIPWAY_HOST_REPORT is not set: start the suite by its launcher.');
  const write = (report: HostReport): void => writeFileSync(path, JSON.stringify(report));
  const mocha = new Mocha({
    ui: 'bdd',
    timeout: 60_000,
    forbidOnly: true,
    forbidPending: true,
    reporter: 'spec',
    color: false,
  });
  mocha.suite.emit('pre-require', globalThis, '', mocha);
  await load();
  const found = mocha.suite.total();
  // Written before the first test: a host that dies half-way leaves a report that does not add up.
  const report: HostReport = { found, passed: 0, failures: [], finished: false };
  write(report);
  const passed: string[] = [];
  const failures: { title: string; message: string }[] = [];
  await new Promise<void>((resolve) => {
    mocha
      .run(() => resolve())
      .on('pass', (test) => passed.push(test.fullTitle()))
      .on('fail', (test, error: Error) =>
        failures.push({ title: test.fullTitle(), message: error.stack ?? error.message }),
      );
  });
  write({ found, passed: passed.length, failures, finished: true });
  if (failures.length > 0) throw new Error(`${failures.length} tests failed.`);
}
