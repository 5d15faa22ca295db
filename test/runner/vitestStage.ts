/** A vitest project: what `vitest list` finds is compared, test by test, with what the run reports. */
import { readFile, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { z } from 'zod';
import { repositoryRoot } from '../../dev-cluster/start/root.ts';
import { outputFolder } from './output.ts';
import { runNode } from './program.ts';
import type { Stage, StageContext, StageResult } from './stage.ts';

const vitest = join(repositoryRoot, 'node_modules', 'vitest', 'vitest.mjs');

const nightlyTag = '[nightly]';
const withoutNightly = String.raw`^(?!.*\[nightly\])`;

const listSchema = z.array(z.object({ name: z.string(), file: z.string() }));
const reportSchema = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      message: z.string().optional(),
      status: z.string(),
      assertionResults: z.array(
        z.object({
          ancestorTitles: z.array(z.string()),
          title: z.string(),
          status: z.string(),
          failureMessages: z.array(z.string()).nullish(),
        }),
      ),
    }),
  ),
});

export function vitestStage(project: string): Stage {
  return { name: project, run: (context) => run(project, context) };
}

async function run(project: string, context: StageContext): Promise<StageResult> {
  const listPath = join(outputFolder, `${project}.list.json`);
  const reportPath = join(outputFolder, `${project}.report.json`);
  await Promise.all([listPath, reportPath].map((path) => rm(path, { force: true })));

  // Collected, not parsed: a table of cases counts as its cases.
  const list = ['list', '--no-static-parse', '--project', project, `--json=${listPath}`];
  // vitest sets a project up for its list, too: that needs no cluster of its own.
  const listCode = await runNode([vitest, ...list], context, { SLIPWAY_TEST_CLUSTER: 'listed only' });
  if (listCode !== 0)
    return { found: 1, passed: 0, failures: [`vitest could not list the ${project} tests: see its log.`] };
  const found = listSchema
    .parse(JSON.parse(await readFile(listPath, 'utf8')))
    .filter(({ name }) => context.nightly || !name.includes(nightlyTag))
    .map(({ file, name }) => key(file, name));

  const runCode = await runNode(
    [
      ...[vitest, 'run', '--project', project, '--reporter=default'],
      ...['--reporter=json', `--outputFile.json=${reportPath}`],
      ...(context.nightly ? [] : ['--testNamePattern', withoutNightly]),
    ],
    context,
  );
  const report = await readFile(reportPath, 'utf8').catch(() => undefined);
  if (report === undefined)
    return { found: found.length, passed: 0, failures: [`The ${project} run ended without a report.`] };
  const result = compareWithReport(found, report, context.nightly);
  // Every test may pass and yet an error have come from outside of them, e.g. a rejection nobody handled.
  if (runCode !== 0 && result.failures.length === 0)
    return { ...result, failures: [`The ${project} run ended with ${runCode}: its log says why.`] };
  return result;
}

/**
 * `found`: `file: name` of each test; `reportText`: what vitest's JSON reporter wrote. On Linux, where everything must
 * run, a skipped test is a failure; elsewhere it may be skipped for its platform.
 */
export function compareWithReport(
  found: readonly string[],
  reportText: string,
  nightly: boolean,
  platform: NodeJS.Platform = process.platform,
): StageResult {
  const report = reportSchema.parse(JSON.parse(reportText));
  const executed = new Map<string, number>();
  const failures: string[] = [];
  const skipped = new Set<string>();
  let passed = 0;
  for (const file of report.testResults) {
    for (const test of file.assertionResults) {
      const name = key(file.name, [...test.ancestorTitles, test.title].join(' > '));
      if (test.status !== 'passed' && test.status !== 'failed') {
        // `vitest list` leaves skipped tests out, so they are not among the found.
        const isLeftForTheNight = !nightly && name.includes(nightlyTag);
        if (!isLeftForTheNight && platform === 'linux') skipped.add(name);
        continue;
      }
      executed.set(name, (executed.get(name) ?? 0) + 1);
      if (test.status === 'passed') passed++;
      else failures.push(`${name}\n${(test.failureMessages ?? []).join('\n')}`);
    }
    // A file that fails outside its tests, e.g. at import or in a hook.
    if (file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'))
      failures.push(`${relative(repositoryRoot, file.name)}\n${file.message ?? ''}`);
  }
  for (const name of found) {
    const left = executed.get(name) ?? 0;
    if (left === 0) failures.push(`${name}\nwas found but did not run.`);
    else executed.set(name, left - 1);
  }
  const unfound = [...skipped].filter((name) => !found.includes(name));
  failures.push(...unfound.map((name) => `${name}\nwas skipped.`));
  return { found: found.length + unfound.length, passed, failures };
}

function key(file: string, name: string): string {
  return `${relative(repositoryRoot, file)}: ${name}`;
}
