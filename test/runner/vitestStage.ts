/** A vitest project: every file that vitest finds must be in its report, and every test there must have passed. */
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

const listSchema = z.array(z.object({ file: z.string() }));
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

  const listCode = await runNode(
    [vitest, 'list', '--filesOnly', '--project', project, `--json=${listPath}`],
    context,
  );
  if (listCode !== 0)
    return { found: 1, passed: 0, failures: [`vitest could not list the ${project} tests: see its log.`] };
  const files = listSchema.parse(JSON.parse(await readFile(listPath, 'utf8'))).map(({ file }) => file);

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
    return { found: 1, passed: 0, failures: [`The ${project} run ended without a report.`] };
  const result = compareWithReport(files, report, context.nightly);
  // Every test may pass and yet an error have come from outside of them, e.g. a rejection nobody handled.
  if (runCode !== 0 && result.failures.length === 0)
    return { ...result, failures: [`The ${project} run ended with ${runCode}: its log says why.`] };
  return result;
}

/**
 * `files`: all that vitest found, each of which must have run; `reportText`: what its JSON reporter wrote, where a test
 * that did not run is a skipped one. On Linux, where everything must run, that is a failure; elsewhere it may be
 * skipped for its platform.
 */
export function compareWithReport(
  files: readonly string[],
  reportText: string,
  nightly: boolean,
  platform: NodeJS.Platform = process.platform,
): StageResult {
  const { testResults } = reportSchema.parse(JSON.parse(reportText));
  const failures: string[] = [];
  let passed = 0;
  for (const file of testResults) {
    const path = relative(repositoryRoot, file.name);
    for (const test of file.assertionResults) {
      const name = `${path}: ${[...test.ancestorTitles, test.title].join(' > ')}`;
      if (test.status === 'passed') passed++;
      else if (test.status === 'failed') failures.push(`${name}\n${(test.failureMessages ?? []).join('\n')}`);
      else if (platform === 'linux' && (nightly || !name.includes(nightlyTag)))
        failures.push(`${name}\nwas skipped.`);
    }
    // A file that fails outside its tests, e.g. at import or in a hook.
    if (file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'))
      failures.push(`${path}\n${file.message ?? ''}`);
  }
  const ran = new Set(testResults.map(({ name }) => relative(repositoryRoot, name)));
  const left = files.map((file) => relative(repositoryRoot, file)).filter((path) => !ran.has(path));
  failures.push(...left.map((path) => `${path}\nwas found but did not run.`));
  return { found: passed + failures.length, passed, failures };
}
